/** Vectors of layouts, archives, blob ids and objects. SPEC.md §9. */
import { layoutOf, writeHeaders } from "../../packages/core/src/contents/archive.ts";
import { concatBytes } from "../../packages/core/src/encoding/bytes.ts";
import { nameDigest, sha256Hex } from "../../packages/core/src/encoding/digest.ts";
import type { Pieces } from "../../packages/core/src/records/change.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { type Blob, blobIdOf, blobOf } from "./blobs.ts";
import { brokenSeals, flip, seal } from "./sealing.ts";
import { digestOf, type World } from "./world.ts";
import { base64, type Case, compact, type Plan } from "./write.ts";

/** A small file, a blob of two pieces, and one whose last block is full. */
const SMALL = blobOf("a small file");
const TWO = blobOf("the first piece", "the second");
const FULL = blobOf("x".repeat(512));

function archiveOf({ pieces, contents }: Blob): Uint8Array<ArrayBuffer> {
  const { offsets, length } = layoutOf(pieces.map(([, size]) => size));
  const archive = new Uint8Array(length);
  for (const [index, each] of contents.entries()) archive.set(Buffer.from(each, "base64"), offsets[index]);
  return writeHeaders(archive, pieces);
}

/** Archives that differ from that of {@link TWO} where nothing may. */
function wrongArchives(): readonly (readonly [name: string, archive: Uint8Array<ArrayBuffer>])[] {
  const good = archiveOf(TWO);
  const { paddingOffset } = layoutOf(TWO.pieces.map(([, size]) => size));
  const swapped = concatBytes(good.subarray(1024, 2048), good.subarray(0, 1024), good.subarray(2048));
  return [
    ["another mode in a header", flip(good, 100)],
    ["another name in a header", flip(good, 1024)],
    ["a time in a header", flip(good, 136)],
    ["a byte of a piece changed", flip(good, 515)],
    ["a byte behind a piece", flip(good, 1000)],
    ["a byte in the padding's header", flip(good, paddingOffset + 300)],
    ["a byte in the padding", flip(good, paddingOffset + 600)],
    ["a byte in the last block", flip(good, -1)],
    ["two pieces swapped", swapped],
    ["a block less", good.slice(0, -512)],
    ["a block more", concatBytes(good, new Uint8Array(512))],
    ["a byte less", good.slice(0, -1)],
  ];
}

export function contentsPlans(world: World): Plan[] {
  return [layoutPlan(), archivePlan(), blobIdPlan(), objectPlan(world)];
}

function layoutPlan(): Plan {
  const full = 4_190_208;
  const caseOf = (name: string, sizes: readonly number[], expect: Verdict, result?: object): Case => {
    return { name, expect, sizes, ...(result && { result }) };
  };
  const eight = Array.from({ length: 8 }, (_, index) => index * (full + 512) + 512);
  return {
    file: "layout",
    format: "layout",
    description: "Where pieces of these sizes lie in an archive, in bytes (SPEC.md §9).",
    cases: () => [
      caseOf("one byte", [1], "ok", { offsets: [512], paddingOffset: 1024, paddingBytes: 0, length: 2560 }),
      caseOf("512 and 513 bytes", [512, 513], "ok", {
        offsets: [512, 1536],
        paddingOffset: 2560,
        paddingBytes: 0,
        length: 4096,
      }),
      caseOf("9 blocks", [9 * 512], "ok", { offsets: [512], paddingOffset: 5120, paddingBytes: 512, length: 7168 }),
      caseOf(
        "eight full pieces",
        Array.from({ length: 8 }, () => full),
        "ok",
        {
          ...{ offsets: eight, paddingOffset: 8 * (full + 512), paddingBytes: 27_136, length: 33_554_432 },
        },
      ),
      caseOf("no piece", [], "limit"),
      caseOf("an empty piece", [1, 0], "limit"),
      caseOf("a piece of a byte too many", [full + 1], "limit"),
      caseOf(
        "eight full pieces and a small one more than fit",
        [...Array.from({ length: 8 }, () => full), 26_625],
        "limit",
      ),
      caseOf(
        "nine full pieces",
        Array.from({ length: 9 }, () => full),
        "limit",
      ),
      caseOf(
        "4,097 pieces",
        Array.from({ length: 4097 }, () => 1),
        "limit",
      ),
      caseOf("half a byte", [0.5], "limit"),
      caseOf("less than nothing", [-1], "limit"),
    ],
  };
}

