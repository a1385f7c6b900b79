import { beforeAll, describe, expect, it } from "vitest";
import { type EpochIdentity, newEpochIdentity } from "../../src/age/epoch-identity.ts";
import { sealFile } from "../../src/age/file.ts";
import { headerBytes } from "../../src/age/header.ts";
import { concatBytes, toUtf8 } from "../../src/encoding/bytes.ts";
import { nameDigest } from "../../src/encoding/digest.ts";
import {
  type Audience,
  audienceTag,
  decodeGrant,
  encodeGrant,
  type GrantContent,
  type OpenedGrant,
  openGrant,
  parseGrantKey,
  sealGrant,
} from "../../src/group/grant.ts";
import { extendLog } from "../../src/group/log.ts";
import { endingEntry, NOTICE_BYTES_MAX, openNotice, parseNoticeKey, sealNotice } from "../../src/group/notice.ts";
import { verifyEntries } from "../../src/group/verified-entry.ts";
import { verifyGrant } from "../../src/group/verified-grant.ts";
import { STORED_BYTES_MAX } from "../../src/ports/store.ts";
import type { Suite } from "../../src/records/entry.ts";
import type { SignedLine } from "../../src/records/signed-line.ts";
import { acts, crypto, found, type Person, people, sign, Tree } from "./people.ts";

type Names = "alice" | "bob" | "carol" | "eve";
let who: { readonly [Name in Names]: Person };

interface Group {
  readonly tree: Tree;
  readonly head: string;
  readonly suite: Suite;
  /** Newest first. */
  readonly epochs: readonly EpochIdentity[];
}

const groups = {} as Record<Suite, Group>;

/** alice owns, bob edits; carol was in and is out, so there are two epochs. */
async function makeGroup(suite: Suite): Promise<Group> {
  const [first, second] = [await newEpochIdentity(suite), await newEpochIdentity(suite)];
  const tree = new Tree(await found(who.alice, { suite, recipient: first.recipient }));
  const both = await tree.addAll(tree.root, who.alice, [
    [who.bob, "editor"],
    [who.carol, "editor"],
  ]);
  const head = await tree.grow(both, who.alice, acts.remove(who.carol, { recipient: second.recipient }));
  return { tree, head, suite, epochs: [second, first] };
}

beforeAll(async () => {
  who = await people("alice", "bob", "carol", "eve");
  groups.hybrid = await makeGroup("hybrid");
  groups.classic = await makeGroup("classic");
});

const pairs = (epochs: readonly EpochIdentity[]): GrantContent["identities"] =>
  epochs.map((each) => [each.epoch, each.identity]);
const lines = (tree: Tree): SignedLine[] => tree.entries.map((entry) => entry.signed);

async function sealed(group: Group, audience: Audience = "all", identities = pairs(group.epochs)) {
  return sealGrant(crypto, { state: group.tree.state(group.head), audience, identities, lines: lines(group.tree) });
}

async function open(
  person: Person,
  file: { key: string; bytes: Uint8Array<ArrayBuffer> },
): Promise<OpenedGrant | undefined> {
  const name = parseGrantKey(file.key);
  if (!name) throw new Error(`${file.key} is no grant`);
  return openGrant(crypto, { name, bytes: file.bytes, identities: person.device });
}

/** Flips a bit of the last byte. */
function spoil(bytes: Uint8Array): void {
  bytes.set([(bytes.at(-1) ?? 0) ^ 1], bytes.length - 1);
}

/** What anybody who knows the recipients could put there. */
async function forged(group: Group, content: Partial<GrantContent>): Promise<OpenedGrant> {
  const plaintext = encodeGrant({
    group: group.tree.root,
    identities: pairs(group.epochs),
    lines: lines(group.tree),
    ...content,
  });
  const recipient = group.suite === "hybrid" ? who.bob.card.card.device.hybrid : who.bob.card.card.device.classic;
  const { sealed: bytes } = await sealFile(crypto, { recipients: [recipient], suite: group.suite, plaintext });
  const opened = await open(who.bob, { key: `epochs/${group.epochs[0]?.epoch}-all-${nameDigest(bytes)}.age`, bytes });
  if (!opened) throw new Error("does not open");
  return opened;
}

