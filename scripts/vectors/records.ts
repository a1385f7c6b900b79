/** Vectors of every type of record, and of cards and listings. SPEC.md §4 to §11. */
import { toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { toHex } from "../../packages/core/src/encoding/hex.ts";
import { writeLine } from "../../packages/core/src/encoding/strict.ts";
import { fingerprint } from "../../packages/core/src/identity/fingerprint.ts";
import type { Change, Operation } from "../../packages/core/src/records/change.ts";
import type { Act, Entry } from "../../packages/core/src/records/entry.ts";
import type { Location } from "../../packages/core/src/records/location.ts";
import type { Receipt } from "../../packages/core/src/records/receipt.ts";
import { encodeSignedLine, type RecordType, type SignedLine } from "../../packages/core/src/records/signed-line.ts";
import { type ListingStart, signListing } from "../../packages/core/src/session/listing.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { blobOf } from "./blobs.ts";
import { seededHex } from "./seeded.ts";
import {
  FEW,
  largeLines,
  MANY,
  replace,
  signedCase,
  spoiledFrames,
  spoiledLines,
  spoiledSignatures,
} from "./spoilings.ts";
import { addOf, crypto, digestOf, foundBy, inside, removeOf, signValue, TIME, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

type Value = { readonly type: RecordType };

/** A line that is refused for one thing of its type's own: what is replaced in the good line, and by what. */
type Own = readonly [name: string, from: string | RegExp, to: string, verdict?: Verdict];

async function okRecord(
  name: string,
  value: Value,
  world: World,
): Promise<{ readonly made: Case; readonly signed: SignedLine }> {
  const signed = await signValue(value, world.alice.device.signingKey);
  const result = { digest: signed.digest, value };
  return { made: { name, expect: "ok", record: base64(encodeSignedLine(signed)), result }, signed };
}

async function ownRefusals(value: Value, own: readonly Own[], world: World): Promise<Case[]> {
  const line = new TextDecoder().decode(writeLine(value));
  const { signingKey } = world.alice.device;
  return Promise.all(
    own.map(async ([name, from, to, verdict = "malformed"]) => {
      const record = await signedCase(replace(line, from, to), { type: value.type, signingKey });
      return { name, expect: verdict, record: base64(record) };
    }),
  );
}

/** A file of vectors for one type: what is read, then the first of it spoiled. */
function recordPlan(
  world: World,
  options: {
    readonly file: string;
    readonly description: string;
    readonly reads: readonly (readonly [name: string, value: Value])[];
    readonly own: readonly Own[];
    /** Values of which no line is spoiled, and what is said of each. */
    readonly refused?: readonly (readonly [name: string, value: Value, verdict?: Verdict])[];
    /** Whether a record is so long that few spoilings must do. */
    readonly long?: boolean;
  },
): Plan {
  const { signingKey } = world.alice.device;
  const { file, description, reads, own, refused = [], long = false } = options;
  return {
    file,
    format: "record",
    description,
    given: { signingKey: toHex(signingKey) },
    async cases() {
      const read = await Promise.all(reads.map(([name, value]) => okRecord(name, value, world)));
      const [first, value] = [read[0]?.signed, reads[0]?.[1]];
      if (!first || !value) throw new Error("nothing to spoil");
      const spoiled = { input: "record", good: first, type: value.type, signingKey };
      const signatures = await spoiledSignatures({ ...spoiled, other: world.bob.device.signingKey });
      return [
        ...read.map(({ made }) => made),
        ...(await ownRefusals(value, own, world)),
        ...(await Promise.all(refused.map(([name, wrong, verdict]) => wrongValue(name, wrong, { world, verdict })))),
        ...(await spoiledLines(long ? FEW : MANY, spoiled)),
        ...(await largeLines(spoiled)),
        ...(long ? signatures.slice(0, 2) : signatures),
        ...spoiledFrames({ input: "record", good: first }).slice(0, long ? 2 : 5),
      ];
    },
  };
}

async function wrongValue(
  name: string,
  value: Value,
  options: { readonly world: World; readonly verdict: Verdict | undefined },
): Promise<Case> {
  const signed = await signValue(value, options.world.alice.device.signingKey);
  return { name, expect: options.verdict ?? "malformed", record: base64(encodeSignedLine(signed)) };
}

/** The plans for all types of records. */
export function recordPlans(world: World): Plan[] {
  return [foundPlan(world), entryPlan(world), changePlan(world), locationPlan(world), receiptPlan(world)];
}

function foundPlan(world: World): Plan {
  const { alice, writer, hybrid } = world;
  const late = { ...world.found, settled: false, lagSeconds: 86_400, time: 0 };
  return recordPlan(world, {
    file: "found",
    description: "First entries of groups (SPEC.md §6): one record, its signature by the device that it names.",
    reads: [
      ["of a classic group", world.found],
      ["of a hybrid group", foundBy(alice, { writer, recipient: hybrid.recipient, suite: "hybrid" })],
      ["with a lag, at the beginning of time", late],
    ],
    own: [
      ["a suite that nobody knows", '"suite":"classic"', '"suite":"quantum"'],
      ["settled as a number", '"settled":true', '"settled":1'],
      ["a lag over a year and a day", '"lagSeconds":null', '"lagSeconds":31622401'],
      ["a recipient in upper case", /(?<="recipient":")age1/, "AGE1"],
      ["a signature of the card with spare bits", /(?<="signature":"[^"]*)[A-Za-z0-9+/](?===")/, "B"],
      ["number 0", '"number":1', '"number":0'],
    ],
    long: true,
  });
}

function entryPlan(world: World): Plan {
  const { alice, bob, group, writer, second } = world;
  const place = { group, device: alice.key, writer, number: 4, previous: world.log[2]?.digest ?? null };
  const cut = [[world.bobsWriter, digestOf("Bob's newest change")]] as const;
  const of = (act: Act): Entry => ({
    ...{ type: "conclave/v1/entry", ...place, parent: world.log[2]?.digest ?? group, act, time: TIME },
  });
  const rotate: Act = { act: "rotate", cut: [], recipient: second.recipient, contents: "now" };
  const owed = digestOf("an entry on a lost branch");
  return recordPlan(world, {
    file: "entry",
    description:
      "Entries of the log with each act (SPEC.md §6). Whether the author had the right to it is not asked here.",
    reads: [
      ["role, with a cut", of({ act: "role", member: bob.signed.digest, role: "viewer", cut })],
      ["add", of(addOf(bob))],
      ["add with an account", of({ act: "add", ...inside(bob), role: "admin", account: "bob\u2028@example.org" })],
      ["remove", of(removeOf(bob, second))],
      [
        "remove with a cut, signing a lost one again",
        of({ ...removeOf(bob, second), cut, contents: "background", owed } as Act),
      ],
      ["leave", of({ act: "leave" })],
      ["rotate", of(rotate)],
      ["rotate with contents on change", of({ ...rotate, contents: "on-change" })],
    ],
    own: [
      ["an act that nobody knows", '"act":"role"', '"act":"rule"', "unsupported"],
      ["an act named like a property of every object", '"act":"role"', '"act":"toString"', "unsupported"],
      ["no act", /"act":\{.*?\]\},/, '"act":{},'],
      ["an act as null", /"act":\{.*?\]\},/, '"act":null,'],
      ["a role that nobody knows", '"role":"viewer"', '"role":"king"'],
      ["a cut as an object", /"cut":\[\[("[0-9a-f]+"),("[0-9a-f]+")\]\]/, '"cut":{"a":"b"}'],
      ["a cut with three in a pair", '"]]', '","0"]]'],
      ["a key of another act", '"cut":', '"account":null,"cut":'],
      ["no parent", /(?<="parent":)"[0-9a-f]{64}"/, "null"],
    ],
    refused: [
      ["leave with a key more", of({ act: "leave", cut: [] } as Act)],
      [
        "remove without owed",
        of({ act: "remove", member: owed, cut, recipient: second.recipient, contents: "now" } as never),
      ],
      ["rotate with a mode that nobody knows", of({ ...rotate, contents: "later" } as never)],
      ["add as an owner in capitals", of({ ...addOf(bob), role: "Owner" } as never)],
    ],
  });
}

const node = (kind: "d" | "f" | "l", label: string) => `${kind}${seededHex(label).slice(0, 32)}`;

function changePlan(world: World): Plan {
  const { alice, group, writer } = world;
  const blob = blobOf("a small file");
  const [folder, file, link] = [node("d", "folder"), node("f", "file"), node("l", "link")];
  const of = (...operations: readonly Operation[]): Change => ({
    ...{
      type: "conclave/v1/change",
      group,
      device: alice.key,
      writer,
      number: 4,
      previous: world.log[2]?.digest ?? null,
    },
    ...{ head: world.log[2]?.digest ?? group, parents: [], operations, time: TIME },
  });
  const place = { op: "place", node: folder, parent: "root", name: "notes", from: null, path: "notes" } as const;
  const version = { size: 21, modified: -1, executable: true, extents: [[blob.blob, 0, 1]] } as const;
  const fileOf = { op: "file", node: file, replaces: [], ...version, path: "notes/a.txt" } as const;
  const declare = { op: "blob", blob: blob.blob, salt: blob.salt, pieces: blob.pieces } as const;
  const linkOf = {
    op: "link",
    node: link,
    replaces: [digestOf("a version")],
    target: "../elsewhere\n",
    path: "l",
  } as const;
  const named = (name: string) => of({ ...place, name, path: name });
  return recordPlan(world, {
    file: "change",
    description: "Changes with each operation (SPEC.md §8).",
    reads: [
      ["place", of(place)],
      [
        "place of a file, from another folder",
        of({ ...place, node: file, parent: folder, from: "root", path: "notes/notes" }),
      ],
      ["blob", of(declare)],
      ["file", of(fileOf)],
      ["an empty file", of({ ...fileOf, size: 0, extents: [], executable: false, modified: 0 })],
      ["link", of(linkOf)],
      ["delete", of({ op: "delete", node: folder, path: "notes" })],
      ["all of them together", of(declare, place, fileOf, linkOf, { op: "delete", node: file, path: "notes/a.txt" })],
      ["no operation, and two parents", { ...of(), parents: [digestOf("one parent"), digestOf("another")] } as Change],
      ["a name with U+2028, U+2029 and a control character", named("a\u2028b\u2029c\u0001")],
      ["a name with a byte order mark, a joiner and an emoji", named("\ufeffa\u200d😀")],
      ["a name of 1,024 bytes", named("é".repeat(512))],
      ["a name __proto__", named("__proto__")],
      ["a name of quotes and backslashes", named('"\\"')],
    ],
    own: [
      ["an op that nobody knows", '"op":"place"', '"op":"plant"', "unsupported"],
      ["an op __proto__", '"op":"place"', '"op":"__proto__"', "unsupported"],
      ["an op as a number", '"op":"place"', '"op":1'],
      ["no op", '"op":"place",', ""],
      ["a node of no kind", /(?<="node":")d/, "x"],
      ["a node in upper case", /(?<="node":"d)[0-9a-f]{2}/, "AB"],
      ["a file as a parent", '"parent":"root"', `"parent":"${file}"`],
      ["a name of two dots", '"name":"notes"', '"name":".."'],
      ["a name of one dot", '"name":"notes"', '"name":"."'],
      ["a name with a slash", '"name":"notes"', '"name":"a/b"'],
      ["a name with a zero byte", '"name":"notes"', '"name":"a\\u0000b"'],
      ["an empty name", '"name":"notes"', '"name":""'],
      ["a name of 1,025 bytes", '"name":"notes"', `"name":"${"é".repeat(512)}a"`],
      ["a name with a lone surrogate", '"name":"notes"', '"name":"\\ud800"'],
      ["a name with an escape that is not needed", '"name":"notes"', '"name":"\\u006eotes"'],
      ["a name with U+2028 escaped", '"name":"notes"', '"name":"\\u2028"'],
      ["a path from the top", '"path":"notes"', '"path":"/notes"'],
      ["a path with two dots", '"path":"notes"', '"path":"notes/../../x"'],
      ["no head", /(?<="head":)"[0-9a-f]{64}"/, "null"],
    ],
    refused: [
      ["a file with a folder's node", of({ ...fileOf, node: folder })],
      ["a link with a file's node", of({ ...linkOf, node: file })],
      ["an empty target", of({ ...linkOf, target: "" })],
      ["executable as a number", of({ ...fileOf, executable: 1 } as never)],
      ["a size of 1.5", of({ ...fileOf, size: 1.5 })],
      ["an extent of no piece", of({ ...fileOf, extents: [[blob.blob, 0, 0]] })],
      ["an extent behind the last piece of any blob", of({ ...fileOf, extents: [[blob.blob, 4096, 1]] })],
      ["an empty piece", of({ ...declare, pieces: [[blob.blob, 0]] })],
      ["a piece of a byte too many", of({ ...declare, pieces: [[blob.blob, 4_190_209]] })],
      ["a time before all times", of({ ...fileOf, modified: -8.64e15 - 1 })],
      ["257 parents", { ...of(), parents: Array.from({ length: 257 }, () => "00".repeat(32)) } as Change],
    ],
  });
}

function locationPlan(world: World): Plan {
  const { alice, group, second } = world;
  const location: Location = {
    ...{ type: "conclave/v1/location", group, device: alice.key, head: world.log[2]?.digest ?? group },
    ...{ epoch: second.epoch, blob: blobOf("a small file").blob, object: digestOf("object").slice(0, 32) },
    ...{ length: 2776, time: TIME },
  };
  return recordPlan(world, {
    file: "location",
    description: "Locations (SPEC.md §9).",
    reads: [
      ["in the second epoch", location],
      ["of the longest object that is stored", { ...location, length: 34 * 1024 * 1024 } as Location],
    ],
    own: [
      ["no length", /"length":2776/, '"length":0'],
      ["a length over what is stored", /"length":2776/, '"length":35651585'],
      ["a length in exponents", /"length":2776/, '"length":2776e0'],
      ["an object of 32 bytes", /(?<="object":")/, "00".repeat(16)],
      ["an object in upper case", /(?<="object":")../, "AB"],
      ["an epoch as null", /(?<="epoch":)"[0-9a-f]{64}"/, "null"],
      ["a number", '"head":', '"number":1,"head":'],
    ],
  });
}

function receiptPlan(world: World): Plan {
  const { alice, group, second, writer } = world;
  const receipt: Receipt = {
    ...{
      type: "conclave/v1/receipt",
      group,
      device: alice.key,
      writer,
      number: 5,
      previous: digestOf("the one before"),
    },
    ...{ head: world.log[2]?.digest ?? group, epoch: second.epoch, reencrypted: { objects: 12, bytes: 34_567 } },
    ...{ remaining: { objects: 0, bytes: 0 }, unclaimed: 1, kept: [digestOf("kept").slice(0, 32)], time: TIME },
  };
  return recordPlan(world, {
    file: "receipt",
    description: "Receipts of re-encryptions (SPEC.md §10).",
    reads: [
      ["with an object that the provider keeps", receipt],
      [
        "of nothing, as a writer's first record",
        { ...receipt, number: 1, previous: null, kept: [], unclaimed: 0 } as Receipt,
      ],
      ["of 2^53 - 1 bytes", { ...receipt, reencrypted: { objects: 1, bytes: Number.MAX_SAFE_INTEGER } } as Receipt],
    ],
    own: [
      ["bytes before objects", '{"objects":12,"bytes":34567}', '{"bytes":34567,"objects":12}'],
      ["a number in exponents", '"bytes":34567', '"bytes":34567e0'],
      ["a number with a fraction", '"unclaimed":1', '"unclaimed":1.0'],
      ["objects below zero", '"objects":12', '"objects":-12'],
      ["kept as an object", /"kept":\["/, '"kept":{"0":"'],
      ["a kept object of 8 bytes", /(?<="kept":\[")[0-9a-f]{16}/, ""],
      ["no epoch", /(?<="epoch":)"[0-9a-f]{64}"/, "null"],
    ],
  });
}

/** Cards: read whole, keys and all, with one verdict for whatever is altered. */
export function cardPlan(world: World): Plan {
  const { alice, bob } = world;
  const { signingKey } = alice.device;
  const given = { signingKey: toHex(signingKey) };
  const caseOf = async (name: string, card: object, verdict: Verdict): Promise<Case> => {
    const signed = await signValue(card as Value, signingKey);
    const result = { member: signed.digest, fingerprint: fingerprint(signed.digest), value: card };
    return { name, expect: verdict, card: base64(encodeSignedLine(signed)), ...(verdict === "ok" && { result }) };
  };
  const { card } = alice;
  const withKit = (kit: object) => ({ ...card, kit: { ...card.kit, ...kit } });
  return {
    file: "card",
    format: "card",
    description:
      "Card files (SPEC.md §5): form, signature and keys. A card of another form is as good as an altered one.",
    given,
    async cases() {
      const spoiled = { input: "card", good: alice.signed, type: card.type, signingKey, verdict: "corrupt" } as const;
      return [
        await caseOf("Alice's", card, "ok"),
        await caseOf("of a name with U+2028 and of 256 bytes", { ...card, name: `\u2028${"a".repeat(253)}` }, "ok"),
        await caseOf("a name of 257 bytes", { ...card, name: "a".repeat(257) }, "corrupt"),
        await caseOf("an empty name", { ...card, name: "" }, "corrupt"),
        await caseOf("a kit's key of small order", withKit({ verifyingKey: `01${"00".repeat(31)}` }), "malformed"),
        await caseOf("a kit's key that is no point", withKit({ verifyingKey: `02${"00".repeat(31)}` }), "malformed"),
        await caseOf("a kit's key with torsion", withKit({ verifyingKey: TORSION }), "malformed"),
        await caseOf(
          "a kit's key that is not canonical",
          withKit({ verifyingKey: `f0${"ff".repeat(30)}7f` }),
          "malformed",
        ),
        await caseOf("one key for device and kit", withKit({ verifyingKey: alice.key }), "malformed"),
        await caseOf(
          "a classic recipient with a mistyped checksum",
          withKit({ classic: mistyped(card.kit.classic) }),
          "malformed",
        ),
        await caseOf(
          "a hybrid recipient with a mistyped checksum",
          withKit({ hybrid: mistyped(card.kit.hybrid) }),
          "malformed",
        ),
        await caseOf("a key of Bob's in the place of her own", { ...card, device: bob.keys }, "corrupt"),
        ...(await spoiledLines(FEW, spoiled)),
        ...(await spoiledSignatures({ ...spoiled, other: bob.device.signingKey })).slice(0, 2),
        ...spoiledFrames(spoiled),
        ...(await largeLines(spoiled)),
      ];
    },
  };
}

/** The base point of Ed25519 plus a point of order 8: a key that two kinds of verification judge differently. */
const TORSION = "98519eadf35b995233b51b5cd23e9cc5a28b639b5a4af0ec903cb960d81b7819";

function mistyped(recipient: string): string {
  return recipient.slice(0, -1) + (recipient.endsWith("q") ? "p" : "q");
}

/** Listings, as they are before they are sealed. */
export function listingPlan(world: World): Plan {
  const { alice, bob, group, second } = world;
  const { signingKey } = alice.device;
  const blob = blobOf("a small file");
  const file = { size: 21, modified: -1, executable: true, extents: [[blob.blob, 0, 1]], path: "notes/a.txt" };
  const rows = [
    { op: "place", node: node("d", "folder"), path: "notes" },
    { op: "file", node: node("f", "file"), version: digestOf("a version"), ...file },
    { op: "link", node: node("l", "link"), target: "../elsewhere\n", path: "l" },
    { op: "blob", blob: blob.blob, salt: blob.salt, pieces: blob.pieces },
    {
      type: "conclave/v1/location",
      epoch: second.epoch,
      blob: blob.blob,
      object: digestOf("object").slice(0, 32),
      length: 2776,
    },
  ];
  const first: ListingStart = {
    ...{ type: "conclave/v1/listing", group, device: alice.key, epoch: second.epoch, number: 1, part: 1 },
    ...{ covers: [digestOf("a change")], time: TIME },
  };
  const make = (start: object, key = signingKey, lines: readonly object[] = rows) =>
    signListing(crypto, { first: start as ListingStart, lines: lines.map(writeLine), signingKey: key });
  const ok = async (name: string, start: ListingStart, lines: readonly object[]): Promise<Case> => ({
    ...{ name, expect: "ok", plaintext: base64(await make(start, signingKey, lines)) },
    result: { first: start, rows: lines.length },
  });
  return {
    file: "listing",
    format: "listing",
    description:
      "Listings (SPEC.md §11), opened: the strict form of the first line, and the last line's signature over all before it.",
    given: { signingKey: toHex(signingKey) },
    async cases() {
      const good = await make(first);
      const text = new TextDecoder().decode(good);
      const refused: readonly (readonly [string, Verdict, Uint8Array])[] = [
        ["a signature by another device", "corrupt", await make(first, bob.device.signingKey)],
        ["a row altered", "corrupt", toUtf8(replace(text, '"path":"notes"', '"path":"motes"'))],
        ["a row less", "corrupt", toUtf8(replace(text, /\n\{"op":"link".*?\n/, "\n"))],
        [
          "two rows that changed places",
          "corrupt",
          toUtf8(text.replace(/(\{"op":"place".*?\n)(\{"op":"file".*?\n)/, "$2$1")),
        ],
        ["the first line of another number", "corrupt", toUtf8(replace(text, '"number":1', '"number":2'))],
        ["cut before its signature", "malformed", toUtf8(text.slice(0, text.lastIndexOf("}") + 2))],
        ["keys in another order", "malformed", await make({ ...{ type: first.type, device: first.device }, ...first })],
        ["number 0", "malformed", await make({ ...first, number: 0 })],
        ["a part of 1.5", "malformed", await make({ ...first, part: 1.5 })],
        ["of a newer version", "unsupported", await make({ ...first, type: "conclave/v2/listing" })],
        ["a key more", "malformed", await make({ ...first, more: 0 })],
      ];
      return [
        await ok("of a folder, a file, a link and where its bytes are", first, rows),
        await ok("of nothing", { ...first, number: 2, covers: [] }, []),
        ...refused.map(([name, verdict, plaintext]) => ({ name, expect: verdict, plaintext: base64(plaintext) })),
      ];
    },
  };
}
