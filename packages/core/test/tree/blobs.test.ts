import { describe, expect, it } from "vitest";
import { declareBlob } from "../../src/contents/blob.ts";
import type { BlobOperation, Operation } from "../../src/records/change.ts";
import { allBlobs, blobOf, blobsOf, filePieces, orphanPieces, pieceOf, piecesOf } from "../../src/tree/blobs.ts";
import { fileAt, listFolder } from "../../src/tree/listing.ts";
import { setCounts } from "../../src/tree/set-counts.ts";
import { emptyIndex, hexOf, nodeOf, placeAt, take, Writer } from "../support/writers.ts";

const randomBytes = (length: number) => new Uint8Array(length).fill(7);
const blob: BlobOperation = {
  op: "blob",
  ...declareBlob({ randomBytes }, [
    [hexOf("one"), 1000],
    [hexOf("two"), 4_000_000],
    [hexOf("three"), 1],
  ]),
};
const FILE = nodeOf("f", "file");

function fileIn(node: string, name: string, range: readonly [number, number], size: number): Operation[] {
  const extents = [[blob.blob, ...range]] as const;
  const file = { op: "file", node, replaces: [], size, modified: 0, executable: false, extents, path: name } as const;
  return [placeAt(node, "root", name), file];
}

describe("a blob", () => {
  it("gives back its salt and pieces", () => {
    const db = emptyIndex();
    take(db, [new Writer("alice").change([blob])]);
    const pieces = blob.pieces.map(([digest, sizeBytes]) => ({ digest, sizeBytes }));
    expect(blobOf(db, blob.blob)).toEqual({ blob: blob.blob, salt: blob.salt, pieces });
    expect(pieceOf(db, blob.blob, 1)).toEqual(pieces[1]);
    expect(pieceOf(db, blob.blob, 3)).toBeUndefined();
    expect([...allBlobs(db)]).toEqual([blobOf(db, blob.blob)]);
  });

  it.each([
    ["another salt", { salt: "00".repeat(16) }],
    ["another piece", { pieces: [[hexOf("other"), 1000] as const] }],
    ["another size", { pieces: [[hexOf("one"), 1001] as const, ...blob.pieces.slice(1)] }],
    ["its pieces in another order", { pieces: blob.pieces.toReversed() }],
  ])("declared with %s is not there", (_, change) => {
    const db = emptyIndex();
    take(db, [new Writer("mallory").change([{ ...blob, ...change }])]);
    expect(piecesOf(db, blob.blob)).toBeUndefined();
  });

  it("declared rightly is there, though another declared it wrongly before", () => {
    const db = emptyIndex();
    take(db, [new Writer("mallory").change([{ ...blob, salt: "00".repeat(16) }]), new Writer("alice").change([blob])]);
    expect(blobOf(db, blob.blob)?.salt).toBe(blob.salt);
  });

  it("counts as long as any change that declares it does", () => {
    const db = emptyIndex();
    const [one, other] = [new Writer("alice").change([blob]), new Writer("bob").change([blob], { counts: false })];
    take(db, [one, other]);
    setCounts(db, [[one.digest, false]]);
    expect(piecesOf(db, blob.blob)).toBeUndefined();
    setCounts(db, [[other.digest, true]]);
    expect(piecesOf(db, blob.blob)).toHaveLength(3);
  });
});

describe("a file's pieces", () => {
  const db = emptyIndex();
  const operations = [blob, ...fileIn(FILE, "file", [1, 2], 4_000_001)];
  take(db, [new Writer("alice").change(operations)]);
  const file = fileAt(db, "file");

  it("follow from its extents", () => {
    expect(file && filePieces(db, file)).toEqual([
      { digest: hexOf("two"), sizeBytes: 4_000_000, blob: blob.blob, index: 1 },
      { digest: hexOf("three"), sizeBytes: 1, blob: blob.blob, index: 2 },
    ]);
    expect(file && blobsOf(file.extents)).toEqual([blob.blob]);
  });

  it.each([
    ["do not add up to its size", { size: 4_000_002, extents: [[blob.blob, 1, 2] as const] }, "corrupt", "add up"],
    ["go beyond the blob", { size: 4_000_001, extents: [[blob.blob, 1, 3] as const] }, "corrupt", "fewer pieces"],
    [
      "lie in a blob that nobody declares",
      { size: 1, extents: [[hexOf("none"), 0, 1] as const] },
      "missing",
      "no counting change",
    ],
  ])("are refused where they %s", (_, version, code, message) => {
    expect(() => filePieces(db, version)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it("make two files of one name one, though they lie in other blobs", () => {
    const index = emptyIndex();
    const copy: BlobOperation = {
      op: "blob",
      ...declareBlob({ randomBytes: () => new Uint8Array(16) }, [[hexOf("one"), 1000]]),
    };
    const theirs = {
      ...fileIn(nodeOf("f", "theirs"), "file", [0, 1], 1000)[1],
      extents: [[copy.blob, 0, 1]],
    } as Operation;
    take(index, [
      new Writer("alice").change([blob, ...fileIn(FILE, "file", [0, 1], 1000)]),
      new Writer("bob").change([copy, placeAt(nodeOf("f", "theirs"), "root", "file"), theirs]),
    ]);
    expect([...listFolder(index, "")]).toHaveLength(1);
  });
});

it("finds the pieces that an upload of the same device has left, and none that a file uses", () => {
  const db = emptyIndex();
  const [alice, bob] = [new Writer("alice"), new Writer("bob")];
  take(db, [alice.change([blob])]);
  expect(orphanPieces(db, alice.device).get(hexOf("two"))).toMatchObject({ blob: blob.blob, index: 1 });
  expect(orphanPieces(db, bob.device).size).toBe(0);
  take(db, [alice.change(fileIn(FILE, "file", [0, 3], 4_001_001))]);
  expect(orphanPieces(db, alice.device).size).toBe(0);
});
