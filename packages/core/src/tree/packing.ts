/** How lists of numbers and pieces lie in one column, where a row for each would be too many. */
import { fromHex, toHex } from "../encoding/hex.ts";
import type { Pieces } from "../records/change.ts";

/** Bytes of one packed piece: SHA-256, then its size as a big-endian 64-bit number. Also what a blob's id is drawn from. */
export const PACKED_PIECE_BYTES = 40;

/** A blob's pieces in order, {@link PACKED_PIECE_BYTES} each. */
export function packPieces(pieces: Pieces): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(pieces.length * PACKED_PIECE_BYTES);
  const view = new DataView(packed.buffer);
  pieces.forEach(([digest, size], index) => {
    packed.set(fromHex(digest), index * PACKED_PIECE_BYTES);
    view.setBigUint64(index * PACKED_PIECE_BYTES + 32, BigInt(size));
  });
  return packed;
}

/** One piece of a packed blob. */
export interface Piece {
  /** SHA-256 in hexadecimal. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** The piece at `index` of packed ones; undefined beyond them. */
export function unpackPiece(packed: Uint8Array, index: number): Piece | undefined {
  const start = index * PACKED_PIECE_BYTES;
  if (index < 0 || start >= packed.length) return undefined;
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  return {
    digest: toHex(packed.subarray(start, start + 32)),
    sizeBytes: Number(view.getBigUint64(start + 32)),
  };
}

/** Numbers below 2^32, four bytes each; null for none. */
export function packNumbers(numbers: readonly number[]): Uint8Array<ArrayBuffer> | null {
  if (numbers.length === 0) return null;
  const packed = new Uint8Array(numbers.length * 4);
  const view = new DataView(packed.buffer);
  numbers.forEach((number, index) => {
    view.setUint32(index * 4, number);
  });
  return packed;
}

/** What {@link packNumbers} packed. */
export function unpackNumbers(packed: Uint8Array | null): number[] {
  if (packed === null) return [];
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  return Array.from({ length: packed.length / 4 }, (_, index) => view.getUint32(index * 4));
}
