/**
 * The arithmetic of an age payload: which sealed bytes hold which plaintext. C2SP age v1, "Payload".
 */
import { ConclaveError } from "../errors.ts";

/** Plaintext bytes in every chunk but the last, which has 1 to this many (0 only in an empty file). */
export const CHUNK_BYTES: number = 64 * 1024;
/** Poly1305's tag behind each chunk. */
export const TAG_BYTES = 16;
/** The random nonce between header and chunks. */
export const NONCE_BYTES = 16;
/** A whole chunk as stored. */
export const SEALED_CHUNK_BYTES: number = CHUNK_BYTES + TAG_BYTES;
/** Largest number of a chunk that this code counts to; files end long before it. */
const CHUNK_NUMBER_MAX = 2 ** 32 - 1;

/** How long the chunks of a plaintext of that many bytes are together, without header and nonce. */
export function sealedLength(plaintextLength: number): number {
  requireLength(plaintextLength);
  return plaintextLength + TAG_BYTES * Math.max(1, Math.ceil(plaintextLength / CHUNK_BYTES));
}

/**
 * How many bytes of plaintext chunks of that many bytes together hold.
 *
 * @param sealed - Length of all chunks of a file, without header and nonce.
 * @throws ConclaveError `corrupt` for a length that no plaintext gives: a cut file.
 */
export function plaintextLength(sealed: number): number {
  requireLength(sealed);
  const rest = sealed % SEALED_CHUNK_BYTES;
  const whole = Math.floor(sealed / SEALED_CHUNK_BYTES);
  // A last chunk that is only a tag is possible in an empty file and nowhere else.
  if (sealed !== TAG_BYTES && (sealed < TAG_BYTES || (rest > 0 && rest <= TAG_BYTES))) {
    throw new ConclaveError(`no age payload has ${sealed} bytes`, { code: "corrupt" }); // check: cut
  }
  return whole * CHUNK_BYTES + Math.max(0, rest - TAG_BYTES);
}

/** Which sealed bytes to fetch for a range of plaintext, and what to do with them. */
export interface ChunkRange {
  /** Number of the first chunk, from 0. */
  readonly firstChunk: number;
  /** First sealed byte, counted from the first chunk: add the length of header and nonce. */
  readonly sealedOffset: number;
  /** How many sealed bytes. */
  readonly sealedLength: number;
  /** Whether the file's last chunk is among them. */
  readonly last: boolean;
  /** How many bytes of the opened chunks come before the range. */
  readonly skip: number;
}

/**
 * The whole chunks that cover `length` bytes of plaintext from `offset`.
 *
 * @param range.plaintextLength - Of the whole file. What the storage says of a length is no source for it.
 * @throws ConclaveError `malformed` if the range is empty or not within the plaintext.
 */
export function chunkRange(range: {
  readonly offset: number;
  readonly length: number;
  readonly plaintextLength: number;
}): ChunkRange {
  const { offset, length, plaintextLength } = range;
  for (const value of [offset, length, plaintextLength]) requireLength(value);
  if (length === 0 || offset + length > plaintextLength) {
    throw new ConclaveError(`no ${length} bytes at ${offset} in a file of ${plaintextLength}`, { code: "malformed" }); // check: size
  }
  const firstChunk = Math.floor(offset / CHUNK_BYTES);
  const lastChunk = Math.floor((offset + length - 1) / CHUNK_BYTES);
  const sealedOffset = firstChunk * SEALED_CHUNK_BYTES;
  const sealedEnd = Math.min((lastChunk + 1) * SEALED_CHUNK_BYTES, sealedLength(plaintextLength));
  return {
    firstChunk,
    sealedOffset,
    sealedLength: sealedEnd - sealedOffset,
    last: (lastChunk + 1) * CHUNK_BYTES >= plaintextLength,
    skip: offset - firstChunk * CHUNK_BYTES,
  };
}

/** Writes the nonce of one chunk: an 11-byte big-endian counter, then 1 for the file's last chunk. */
export function writeChunkNonce(into: Uint8Array, number: number, last: boolean): void {
  new DataView(into.buffer, into.byteOffset, into.byteLength).setUint32(7, number);
  into[11] = last ? 1 : 0;
}

/**
 * The shape of consecutive sealed chunks, checked: where each lies in the sealed bytes and in the plaintext.
 * `corrupt` if their length does not fit.
 */
export function chunkLayout(options: {
  readonly sealedLength: number;
  readonly firstChunk: number;
  readonly last: boolean;
}): { readonly count: number; readonly plaintextLength: number } {
  const { sealedLength: sealed, firstChunk, last } = options;
  const count = Math.ceil(sealed / SEALED_CHUNK_BYTES);
  const plaintext = plaintextLength(sealed);
  const isEmptyTail = plaintext === 0 && (firstChunk > 0 || !last);
  const isCut = !last && sealed % SEALED_CHUNK_BYTES !== 0;
  if (isEmptyTail || isCut || firstChunk + count - 1 > CHUNK_NUMBER_MAX) {
    throw new ConclaveError(`${sealed} bytes are no chunks of an age payload`, { code: "corrupt" }); // check: cut
  }
  return { count, plaintextLength: plaintext };
}

function requireLength(length: number): void {
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new ConclaveError("a length is not a whole number of bytes", { code: "malformed" }); // check: size
  }
}
