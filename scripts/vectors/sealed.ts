/** Vectors of records files, grants, notices and requests. SPEC.md §4, §7. */
import { sealFile } from "../../packages/core/src/age/file.ts";
import { concatBytes, toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { nameDigest } from "../../packages/core/src/encoding/digest.ts";
import { writeLine } from "../../packages/core/src/encoding/strict.ts";
import { audienceTag, encodeGrant, type GrantContent } from "../../packages/core/src/group/grant.ts";
import { requestId } from "../../packages/core/src/group/request.ts";
import { writerTag } from "../../packages/core/src/group/writer-tag.ts";
import type { Change } from "../../packages/core/src/records/change.ts";
import type { Entry, Suite } from "../../packages/core/src/records/entry.ts";
import type { Location } from "../../packages/core/src/records/location.ts";
import { type OpenEpoch, padLines } from "../../packages/core/src/records/records-file.ts";
import { encodeSignedLine, type SignedLine } from "../../packages/core/src/records/signed-line.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { blobOf } from "./blobs.ts";
import { replace } from "./spoilings.ts";
import {
  crypto,
  digestOf,
  entriesOf,
  foundBy,
  type Person,
  removeOf,
  signBytes,
  signValue,
  TIME,
  type World,
} from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

export function padded(lines: readonly SignedLine[]): Uint8Array<ArrayBuffer> {
  return padLines(concatBytes(...lines.map(encodeSignedLine)));
}

/** What may be done to a sealed file, or to how it is sealed. */
export interface Sealing {
  readonly suite: Suite;
  readonly recipients: readonly string[];
}

export async function seal(plaintext: Uint8Array, { suite, recipients }: Sealing): Promise<Uint8Array<ArrayBuffer>> {
  return (await sealFile(crypto, { recipients, suite, plaintext: new Uint8Array(plaintext) })).sealed;
}

/** One byte of a sealed file flipped, counted from its end if below zero. */
export function flip(sealed: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(sealed);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

/** What is wrong with the seal of a file, whatever is in it. The stanza's line, the MAC's and the payload. */
export function brokenSeals(sealed: Uint8Array): readonly (readonly [name: string, bytes: Uint8Array])[] {
  return [
    ["a bit flipped in its wrapped file key", flip(sealed, 100)],
    ["a bit flipped in the MAC of its header", flip(sealed, 150)],
    ["a bit flipped in its payload", flip(sealed, 400)],
    ["its last byte cut off", sealed.subarray(0, -1)],
    ["nothing behind its header", sealed.subarray(0, 184)],
    ["no bytes at all", new Uint8Array(0)],
  ];
}

/** A change of Alice's: number 4 is the first after the entries of the log. */
function changeOf(world: World, number: number, previous: string | null, own: Partial<Change> = {}): Change {
  const { alice, group, writer } = world;
  const place = { group, device: alice.key, writer, number, previous };
  return {
    ...{ type: "conclave/v1/change", ...place, head: world.log[2]?.digest ?? group, parents: [], operations: [] },
    ...{ time: TIME + number, ...own },
  };
}

function locationOf(world: World, own: Partial<Location> = {}): Location {
  const { alice, group, second } = world;
  const where = { blob: blobOf("a small file").blob, object: digestOf("object").slice(0, 32), length: 2776 };
  const place = { group, device: alice.key, head: group, epoch: second.epoch };
  return { type: "conclave/v1/location", ...place, ...where, time: TIME, ...own };
}

interface RecordsCase {
  readonly lines: readonly SignedLine[];
  /** How many of the lines are records. */
  readonly count: number;
  readonly first: number;
  readonly writer: string;
  readonly epoch: OpenEpoch;
  readonly sealing?: Partial<Sealing>;
  readonly plaintext?: Uint8Array;
  readonly tag?: string;
}

async function recordsCase(name: string, expect: Verdict, options: RecordsCase): Promise<Case> {
  const { lines, count, first, writer, epoch, sealing } = options;
  const sealed = await seal(options.plaintext ?? padded(lines), {
    recipients: [epoch.recipient],
    ...epoch,
    ...sealing,
  });
  const tag = options.tag ?? writerTag(epoch.identity, writer);
  const key = `${epoch.epoch}/records/${tag}-${first}-${count}-${nameDigest(sealed)}.age`;
  const digests = lines.map(({ digest }) => digest);
  const result = { records: digests.slice(0, count), locations: digests.slice(count) };
  return { name, expect, key, sealed: base64(sealed), ...(expect === "ok" && { result }) };
}

export function recordsFilePlan(world: World): Plan {
  const { group, second } = world;
  return {
    file: "records-file",
    format: "records-file",
    description: "Records files (SPEC.md §4): the name, the seal, and all that one file alone can show to be wrong.",
    given: { group, epoch: second },
    cases: () => recordsFileCases(world),
  };
}

async function recordsFileCases(world: World): Promise<Case[]> {
  const { alice, bob, writer, bobsWriter, first, second, stray, hybrid, group } = world;
  const by = (value: Change | Location, { device }: Person = alice) => signValue(value, device.signingKey);
  const before = world.log[2]?.digest ?? "";
  const one = await by(changeOf(world, 4, before));
  const two = await by(changeOf(world, 5, one.digest));
  const location = await by(locationOf(world));
  const good = { lines: [one, two, location], count: 2, first: 4, writer, epoch: second } as const;
  const only = (line: SignedLine, own: Partial<RecordsCase> = {}) => ({ ...good, lines: [line], count: 1, ...own });
  const made = await recordsCase("two changes and a location", "ok", good);
  const sealed = Buffer.from(String(made.sealed), "base64");
  const named = (name: string, expect: Verdict, key: string): Case => ({
    ...made,
    name,
    expect,
    key,
    result: undefined,
  });
  const key = String(made.key);
  const line = new TextDecoder().decode(one.line);
  const { signingKey } = alice.device;
  const raw = async (from: string, to: string) =>
    signBytes(toUtf8(replace(line, from, to)), { type: "conclave/v1/change", signingKey });
  const bobs = { device: bob.key, writer: bobsWriter };
  const make = recordsCase;
  return [
    made,
    await make("a location alone, with its writer's next number", "ok", {
      ...good,
      lines: [location],
      count: 0,
      first: 6,
    }),
    await make(
      "a writer's first record, by Bob",
      "ok",
      only(await by(changeOf(world, 1, null, bobs), bob), { first: 1, writer: bobsWriter }),
    ),
    {
      ...(await make(
        "the first entry of a group, in its first epoch",
        "ok",
        only(world.log[0] ?? one, { first: 1, epoch: first }),
      )),
      epoch: first,
    },
    { ...(await make("a change in a hybrid epoch", "ok", only(one, { epoch: hybrid }))), epoch: hybrid },
    await make("a name with another first number", "corrupt", { ...good, first: 5 }),
    await make("a name with a record too many", "corrupt", { ...good, count: 3 }),
    await make("a name with a record too few", "corrupt", { ...good, count: 1 }),
    await make("a name with more records than lines", "corrupt", { ...good, count: 4 }),
    await make("a gap in its numbers", "corrupt", { ...good, lines: [one, await by(changeOf(world, 6, one.digest))] }),
    await make("a number twice", "corrupt", { ...good, lines: [one, await by(changeOf(world, 4, one.digest))] }),
    await make("a record that does not name the one before", "corrupt", {
      ...good,
      lines: [one, await by(changeOf(world, 5, before))],
    }),
    await make(
      "a first record that names one before",
      "corrupt",
      only(await by(changeOf(world, 1, before)), { first: 1 }),
    ),
    await make("a later record that names none before", "corrupt", only(await by(changeOf(world, 4, null)))),
    await make("two writers", "corrupt", {
      ...good,
      lines: [one, await by(changeOf(world, 5, one.digest, { writer: bobsWriter }))],
    }),
    await make("two devices of one writer", "corrupt", {
      ...good,
      lines: [one, await by(changeOf(world, 5, one.digest, { device: bob.key }), bob)],
    }),
    await make("another writer's tag", "corrupt", only(one, { writer: bobsWriter })),
    await make("the writer's tag in another epoch", "corrupt", only(one, { tag: writerTag(first.identity, writer) })),
    await make("a location before its records", "corrupt", { ...good, lines: [location, one, two] }),
    await make("a location of another epoch", "corrupt", {
      ...good,
      lines: [one, two, await by(locationOf(world, { epoch: first.epoch }))],
    }),
    await make("a location of another group", "corrupt", {
      ...good,
      lines: [one, two, await by(locationOf(world, { group: before }))],
    }),
    await make("a record of another group", "corrupt", only(await by(changeOf(world, 4, before, { group: before })))),
    await make("a record that Bob signed as Alice's", "corrupt", only(await by(changeOf(world, 4, before), bob))),
    await make("a location that Bob signed as Alice's", "corrupt", {
      ...good,
      lines: [one, two, await by(locationOf(world), bob)],
    }),
    await make(
      "a record signed as one of another type",
      "corrupt",
      only(await signBytes(one.line, { type: "conclave/v1/receipt", signingKey })),
    ),
    await make("a record of a type that nobody knows", "unsupported", only(await raw("v1/change", "v1/other"))),
    await make("a card", "unsupported", only(alice.signed)),
    await make("a record with a space", "malformed", only(await raw('"time":', '"time": '))),
    await make("something in its padding", "malformed", {
      ...good,
      plaintext: concatBytes(padded(good.lines), toUtf8("x")),
    }),
    await make("a record that is cut", "malformed", {
      ...good,
      plaintext: concatBytes(encodeSignedLine(one), two.line),
    }),
    await make("sealed to another epoch", "corrupt", only(one, { sealing: { recipients: [stray.recipient] } })),
    await make(
      "sealed to a second recipient too",
      "corrupt",
      only(one, { sealing: { recipients: [second.recipient, stray.recipient] } }),
    ),
    await make(
      "sealed to a hybrid recipient",
      "corrupt",
      only(one, { sealing: { recipients: [hybrid.recipient], suite: "hybrid" } }),
    ),
    ...brokenSeals(sealed).map(([name, bytes]) => ({
      ...named(name, "corrupt", key.replace(/[0-9a-f]{32}\.age$/, `${nameDigest(bytes)}.age`)),
      sealed: base64(bytes),
    })),
    named(
      "a name with another digest",
      "corrupt",
      key.replace(/[0-9a-f]{32}\.age$/, `${digestOf("x").slice(0, 32)}.age`),
    ),
    named(
      "a name with its digest in upper case",
      "foreign",
      key.replace(/[0-9a-f]{32}\.age$/, (digest) => digest.toUpperCase()),
    ),
    { ...named("what is right, for another group", "corrupt", key), group: digestOf("another group") },
    { ...named("what is right, for another epoch", "corrupt", key), epoch: first, group },
  ];
}

/** What a grant is made of; whatever is absent is as it should be. */
interface GrantCase {
  readonly content: GrantContent;
  readonly epoch?: string;
  readonly device?: string;
  readonly newest?: string;
  readonly sealing: Sealing;
  readonly plaintext?: Uint8Array;
  readonly result?: object;
  readonly identities?: object;
}

async function grantCase(name: string, expect: Verdict, options: GrantCase): Promise<Case> {
  const { content, device, newest, sealing, plaintext, result, identities } = options;
  const epoch = options.epoch ?? content.identities[0]?.[0] ?? "";
  const sealed = await seal(plaintext ?? encodeGrant(content), sealing);
  const key = `epochs/${epoch}-${audienceTag(epoch, device ? { device } : "all")}-${nameDigest(sealed)}.age`;
  const inputs = { ...(device && { device }), ...(newest && { newest }), ...(identities && { identities }) };
  return { name, expect, key, sealed: base64(sealed), ...inputs, ...(expect === "ok" && { result }) };
}

function identitiesOf({ device }: Person): object {
  return { hybridIdentity: device.hybridIdentity, classicIdentity: device.classicIdentity };
}

export function grantPlan(world: World): Plan {
  const { alice, group } = world;
  return {
    file: "grant",
    format: "grant",
    description: "Grants (SPEC.md §7), opened with one device's identities and held against the group's id.",
    given: { group, identities: identitiesOf(alice) },
    cases: () => grantCases(world),
  };
}

async function grantCases(world: World): Promise<Case[]> {
  const { alice, bob, carol, first, second, stray, hybrid, group, writer } = world;
  const [founding, adding, removing] = world.log as [SignedLine, SignedLine, SignedLine];
  const content: GrantContent = { group, identities: [[first.epoch, first.identity]], lines: [founding] };
  const all: Sealing = { suite: "classic", recipients: [alice.keys.classic, alice.card.kit.classic] };
  const good = { content, sealing: all };
  const result = { suite: "classic", epochs: [first.epoch], entries: [group], problems: [] };
  const foundHybrid = foundBy(alice, { writer, recipient: hybrid.recipient, suite: "hybrid" });
  const hybridFounding = await signValue(foundHybrid, alice.device.signingKey);
  const hybridContent: GrantContent = {
    ...{ group: hybridFounding.digest, identities: [[hybrid.epoch, hybrid.identity]], lines: [hybridFounding] },
  };
  const header = { type: "conclave/v1/grant", group, identities: content.identities };
  const headed = (value: object, rest: Uint8Array = encodeSignedLine(founding)) =>
    padLines(concatBytes(writeLine(value), toUtf8("\n"), rest));
  const withIdentities = (identities: GrantContent["identities"]) => ({ ...good, content: { ...content, identities } });
  const forged = await signValue(world.found, bob.device.signingKey);
  const made = await grantCase("to all, of the first epoch", "ok", { ...good, result });
  const altered = flip(Buffer.from(String(made.sealed), "base64"), -1);
  const key = String(made.key);
  const make = grantCase;
  return [
    made,
    {
      ...(await make("to all, of a hybrid group", "ok", {
        content: hybridContent,
        sealing: { suite: "hybrid", recipients: [alice.keys.hybrid, alice.card.kit.hybrid] },
        result: { ...result, suite: "hybrid", epochs: [hybrid.epoch], entries: [hybridFounding.digest] },
      })),
      group: hybridFounding.digest,
    },
    await make("to Bob's device, with the kit's identity", "ok", {
      content: { ...content, lines: [founding, adding] },
      sealing: { suite: "classic", recipients: [bob.keys.classic, bob.card.kit.classic] },
      device: bob.key,
      newest: adding.digest,
      identities: identitiesOf({ ...bob, device: bob.kit }),
      result: { ...result, entries: [group, adding.digest] },
    }),
    await make("of the second epoch, with both identities", "ok", {
      ...good,
      content: {
        ...content,
        identities: [
          [second.epoch, second.identity],
          [first.epoch, first.identity],
        ],
        lines: [founding, adding, removing],
      },
      result: { ...result, epochs: [second.epoch, first.epoch], entries: world.log.map(({ digest }) => digest) },
    }),
    await make("an identity of an epoch that no entry names, left out", "ok", {
      ...withIdentities([
        [first.epoch, first.identity],
        [stray.epoch, stray.identity],
      ]),
      result: { ...result, problems: ["corrupt"] },
    }),
    await make("an identity that does not fit its epoch, left out", "ok", {
      ...withIdentities([[first.epoch, stray.identity]]),
      result: { ...result, epochs: [], problems: ["corrupt"] },
    }),
    await make("an identity of the other suite, left out", "ok", {
      ...withIdentities([[first.epoch, hybrid.identity]]),
      result: { ...result, epochs: [], problems: ["unsupported"] },
    }),
    await make("to somebody else", "not-a-member", {
      ...good,
      plaintext: headed(header, new Uint8Array(0)),
      identities: identitiesOf(carol),
    }),
    {
      ...made,
      name: "a bit flipped in its payload",
      expect: "not-a-member",
      result: undefined,
      sealed: base64(altered),
      key: key.replace(/[0-9a-f]{32}\.age$/, `${nameDigest(altered)}.age`),
    },
    { ...made, name: "a name with another digest", expect: "corrupt", result: undefined, sealed: base64(altered) },
    await make("of an epoch that no entry names", "corrupt", { ...good, epoch: stray.epoch }),
    await make("of another group, by its first line", "corrupt", {
      ...good,
      content: { ...content, group: digestOf("another group") },
    }),
    await make("without a log", "corrupt", { ...good, content: { ...content, lines: [] } }),
    await make("a first entry that Bob signed as Alice's", "corrupt", {
      ...good,
      content: { ...content, lines: [forged] },
    }),
    await make("a log that begins with its second entry", "corrupt", {
      ...good,
      content: { ...content, lines: [adding] },
    }),
    await make("a log that ends before the entry that is known", "rollback", { ...good, newest: adding.digest }),
    await make("to hybrid keys in a classic group", "unsupported", {
      ...good,
      sealing: { suite: "hybrid", recipients: [alice.keys.hybrid] },
    }),
    await make("keys in another order", "malformed", {
      ...good,
      plaintext: headed({ type: header.type, identities: header.identities, group }, new Uint8Array(0)),
    }),
    await make("a key more", "malformed", { ...good, plaintext: headed({ ...header, more: 0 }, new Uint8Array(0)) }),
    await make("identities as an object", "malformed", {
      ...good,
      plaintext: headed({ ...header, identities: Object.fromEntries(header.identities) }, new Uint8Array(0)),
    }),
    await make("an identity in lower case", "malformed", {
      ...good,
      plaintext: headed({ ...header, identities: [[first.epoch, first.identity.toLowerCase()]] }, new Uint8Array(0)),
    }),
    await make("something in its padding", "malformed", {
      ...good,
      plaintext: concatBytes(headed(header, new Uint8Array(0)), toUtf8("x")),
    }),
    await make("nothing in it", "malformed", { ...good, plaintext: new Uint8Array(0) }),
  ];
}

async function noticeCase(
  name: string,
  expect: Verdict,
  options: {
    readonly entries: readonly SignedLine[];
    readonly sealing: Sealing;
    readonly epoch: string;
    readonly ends?: string | null;
    readonly plaintext?: Uint8Array;
  },
): Promise<Case> {
  const { entries, sealing, epoch, ends = null, plaintext } = options;
  const sealed = await seal(plaintext ?? padded(entries), sealing);
  const key = `${epoch}/notice-${nameDigest(sealed)}.age`;
  const result = { entries: entries.map(({ digest }) => digest), ends };
  return { name, expect, key, sealed: base64(sealed), ...(expect === "ok" && { result }) };
}

export function noticePlan(world: World): Plan {
  const { group, first } = world;
  const log = world.log.slice(0, 2).map(encodeSignedLine);
  return {
    file: "notice",
    format: "notice",
    description: "Notices (SPEC.md §7) in the first epoch, to somebody who has the log up to Bob's admission.",
    given: { group, epoch: first, log: base64(concatBytes(...log)) },
    cases: () => noticeCases(world),
  };
}

async function noticeCases(world: World): Promise<Case[]> {
  const { alice, bob, group, first, second, stray, hybrid, writer, bobsWriter } = world;
  const [founding, adding, removing] = world.log as [SignedLine, SignedLine, SignedLine];
  const sealing: Sealing = { suite: "classic", recipients: [first.recipient] };
  const good = { entries: [removing], sealing, epoch: first.epoch, ends: removing.digest };
  const next = entriesOf({ group, device: alice.key, writer });
  const by = { group, device: bob.key, writer: bobsWriter };
  const firstOfBob: Entry = { ...entriesOf(by)(adding, 1, removeOf(alice, second)), previous: null };
  const bobs = await signValue(firstOfBob, bob.device.signingKey);
  const role = await signValue(
    next(adding, 3, { act: "role", member: bob.signed.digest, role: "viewer", cut: [] }),
    alice.device.signingKey,
  );
  const forged = await signValue(next(adding, 3, removeOf(bob, second)), bob.device.signingKey);
  const change = await signValue(changeOf(world, 4, removing.digest), alice.device.signingKey);
  const newer = toUtf8(replace(new TextDecoder().decode(removing.line), "v1/entry", "v2/entry"));
  const later = await signBytes(newer, { type: "conclave/v2/entry", signingKey: alice.device.signingKey });
  const made = await noticeCase("Bob's removal, which ends the epoch", "ok", good);
  const key = String(made.key);
  const named = (name: string, expect: Verdict, other: string): Case => ({
    ...made,
    name,
    expect,
    key: other,
    result: undefined,
  });
  const sealed = Buffer.from(String(made.sealed), "base64");
  const make = noticeCase;
  return [
    made,
    await make("Bob's demotion, which ends nothing", "ok", { ...good, entries: [role], ends: null }),
    await make("a removal that Bob has no right to, which ends nothing", "ok", {
      ...good,
      entries: [bobs],
      ends: null,
    }),
    await make("no entry", "corrupt", { ...good, entries: [] }),
    await make("a removal that Bob signed as Alice's", "corrupt", { ...good, entries: [forged] }),
    await make("a change", "malformed", { ...good, entries: [change] }),
    await make("an entry of a newer version", "unsupported", { ...good, entries: [later] }),
    await make("something in its padding", "malformed", {
      ...good,
      plaintext: concatBytes(padded([removing]), toUtf8("x")),
    }),
    await make("sealed to another epoch", "corrupt", {
      ...good,
      sealing: { ...sealing, recipients: [stray.recipient] },
    }),
    await make("sealed to a second recipient too", "corrupt", {
      ...good,
      sealing: { ...sealing, recipients: [first.recipient, stray.recipient] },
    }),
    await make("sealed to a hybrid recipient", "corrupt", {
      ...good,
      sealing: { suite: "hybrid", recipients: [hybrid.recipient] },
    }),
    ...brokenSeals(sealed).map(([name, bytes]) => ({
      ...named(name, "corrupt", key.replace(/[0-9a-f]{32}\.age$/, `${nameDigest(bytes)}.age`)),
      sealed: base64(bytes),
    })),
    named("in another epoch's folder", "corrupt", key.replace(first.epoch, second.epoch)),
    named(
      "a name with another digest",
      "corrupt",
      key.replace(/[0-9a-f]{32}\.age$/, `${digestOf("x").slice(0, 32)}.age`),
    ),
    named("a name with a shorter digest", "foreign", key.replace(/[0-9a-f]\.age$/, ".age")),
    {
      ...named("what is right, to somebody who lacks the entry before", "ok", key),
      log: base64(encodeSignedLine(founding)),
      result: { entries: [removing.digest], ends: null },
    },
  ];
}

async function requestCase(
  name: string,
  expect: Verdict,
  options: {
    readonly lines: readonly SignedLine[];
    readonly sealing: Sealing;
    readonly id: string;
    readonly plaintext?: Uint8Array;
  },
): Promise<Case> {
  const { lines, sealing, id, plaintext } = options;
  const sealed = await seal(plaintext ?? padded(lines), sealing);
  const key = `requests/${id}-${nameDigest(sealed)}.age`;
  return {
    name,
    expect,
    key,
    sealed: base64(sealed),
    ...(expect === "ok" && { result: { member: lines[0]?.digest } }),
  };
}

export function requestPlan(world: World): Plan {
  const { group, first } = world;
  return {
    file: "request",
    format: "request",
    description: "Join requests (SPEC.md §7), sealed to a group's first epoch.",
    given: { group, epoch: first },
    cases: () => requestCases(world),
  };
}

async function requestCases(world: World): Promise<Case[]> {
  const { bob, carol, group, first, stray, hybrid } = world;
  const sealing: Sealing = { suite: "classic", recipients: [first.recipient] };
  const id = requestId({ group, device: carol.key });
  const good = { lines: [carol.signed], sealing, id };
  const forged = await signValue(carol.card, bob.device.signingKey);
  const altered = { ...carol.signed, line: flip(carol.signed.line, -2) };
  const made = await requestCase("Carol's", "ok", good);
  const key = String(made.key);
  const named = (name: string, expect: Verdict, other: string): Case => ({
    ...made,
    name,
    expect,
    key: other,
    result: undefined,
  });
  const make = requestCase;
  return [
    made,
    {
      ...(await make("Carol's, to a hybrid epoch", "ok", {
        ...good,
        sealing: { suite: "hybrid", recipients: [hybrid.recipient] },
      })),
      epoch: hybrid,
    },
    await make("a name made for another group", "corrupt", {
      ...good,
      id: requestId({ group: digestOf("another"), device: carol.key }),
    }),
    await make("a name made for Bob's device", "corrupt", { ...good, id: requestId({ group, device: bob.key }) }),
    await make("a card that Bob signed", "corrupt", { ...good, lines: [forged] }),
    await make("a card that was altered", "corrupt", { ...good, lines: [altered] }),
    await make("no card", "corrupt", { ...good, lines: [] }),
    await make("two cards", "corrupt", { ...good, lines: [carol.signed, carol.signed] }),
    await make("something in its padding", "malformed", { ...good, plaintext: concatBytes(padded([]), toUtf8("x")) }),
    await make("sealed to another epoch", "corrupt", {
      ...good,
      plaintext: padded([]),
      sealing: { ...sealing, recipients: [stray.recipient] },
    }),
    named(
      "a name with another digest",
      "corrupt",
      key.replace(/[0-9a-f]{32}\.age$/, `${digestOf("x").slice(0, 32)}.age`),
    ),
    named("a name in another folder", "foreign", key.replace("requests", "request")),
  ];
}