function archivePlan(): Plan {
  const ok = (name: string, blob: Blob): Case => {
    const archive = archiveOf(blob);
    const { pieces, contents } = blob;
    return { name, expect: "ok", pieces, contents, archive: compact(archive), result: { sha256: sha256Hex(archive) } };
  };
  const { pieces, contents } = TWO;
  return {
    file: "archive",
    format: "archive",
    description:
      "Whole archives, header bytes and all (SPEC.md §9). Every byte follows from the pieces; any other is refused.",
    cases: () => [
      ok("of a small file", SMALL),
      ok("of two pieces", TWO),
      ok("of a piece that fills its block", FULL),
      ...wrongArchives().map(
        ([name, archive]): Case => ({ name, expect: "corrupt", pieces, contents, archive: compact(archive) }),
      ),
      { name: "another piece", expect: "corrupt", pieces: SMALL.pieces, contents, archive: compact(archiveOf(TWO)) },
      { name: "no piece", expect: "limit", pieces: [], contents: [], archive: compact(new Uint8Array(1536)) },
    ],
  };
}

function blobIdPlan(): Plan {
  const caseOf = (
    name: string,
    expect: Verdict,
    { salt, pieces, blob: output }: Pick<Blob, "salt" | "pieces" | "blob">,
  ): Case => ({
    ...{ name, expect, salt, pieces, output },
  });
  const sized = (sizes: readonly number[]) => {
    const pieces: Pieces = sizes.map((size) => [digestOf(String(size)), size]);
    return { salt: TWO.salt, pieces, blob: blobIdOf(TWO.salt, pieces) };
  };
  const [first, second] = TWO.pieces as [Pieces[number], Pieces[number]];
  return {
    file: "blob-id",
    format: "blob-id",
    description: "A blob's id, from its salt and pieces (SPEC.md §9). One that does not fit an archive has none.",
    cases: () => [
      caseOf("of a small file", "ok", SMALL),
      caseOf("of two pieces", "ok", TWO),
      caseOf("of eight full pieces", "ok", sized(Array.from({ length: 8 }, () => 4_190_208))),
      caseOf("its pieces in another order", "mismatch", { ...TWO, pieces: [second, first] }),
      caseOf("another salt", "mismatch", { ...TWO, salt: SMALL.salt }),
      caseOf("a piece less", "mismatch", { ...TWO, pieces: [first] }),
      caseOf("another size", "mismatch", { ...TWO, pieces: [first, [second[0], second[1] + 1]] }),
      caseOf("a digest of the digests alone", "mismatch", {
        ...TWO,
        blob: digestOf(TWO.pieces.map(([digest]) => digest).join("")),
      }),
      caseOf("nine full pieces", "mismatch", sized(Array.from({ length: 9 }, () => 4_190_208))),
      caseOf("no piece", "mismatch", sized([])),
    ],
  };
}

function objectPlan(world: World): Plan {
  return {
    file: "object",
    format: "object",
    description:
      "Small sealed objects (SPEC.md §9), opened with the epoch's identity and held against a blob's declaration.",
    given: { epoch: world.second, ...TWO },
    cases: () => objectCases(world),
  };
}

async function objectCases({ second, first, hybrid }: World): Promise<Case[]> {
  const classic = { suite: "classic", recipients: [second.recipient] } as const;
  const make = async (
    name: string,
    expect: Verdict,
    archive: Uint8Array,
    sealing: Parameters<typeof seal>[1] = classic,
  ) => {
    const sealed = await seal(archive, sealing);
    const result = expect === "ok" && { result: { length: sealed.length } };
    return { name, expect, object: nameDigest(sealed), sealed: base64(sealed), ...result };
  };
  const good = archiveOf(TWO);
  const made = await make("of a classic group", "ok", good);
  const sealed = Buffer.from(made.sealed, "base64");
  const altered = (name: string, bytes: Uint8Array): Case => ({
    name,
    expect: "corrupt",
    object: nameDigest(bytes),
    sealed: base64(bytes),
  });
  // One after another: what is sealed at once draws its randomness in no certain order.
  const spoiled: Case[] = [];
  for (const [name, archive] of wrongArchives())
    spoiled.push(await make(`an archive with ${name}`, "corrupt", archive));
  const inHybrid = { suite: "hybrid", recipients: [hybrid.recipient] } as const;
  return [
    made,
    { ...(await make("of a hybrid group", "ok", good, inHybrid)), epoch: hybrid },
    { ...(await make("of one piece", "ok", archiveOf(SMALL))), ...SMALL },
    ...spoiled,
    await make("of another blob", "corrupt", archiveOf(FULL)),
    ...brokenSeals(sealed).map(([name, bytes]) => altered(name, bytes)),
    altered("a byte behind its end", concatBytes(sealed, new Uint8Array(1))),
    { ...made, name: "under another name", expect: "corrupt", object: digestOf("x").slice(0, 32), result: undefined },
    {
      ...made,
      name: "under a salt that does not make its blob",
      expect: "corrupt",
      salt: SMALL.salt,
      result: undefined,
    },
    { ...made, name: "to another epoch", expect: "corrupt", epoch: first, result: undefined },
    await make("to a second recipient too", "corrupt", good, {
      ...classic,
      recipients: [second.recipient, first.recipient],
    }),
    { ...(await make("to a classic key in a hybrid group", "corrupt", good)), epoch: hybrid },
    await make("to a hybrid key in a classic group", "corrupt", good, inHybrid),
  ];
}