describe.each(["hybrid", "classic"] as const)("a grant of a %s group", (suite) => {
  it("opens for every member and gives the identities that the log names", async () => {
    const group = groups[suite];
    const file = await sealed(group);
    for (const member of [who.alice, who.bob]) {
      const grant = await open(member, file);
      if (!grant) throw new Error("does not open");
      const verified = await verifyGrant(crypto, { grant, group: group.tree.root, newest: group.head });
      expect(verified.identities).toEqual(group.epochs);
      expect(verified.problems).toEqual([]);
      expect(verified.log.nodes.get(group.head)?.state).toEqual(group.tree.state(group.head));
    }
  });

  it("does not open for a removed member or a stranger", async () => {
    const file = await sealed(groups[suite]);
    expect(await open(who.carol, file)).toBeUndefined();
    expect(await open(who.eve, file)).toBeUndefined();
  });

  it("opens for the kits too", async () => {
    const file = await sealed(groups[suite]);
    expect(await open({ ...who.bob, device: who.bob.kit }, file)).toBeDefined();
  });

  it("to one device opens for it and its owner's kit alone", async () => {
    const file = await sealed(groups[suite], { device: who.bob.key });
    expect(await open(who.bob, file)).toBeDefined();
    expect(await open({ ...who.bob, device: who.bob.kit }, file)).toBeDefined();
    expect(await open(who.alice, file)).toBeUndefined();
  });

  it("has a power of two of stanzas", async () => {
    const group = groups[suite];
    const third = await group.tree.grow(group.head, who.alice, acts.add(who.eve));
    const file = await sealGrant(crypto, {
      state: group.tree.state(third),
      audience: "all",
      identities: pairs(group.epochs),
      lines: lines(group.tree).slice(0, 4),
    });
    const header = new TextDecoder("latin1").decode(file.bytes).indexOf("\n--- ");
    expect(header).toBe(headerBytes(suite, 8) - 49);
  });
});

