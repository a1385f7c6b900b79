/**
 * How a blob's pieces lie in an archive: a plain `ustar` file that any `tar` lists and extracts.
 *
 * Each piece is an entry named by its SHA-256, in the blob's order; then an entry `padding` of zero bytes brings the
 * archive to a Padmé number of blocks; then come the two zero blocks with which a tar ends. Nothing in an archive is
 * free: its bytes follow from the pieces, so nothing can hide in it, and Conclave never parses it. SPEC.md §9.
 */
import { equalBytes, toUtf8 } from "../encoding/bytes.ts";
import { ConclaveError } from "../errors.ts";
import { BLOB_PIECES_MAX, PIECE_BYTES, type Pieces } from "../records/change.ts";
import { padme } from "./padme.ts";

/** Bytes in a block, of which a tar is made. */
export const BLOCK_BYTES = 512;
/** Most blocks in an archive: eight pieces of {@link PIECE_BYTES} with what belongs to them fit exactly. */
export const ARCHIVE_BLOCKS_MAX = 65_536;
/** Length of the longest archive, in bytes: 32 MiB. */
export const ARCHIVE_BYTES_MAX: number = ARCHIVE_BLOCKS_MAX * BLOCK_BYTES;
/** Blocks behind the pieces of every archive, beside the zero bytes of `padding`: its header and the two zero blocks. */
export const END_BLOCKS = 3;

/** Name of the last entry. No digest is ever written like this. */
const PADDING_NAME = "padding";

/** Where everything lies in an archive. All offsets and lengths in bytes. */
export interface ArchiveLayout {
  /** Where each piece's own bytes begin; its header is the block before. */
  readonly offsets: readonly number[];
  /** Where the header of the entry `padding` begins. */
  readonly paddingOffset: number;
  /** How many zero bytes that entry holds. */
  readonly paddingBytes: number;
  /** Length of the whole archive: a Padmé number of blocks. */
  readonly length: number;
}

/** Blocks that a piece of `size` bytes takes: its header, and its bytes filled up with zeros. */
export function pieceBlocks(size: number): number {
  return 1 + Math.ceil(size / BLOCK_BYTES);
}

/**
 * The layout that follows from the sizes of a blob's pieces.
 *
 * @param sizes - Of each piece in order, in bytes.
 * @throws ConclaveError `limit` if a piece is empty or longer than `PIECE_BYTES`, or if there are no pieces, more than
 *   `BLOB_PIECES_MAX`, or more than fit into {@link ARCHIVE_BLOCKS_MAX}. SPEC.md §9.
 */
export function layoutOf(sizes: readonly number[]): ArchiveLayout {
  if (sizes.length === 0 || sizes.length > BLOB_PIECES_MAX) refuseSize(`a blob of ${sizes.length} pieces`); // check: size
  let blocks = 0;
  const offsets = sizes.map((size) => {
    if (!Number.isSafeInteger(size) || size < 1 || size > PIECE_BYTES) refuseSize(`a piece of ${size} bytes`); // check: size
    const offset = (blocks + 1) * BLOCK_BYTES;
    blocks += pieceBlocks(size);
    return offset;
  });
  if (blocks + END_BLOCKS > ARCHIVE_BLOCKS_MAX) refuseSize(`an archive of ${blocks + END_BLOCKS} blocks`); // check: size
  const length = padme(blocks + END_BLOCKS) * BLOCK_BYTES;
  const paddingOffset = blocks * BLOCK_BYTES;
  return { offsets, paddingOffset, paddingBytes: length - paddingOffset - END_BLOCKS * BLOCK_BYTES, length };
}

function refuseSize(what: string): never {
  throw new ConclaveError(`${what} is outside the limits`, { code: "limit" });
}

