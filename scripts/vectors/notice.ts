import { concatBytes, toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { nameDigest } from "../../packages/core/src/encoding/digest.ts";
import type { Act, Entry } from "../../packages/core/src/records/entry.ts";
import { encodeSignedLine, type SignedLine } from "../../packages/core/src/records/signed-line.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { changeOf } from "./records-file.ts";
import { brokenSeals, padded, type Sealing, seal, tooLarge } from "./sealing.ts";
import { replace } from "./spoilings.ts";
import { digestOf, entriesOf, removeOf, signBytes, signValue, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

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
  const lost = {
    ...removeOf(bob, second),
    recipient: second.recipient.replace(/.$/, (last) => (last === "q" ? "p" : "q")),
  };
  const unusable = await signValue(next(adding, 3, lost as Act), alice.device.signingKey);
  const onBobs = await signValue(next(bobs, 3, removeOf(bob, second)), alice.device.signingKey);
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
  const large = tooLarge(8192);
  const make = noticeCase;
  return [
    made,
    await make("Bob's demotion, which ends nothing", "ok", { ...good, entries: [role], ends: null }),
    await make("a removal that Bob has no right to, which ends nothing", "ok", {
      ...good,
      entries: [bobs],
      ends: null,
    }),
    await make("a removal to a recipient that nobody has, which ends nothing", "ok", {
      ...good,
      entries: [unusable],
      ends: null,
    }),
    await make("a removal that follows one which does not count, and so ends nothing", "ok", {
      ...good,
      entries: [bobs, onBobs],
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
    {
      ...made,
      name: "over 8 MiB",
      expect: "limit",
      result: undefined,
      sealed: large.sealed,
      key: key.replace(/[0-9a-f]{32}\.age$/, `${large.digest}.age`),
    },
  ];
}
