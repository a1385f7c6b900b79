import { concatBytes, toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { nameDigest } from "../../packages/core/src/encoding/digest.ts";
import { writerTag } from "../../packages/core/src/group/writer-tag.ts";
import type { Change } from "../../packages/core/src/records/change.ts";
import type { Location } from "../../packages/core/src/records/location.ts";
import type { OpenEpoch } from "../../packages/core/src/records/records-file.ts";
import { encodeSignedLine, type SignedLine } from "../../packages/core/src/records/signed-line.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { blobOf } from "./blobs.ts";
import { brokenSeals, padded, type Sealing, seal } from "./sealing.ts";
import { replace } from "./spoilings.ts";
import { digestOf, type Person, signBytes, signValue, TIME, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

/** A change of Alice's: number 4 is the first after the entries of the log. */
export function changeOf(world: World, number: number, previous: string | null, own: Partial<Change> = {}): Change {
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
    await make("a name with more records than it holds, and no location", "corrupt", only(one, { count: 2 })),
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