/**
 * The header block of one entry.
 *
 * | offset | bytes | field    | contents                                                                         |
 * | -----: | ----: | -------- | -------------------------------------------------------------------------------- |
 * |      0 |   100 | name     | 64 hexadecimal digits, or `padding`; then zeros                                  |
 * |    100 |     8 | mode     | `0000600`, zero                                                                  |
 * |    108 |     8 | uid      | `0000000`, zero                                                                  |
 * |    116 |     8 | gid      | `0000000`, zero                                                                  |
 * |    124 |    12 | size     | the entry's bytes: 11 octal digits, zero                                         |
 * |    136 |    12 | mtime    | `00000000000`, zero                                                              |
 * |    148 |     8 | chksum   | sum of all bytes of the block, these eight taken as spaces: 6 octal digits, zero, space |
 * |    156 |     1 | typeflag | `0`                                                                              |
 * |    157 |   100 | linkname | zeros                                                                            |
 * |    257 |     6 | magic    | `ustar`, zero                                                                    |
 * |    263 |     2 | version  | `00`                                                                             |
 * |    265 |    64 | uname, gname | zeros                                                                        |
 * |    329 |     8 | devmajor | `0000000`, zero                                                                  |
 * |    337 |     8 | devminor | `0000000`, zero                                                                  |
 * |    345 |   167 | prefix, rest | zeros                                                                        |
 *
 * Source: POSIX.1-2017, pax, "ustar Interchange Format". SPEC.md §9.
 */
export function entryHeader(options: { readonly name: string; readonly size: number }): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK_BYTES);
  const write = (offset: number, text: string) => block.set(toUtf8(text), offset);
  write(0, options.name);
  write(100, "0000600\x000000000\x000000000\0");
  write(124, `${octal(options.size, 11)}\0${octal(0, 11)}\0`);
  write(148, "        0");
  write(257, "ustar\x0000");
  write(329, "0000000\x000000000\0");
  const sum = block.reduce((total, byte) => total + byte, 0);
  write(148, `${octal(sum, 6)}\0 `);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

/**
 * Writes the headers around pieces whose bytes already lie where {@link layoutOf} says; everything else must be zero.
 *
 * @param archive - At least as long as the layout.
 * @returns The part of `archive` that is the finished archive.
 */
export function writeHeaders(archive: Uint8Array<ArrayBuffer>, pieces: Pieces): Uint8Array<ArrayBuffer> {
  const layout = layoutOf(pieces.map(([, size]) => size));
  for (const [name, size, offset] of entriesOf(pieces, layout)) {
    archive.set(entryHeader({ name, size }), offset - BLOCK_BYTES);
  }
  return archive.subarray(0, layout.length);
}

/**
 * Whether every byte of an archive that is no piece's own is what the layout says: headers, padding, end. Pieces
 * themselves are judged by their digests.
 */
export function hasFrameOf(archive: Uint8Array, pieces: Pieces): boolean {
  const layout = layoutOf(pieces.map(([, size]) => size));
  if (archive.length !== layout.length) return false; // check: size
  let end = 0;
  for (const [name, size, offset] of entriesOf(pieces, layout)) {
    if (!isZero(archive.subarray(end, offset - BLOCK_BYTES))) return false; // check: canonical
    if (!equalBytes(archive.subarray(offset - BLOCK_BYTES, offset), entryHeader({ name, size }))) return false; // check: canonical
    end = offset + size;
  }
  return isZero(archive.subarray(layout.paddingOffset + BLOCK_BYTES)); // check: canonical
}

/** All entries, `padding` included: name, size, and where the entry's bytes begin. */
function* entriesOf(pieces: Pieces, layout: ArchiveLayout): Generator<[name: string, size: number, offset: number]> {
  for (const [index, [digest, size]] of pieces.entries()) yield [digest, size, layout.offsets[index] as number];
  yield [PADDING_NAME, layout.paddingBytes, layout.paddingOffset + BLOCK_BYTES];
}

/** A loop, because a callback for each of a million bytes of padding would show. */
function isZero(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index++) if (bytes[index] !== 0) return false;
  return true;
}
