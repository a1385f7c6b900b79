import { isBlobOf } from "../contents/blob.ts";
import { fromHex, toHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { BlobOperation, Extents } from "../records/change.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";
import type { Fold } from "./fold.ts";
import { PACKED_PIECE_BYTES, type Piece, packPieces, unpackNumbers, unpackPiece } from "./packing.ts";

/** Writes down a blob that a change declares; nothing, if its id is not the digest of what it declares. */
export function storeBlob(fold: Fold, operation: BlobOperation): void {
  if (!isBlobOf(operation)) return; // check: digest
  const { db } = fold;
  const [salt, pieces] = [fromHex(operation.salt), packPieces(operation.pieces)];
  const id = internBlob(db, operation.blob);
  db.run("UPDATE tree_blob SET salt = ?, pieces = ? WHERE id = ? AND pieces IS NULL", salt, pieces, id);
  standFor(fold, id);
}

/** The number of a blob that a version refers to, whether it is declared or not. */
export function useBlob(fold: Fold, blob: string): number {
  const id = internBlob(fold.db, blob);
  fold.db.run("UPDATE tree_blob SET used = 1 WHERE id = ? AND used = 0", id);
  standFor(fold, id);
  return id;
}

/**
 * A blob counts while a change that counts declares it or refers to it. Whoever declared it, its id proves its pieces: so
 * what a member took over from somebody who was cut later stays readable.
 */
function standFor(fold: Fold, blob: number): void {
  const { db, change } = fold;
  const isNew = db.run("INSERT OR IGNORE INTO tree_declared (change, blob) VALUES (?, ?)", change, blob) === 1;
  if (isNew && fold.counts) db.run("UPDATE tree_blob SET counting = counting + 1 WHERE id = ?", blob);
}

function internBlob(db: SqlDatabase, blob: string): number {
  const digest = fromHex(blob);
  const find = () => db.get<{ id: number }>("SELECT id FROM tree_blob WHERE digest = ?", digest)?.id;
  const known = find();
  if (known !== undefined) return known;
  db.run("INSERT INTO tree_blob (digest, counting, used) VALUES (?, 0, 0)", digest);
  return find() as number;
}

/** A blob that a counting change declares. */
export interface DeclaredBlob {
  readonly blob: string;
  /** 16 bytes in hexadecimal. */
  readonly salt: string;
  readonly pieces: readonly Piece[];
}

interface BlobRow {
  digest: Uint8Array;
  salt: Uint8Array;
  pieces: Uint8Array;
}

function packedBlob(db: SqlDatabase, blob: string): BlobRow | undefined {
  return db.get<BlobRow>(
    "SELECT digest, salt, pieces FROM tree_blob WHERE digest = ? AND counting > 0 AND pieces IS NOT NULL",
    fromHex(blob),
  );
}

function fromRow(row: BlobRow): DeclaredBlob {
  const count = row.pieces.length / PACKED_PIECE_BYTES;
  return {
    blob: toHex(row.digest),
    salt: toHex(row.salt),
    pieces: Array.from({ length: count }, (_, index) => unpackPiece(row.pieces, index) as Piece),
  };
}

/** A blob with its salt and pieces; undefined unless a counting change declares it. */
export function blobOf(db: SqlDatabase, blob: string): DeclaredBlob | undefined {
  const row = packedBlob(db, blob);
  return row === undefined ? undefined : fromRow(row);
}

/** A blob's pieces in order; undefined unless a counting change declares it. */
export function piecesOf(db: SqlDatabase, blob: string): readonly Piece[] | undefined {
  return blobOf(db, blob)?.pieces;
}

/** Every applied change that declares a blob or refers to it, whether it counts or not. */
export function changesOfBlob(db: SqlDatabase, blob: string): RecordDigest[] {
  return db
    .all<{ digest: Uint8Array }>(
      `SELECT r.digest FROM tree_blob b JOIN tree_declared t ON t.blob = b.id JOIN history_record r ON r.id = t.change
       WHERE b.digest = ?`,
      fromHex(blob),
    )
    .map(({ digest }) => toHex(digest));
}

/** The pieces of a blob that some applied change declares, whether it counts or not. */
export function knownPieces(db: SqlDatabase, blob: string): readonly Piece[] | undefined {
  const row = db.get<BlobRow>(
    "SELECT digest, salt, pieces FROM tree_blob WHERE digest = ? AND pieces IS NOT NULL",
    fromHex(blob),
  );
  return row && fromRow(row).pieces;
}

/** One piece of a blob, and where its bytes begin among the blob's; undefined if there is none. */
export function pieceOf(db: SqlDatabase, blob: string, index: number): Piece | undefined {
  const row = packedBlob(db, blob);
  return row === undefined ? undefined : unpackPiece(row.pieces, index);
}

/** All blobs that count, in no particular order. */
export function* allBlobs(db: SqlDatabase): IterableIterator<DeclaredBlob> {
  for (const { counting, ...blob } of knownBlobs(db)) if (counting) yield blob;
}

/** Every blob that some applied change declares, and whether it counts. */
export function* knownBlobs(db: SqlDatabase): IterableIterator<DeclaredBlob & { readonly counting: boolean }> {
  const PAGE = 100;
  for (let after = 0; ; ) {
    const rows = db.all<BlobRow & { id: number; counting: number }>(
      `SELECT id, digest, salt, pieces, counting FROM tree_blob
       WHERE id > ? AND pieces IS NOT NULL ORDER BY id LIMIT ?`,
      after,
      PAGE,
    );
    for (const row of rows) yield { ...fromRow(row), counting: row.counting > 0 };
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

/** One piece of a file, with the blob that holds it. */
export interface FilePiece extends Piece {
  readonly blob: string;
  /** Its place in the blob, from 0. */
  readonly index: number;
}

/**
 * The pieces of a version of a file, in order.
 *
 * @param version - Its extents and size in bytes, as its record says.
 * @throws ConclaveError `missing` if no counting change declares a blob that it needs, `corrupt` if its extents go beyond a
 *   blob or do not add up to its size.
 */
export function filePieces(
  db: SqlDatabase,
  version: { readonly extents: Extents; readonly size: number },
): FilePiece[] {
  const pieces = version.extents.flatMap((extent) => extentPieces(db, extent));
  const size = pieces.reduce((sum, piece) => sum + piece.sizeBytes, 0);
  if (size !== version.size) throw new ConclaveError("a file's pieces do not add up to its size", { code: "corrupt" }); // check: size
  return pieces;
}

function extentPieces(db: SqlDatabase, [blob, first, count]: Extents[number]): FilePiece[] {
  // Only the extent's own part: a blob of many small files has 160 KB of pieces, and each of the files asks.
  const row = db.get<{ pieces: Uint8Array }>(
    "SELECT substr(pieces, ?, ?) AS pieces FROM tree_blob WHERE digest = ? AND counting > 0 AND pieces IS NOT NULL",
    1 + first * PACKED_PIECE_BYTES,
    count * PACKED_PIECE_BYTES,
    fromHex(blob),
  );
  if (row === undefined) throw new ConclaveError(`no counting change declares blob ${blob}`, { code: "missing" });
  return Array.from({ length: count }, (_, offset) => {
    const piece = unpackPiece(row.pieces, offset);
    if (piece === undefined) throw new ConclaveError(`blob ${blob} has fewer pieces`, { code: "corrupt" }); // check: size
    return { ...piece, blob, index: first + offset };
  });
}

/** The blobs that a version's extents refer to, each once. */
export function blobsOf(extents: Extents): string[] {
  return [...new Set(extents.map(([blob]) => blob))];
}

/**
 * Pieces that a device has declared and no version refers to: what an upload that was broken off has left, so that it goes
 * on from there. By the piece's SHA-256.
 */
export function orphanPieces(db: SqlDatabase, device: DeviceKey): Map<string, FilePiece> {
  const rows = db.all<BlobRow>(
    `SELECT b.digest, b.salt, b.pieces FROM tree_blob b
     WHERE b.used = 0 AND b.counting > 0 AND b.pieces IS NOT NULL AND EXISTS (
       SELECT 1 FROM tree_declared t
       JOIN history_record r ON r.id = t.change JOIN history_lane l ON l.id = r.lane
       JOIN history_writer w ON w.id = l.writer JOIN history_device d ON d.id = w.device
       WHERE t.blob = b.id AND d.device = ?)`,
    fromHex(device),
  );
  const orphans = new Map<string, FilePiece>();
  for (const { blob, pieces } of rows.map(fromRow)) {
    for (const [index, piece] of pieces.entries()) orphans.set(piece.digest, { ...piece, blob, index });
  }
  return orphans;
}

/** Extents as they stand in records, of the numbers that lie in `tree_version`. */
export function readExtents(
  db: SqlDatabase,
  packed: Uint8Array | null,
  blobOfId: (id: number) => string = (id) => blobDigest(db, id),
): Extents {
  const numbers = unpackNumbers(packed);
  return Array.from({ length: numbers.length / 3 }, (_, index) => {
    const [blob, first, count] = numbers.slice(index * 3, index * 3 + 3) as [number, number, number];
    return [blobOfId(blob), first, count] as const;
  });
}

/** A blob's id by its number in the tables. */
export function blobDigest(db: SqlDatabase, id: number): string {
  const row = db.get<{ digest: Uint8Array }>("SELECT digest FROM tree_blob WHERE id = ?", id);
  if (row === undefined) throw new Error(`no blob ${id}`);
  return toHex(row.digest);
}