describe("sealing a grant", () => {
  it("refuses to begin with any but the current epoch's identity", async () => {
    const { epochs, ...group } = groups.classic;
    const [second, first] = epochs as [EpochIdentity, EpochIdentity];
    const mixed = [
      { ...second, identity: first.identity },
      { ...second, epoch: first.epoch },
    ];
    for (const wrong of [[first], ...mixed.map((each) => [each]), []]) {
      await expect(sealed({ epochs, ...group }, "all", pairs(wrong))).rejects.toMatchObject({ code: "stale-epoch" });
    }
  });

  it("refuses a log that has outgrown what one object can hold", async () => {
    const line = new Uint8Array(35 * 1024 * 1024).fill(0x20);
    const [{ signature, digest }] = lines(groups.classic.tree) as [SignedLine];
    const { tree, head, epochs } = groups.classic;
    const options = { audience: "all", identities: pairs(epochs), lines: [{ line, signature, digest }] } as const;
    // Not the bytes themselves: who fails would print them.
    const sealing = sealGrant(crypto, { state: tree.state(head), ...options }).then(({ bytes }) => bytes.length);
    await expect(sealing).rejects.toMatchObject({ code: "limit" });
  });

  it("refuses a device that is not listed", async () => {
    await expect(sealed(groups.classic, { device: who.carol.key })).rejects.toMatchObject({ code: "not-found" });
  });

  it("names an audience so that it cannot be linked across epochs", () => {
    const [second, first] = groups.classic.epochs as [EpochIdentity, EpochIdentity];
    const tags = [first.epoch, second.epoch].map((epoch) => audienceTag(epoch, { device: who.bob.key }));
    expect(new Set(tags).size).toBe(2);
    expect(tags[0]).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("opening a grant", () => {
  it("refuses bytes that do not fit the name", async () => {
    const file = await sealed(groups.classic);
    spoil(file.bytes);
    await expect(open(who.bob, file)).rejects.toMatchObject({ code: "corrupt" });
  });

  it("refuses more than any object may have", async () => {
    const bytes = new Uint8Array(STORED_BYTES_MAX + 1);
    const key = `epochs/${groups.classic.epochs[0]?.epoch}-all-${"0".repeat(32)}.age`;
    await expect(open(who.bob, { key, bytes })).rejects.toMatchObject({ code: "limit" });
    expect(() => decodeGrant(bytes)).toThrowError(expect.objectContaining({ code: "limit" }));
  });

  it("refuses a log whose first line is not the group's first entry", async () => {
    const group = groups.classic;
    const grant = await forged(group, { lines: lines(group.tree).toReversed() });
    await expect(verifyGrant(crypto, { grant, group: group.tree.root })).rejects.toMatchObject({ code: "corrupt" });
  });

  it("refuses a log whose first entry is wrongly signed", async () => {
    const group = groups.classic;
    const [first, second, ...rest] = lines(group.tree) as [SignedLine, SignedLine];
    const grant = await forged(group, { lines: [{ ...first, signature: second.signature }, second, ...rest] });
    await expect(verifyGrant(crypto, { grant, group: group.tree.root })).rejects.toMatchObject({ code: "corrupt" });
  });

  it("refuses a grant that another group's key opened the way into", async () => {
    const grant = await forged(groups.classic, { group: groups.hybrid.tree.root });
    await expect(verifyGrant(crypto, { grant, group: groups.classic.tree.root })).rejects.toMatchObject({
      code: "corrupt",
    });
  });

  it("refuses a look-alike group", async () => {
    const fake = await makeGroup("classic");
    const grant = await forged(fake, {});
    await expect(verifyGrant(crypto, { grant, group: groups.classic.tree.root })).rejects.toMatchObject({
      code: "corrupt",
    });
    const claimed = await forged(fake, { group: groups.classic.tree.root });
    await expect(verifyGrant(crypto, { grant: claimed, group: groups.classic.tree.root })).rejects.toMatchObject({
      code: "corrupt",
    });
  });

  it("refuses a log that was cut before the entry that the address names", async () => {
    const group = groups.classic;
    const grant = await forged(group, {
      lines: lines(group.tree).slice(0, 3),
      identities: pairs(group.epochs.slice(1)),
    });
    const old = { ...grant, name: { ...grant.name, epoch: group.epochs[1]?.epoch ?? "" } };
    await expect(verifyGrant(crypto, { grant: old, group: group.tree.root, newest: group.head })).rejects.toMatchObject(
      {
        code: "rollback",
      },
    );
  });

  it("refuses a log that the removed admin went on with, and an epoch of its own", async () => {
    const group = groups.classic;
    const own = await newEpochIdentity("classic");
    const before = group.tree.entries[2];
    if (!before) throw new Error("no such entry");
    const evil = await sign(group.tree.state(before.digest), {
      by: who.carol,
      act: await acts.rotate({ recipient: own.recipient }),
    });
    const grant = await forged(group, {
      lines: [...lines(group.tree).slice(0, 3), evil.signed],
      identities: pairs([own]),
    });
    const theirs = { ...grant, name: { ...grant.name, epoch: own.epoch } };
    await expect(verifyGrant(crypto, { grant: theirs, group: group.tree.root })).rejects.toMatchObject({
      code: "corrupt",
    });
  });

  it("refuses an epoch that no entry names", async () => {
    const group = groups.classic;
    const own = await newEpochIdentity("classic");
    const grant = await forged(group, {});
    const theirs = { ...grant, name: { ...grant.name, epoch: own.epoch } };
    await expect(verifyGrant(crypto, { grant: theirs, group: group.tree.root })).rejects.toMatchObject({
      code: "corrupt",
    });
  });

  it("drops and reports identities that do not fit, and keeps the others", async () => {
    const group = groups.classic;
    const [second, first] = group.epochs as [EpochIdentity, EpochIdentity];
    const strange = await newEpochIdentity("classic");
    const hybrid = await newEpochIdentity("hybrid");
    const grant = await forged(group, {
      identities: [
        [second.epoch, first.identity],
        [strange.epoch, strange.identity],
        [first.epoch, hybrid.identity],
        [first.epoch, first.identity],
      ],
    });
    const verified = await verifyGrant(crypto, { grant, group: group.tree.root });
    expect(verified.identities).toEqual([first]);
    expect(verified.problems.map((problem) => problem.code)).toEqual(["corrupt", "corrupt", "unsupported"]);
  });

  it("refuses a grant sealed to the other suite's key", async () => {
    const group = groups.hybrid;
    const plaintext = encodeGrant({
      group: group.tree.root,
      identities: pairs(group.epochs),
      lines: lines(group.tree),
    });
    const recipients = [who.bob.card.card.device.classic];
    const { sealed: bytes } = await sealFile(crypto, { recipients, suite: "classic", plaintext });
    const grant = await open(who.bob, { key: `epochs/${group.epochs[0]?.epoch}-all-${nameDigest(bytes)}.age`, bytes });
    if (!grant) throw new Error("does not open");
    await expect(verifyGrant(crypto, { grant, group: group.tree.root })).rejects.toMatchObject({ code: "unsupported" });
  });

  it("reports a wrongly signed entry and what builds on it does not count", async () => {
    const group = groups.classic;
    const all = lines(group.tree).slice(0, 4);
    const forgedLine = { ...all[1], signature: all[2]?.signature } as SignedLine;
    const grant = await forged(group, { lines: [all[0], forgedLine, all[2], all[3]] as SignedLine[] });
    await expect(verifyGrant(crypto, { grant, group: group.tree.root, newest: group.head })).rejects.toMatchObject({
      code: "rollback",
    });
  });
});

describe("a grant's plaintext", () => {
  const content = (): GrantContent => ({
    group: groups.classic.tree.root,
    identities: pairs(groups.classic.epochs),
    lines: lines(groups.classic.tree),
  });

  it("comes back as it was, padded", () => {
    const bytes = encodeGrant(content());
    expect(decodeGrant(bytes)).toEqual(content());
    expect(encodeGrant(decodeGrant(bytes))).toEqual(bytes);
    expect(encodeGrant({ group: content().group, identities: [], lines: [] })).toHaveLength(1024);
  });

  it.each([
    ["nothing", () => new Uint8Array(0), "malformed"],
    ["no line feed", () => toUtf8("{}"), "malformed"],
    ["another type", () => swap('"conclave/v1/grant"', '"conclave/v2/grant"'), "unsupported"],
    ["a key more", () => swap('{"type"', '{"more":1,"type"'), "malformed"],
    ["a space more", () => swap('"identities":', '"identities": '), "malformed"],
    ["a key twice", () => swap('"group"', '"type":"conclave/v1/grant","group"'), "malformed"],
    ["an identity of another form", () => swap("AGE-SECRET-KEY-1", "AGE-PLUGIN-X-1"), "malformed"],
    ["a byte order mark", () => concatBytes(new Uint8Array([0xef, 0xbb, 0xbf]), encodeGrant(content())), "malformed"],
    ["something after the padding", () => concatBytes(encodeGrant(content()), toUtf8("x")), "malformed"],
    ["a cut record", () => encodeGrant(content()).slice(0, 2000), "malformed"],
    ["too many identities", () => tooMany(), "malformed"],
  ] as const)("refuses %s", (_what, make, code) => {
    expect(() => decodeGrant(make() as Uint8Array<ArrayBuffer>)).toThrowError(expect.objectContaining({ code }));
  });

  function swap(from: string, to: string): Uint8Array<ArrayBuffer> {
    return toUtf8(new TextDecoder().decode(encodeGrant(content())).replace(from, to));
  }

  function tooMany(): Uint8Array<ArrayBuffer> {
    const one = pairs(groups.classic.epochs)[0];
    if (!one) throw new Error("no epoch");
    return encodeGrant({ ...content(), identities: Array.from({ length: 4097 }, () => one) });
  }

  it.each([
    "epochs/x.age",
    `epochs/${"0".repeat(64)}-al-${"0".repeat(32)}.age`,
    `${"0".repeat(64)}-all-${"0".repeat(32)}.age`,
    `epochs/${"A".repeat(64)}-all-${"0".repeat(32)}.age`,
  ])("is nothing under the key %s", (key) => {
    expect(parseGrantKey(key)).toBeUndefined();
  });
});

describe("a notice", () => {
  const old = () => {
    const first = groups.classic.epochs[1];
    if (!first) throw new Error("no epoch");
    return { ...first, suite: "classic" as const };
  };

  async function notice(entries: readonly SignedLine[], epoch = old()) {
    const { key, bytes } = await sealNotice(crypto, { epoch, entries });
    const name = parseNoticeKey(key);
    if (!name) throw new Error(`${key} is no notice`);
    return { name, bytes };
  }

  it("brings the entry that ended the epoch, its ancestors before it", async () => {
    const { tree, head } = groups.classic;
    const sent = lines(tree).slice(2, 4);
    const opened = await openNotice(crypto, { ...(await notice(sent)), epoch: old() });
    expect(opened).toEqual(sent);
    const { entries } = await verifyEntries(crypto, opened);
    const log = extendLog(tree.log, entries);
    expect(endingEntry(log, { epoch: old().epoch, entry: opened.at(-1)?.digest ?? "" })?.digest).toBe(head);
  });

  it("stops nobody if its entry was signed without the right, ends another epoch, or ends none", async () => {
    const { tree, head, epochs } = groups.classic;
    const evil = await sign(tree.state(tree.entries[2]?.digest ?? ""), { by: who.bob, act: await acts.rotate() });
    const log = extendLog(tree.log, [evil]);
    expect(endingEntry(log, { epoch: old().epoch, entry: evil.digest })).toBeUndefined();
    for (const epoch of [epochs[0]?.epoch ?? "", "ab".repeat(32)])
      expect(endingEntry(log, { epoch, entry: head })).toBeUndefined();
    expect(endingEntry(log, { epoch: old().epoch, entry: tree.entries[1]?.digest ?? "" })).toBeUndefined();
    expect(endingEntry(log, { epoch: old().epoch, entry: "00".repeat(32) })).toBeUndefined();
    expect(endingEntry(log, { epoch: old().epoch, entry: tree.root })).toBeUndefined();
  });

  it("refuses altered bytes, another epoch's folder, and an empty one", async () => {
    const sent = lines(groups.classic.tree).slice(3, 4);
    const altered = await notice(sent);
    spoil(altered.bytes);
    await expect(openNotice(crypto, { ...altered, epoch: old() })).rejects.toMatchObject({ code: "corrupt" });
    const moved = await notice(sent);
    const name = { ...moved.name, epoch: groups.classic.epochs[0]?.epoch ?? "" };
    await expect(openNotice(crypto, { name, bytes: moved.bytes, epoch: old() })).rejects.toMatchObject({
      code: "corrupt",
    });
    await expect(openNotice(crypto, { ...(await notice([])), epoch: old() })).rejects.toMatchObject({
      code: "corrupt",
    });
  });

  it("refuses too large a file, and whole bytes under a name that they do not fit", async () => {
    const { name, bytes } = await notice(lines(groups.classic.tree).slice(3, 4));
    const renamed = { ...name, digest: "00".repeat(16) };
    await expect(openNotice(crypto, { name: renamed, bytes, epoch: old() })).rejects.toThrow(/fit its name/);
    const large = new Uint8Array(NOTICE_BYTES_MAX + 1);
    await expect(openNotice(crypto, { name, bytes: large, epoch: old() })).rejects.toMatchObject({ code: "limit" });
  });

  it("does not open with another epoch's identity", async () => {
    const sent = lines(groups.classic.tree).slice(3, 4);
    const wrong = { ...old(), identity: groups.classic.epochs[0]?.identity ?? "" };
    await expect(openNotice(crypto, { ...(await notice(sent)), epoch: wrong })).rejects.toMatchObject({
      code: "corrupt",
    });
  });
});
