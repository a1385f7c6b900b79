/**
 * age's payload with Node's own cipher: STREAM over ChaCha20-Poly1305 in chunks of 64 KiB. C2SP age v1, "Payload".
 *
 * This file runs in worker threads too, started from sources as from `dist`, so it imports nothing but Node's modules.
 * Lengths are checked by the callers.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from "node:crypto";

const CIPHER = "chacha20-poly1305";
const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
const OPTIONS = { authTagLength: TAG_BYTES };

/** The key of one payload: HKDF of the file key, salted with the payload's nonce. */
function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", fileKey, nonce, "payload", 32));
}

/** An 11-byte big-endian counter, then 1 for the file's last chunk. */
function chunkNonce(number: number, last: boolean): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(7, number);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** Memory of its own that is written in full before anybody reads it, so not cleared first. */
function unclearedBytes(length: number): Uint8Array<ArrayBuffer> {
  const { buffer } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer, 0, length);
}

/** What sealing needs; as `Crypto.sealPayload` of the core. */
export interface SealOptions {
  readonly header: Uint8Array;
  readonly fileKey: Uint8Array;
  readonly nonce: Uint8Array;
  readonly plaintext: Uint8Array<ArrayBuffer>;
}

/** What opening needs; as `Crypto.openPayload` of the core. */
export interface OpenOptions {
  readonly fileKey: Uint8Array;
  readonly nonce: Uint8Array;
  readonly chunks: Uint8Array<ArrayBuffer>;
  readonly firstChunk: number;
  readonly last: boolean;
}

/**
 * Seals a whole file and digests it.
 *
 * @param memory.inPlace - Whether the plaintext's own memory may become the sealed file's, if there is room behind it: memory
 *   that was never touched costs as much as half of the sealing.
 */
export function sealNatively(
  options: SealOptions,
  memory: { readonly inPlace: boolean },
): { sealed: Uint8Array<ArrayBuffer>; digest: Uint8Array<ArrayBuffer> } {
  const { header, nonce, plaintext } = options;
  const key = payloadKey(options.fileKey, nonce);
  const payloadOffset = header.length + nonce.length;
  const count = Math.max(1, Math.ceil(plaintext.length / CHUNK_BYTES));
  const length = payloadOffset + plaintext.length + count * TAG_BYTES;
  // An archive that was opened where it lay has the room before it that its old header took.
  const start = Math.max(0, plaintext.byteOffset - payloadOffset);
  const hasRoom = start + length <= plaintext.buffer.byteLength;
  const sealed = memory.inPlace && hasRoom ? new Uint8Array(plaintext.buffer, start, length) : unclearedBytes(length);
  // From the last chunk to the first, as each lies further back when sealed: in place, none is overwritten unread.
  for (let number = count - 1; number >= 0; number--) {
    const chunk = plaintext.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES);
    const offset = payloadOffset + number * SEALED_CHUNK_BYTES;
    const end = offset + chunk.length;
    const cipher = createCipheriv(CIPHER, key, chunkNonce(number, number === count - 1), OPTIONS);
    sealed.set(cipher.update(chunk), offset);
    cipher.final();
    sealed.set(cipher.getAuthTag(), end);
  }
  sealed.set(header);
  sealed.set(nonce, header.length);
  return { sealed, digest: new Uint8Array(createHash("sha256").update(sealed).digest()) };
}

/**
 * Opens consecutive whole chunks; undefined if any of them does not open.
 *
 * @param memory.inPlace - Whether the plaintext may lie where the chunks were.
 */
export function openNatively(
  options: OpenOptions,
  memory: { readonly inPlace: boolean },
): Uint8Array<ArrayBuffer> | undefined {
  const { chunks, firstChunk, last } = options;
  const key = payloadKey(options.fileKey, options.nonce);
  const count = Math.ceil(chunks.length / SEALED_CHUNK_BYTES);
  const length = chunks.length - count * TAG_BYTES;
  const plaintext = memory.inPlace ? chunks.subarray(0, length) : unclearedBytes(length);
  for (let index = 0; index < count; index++) {
    const chunk = chunks.subarray(index * SEALED_CHUNK_BYTES, (index + 1) * SEALED_CHUNK_BYTES);
    const nonce = chunkNonce(firstChunk + index, last && index === count - 1);
    const opened = openChunk({ key, nonce, chunk });
    // Nothing leaves this function then, not even the chunks that opened.
    if (opened === undefined) return undefined; // check: digest
    plaintext.set(opened, index * CHUNK_BYTES);
  }
  return plaintext;
}

function openChunk(options: {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly chunk: Uint8Array;
}): Uint8Array | undefined {
  const { key, nonce, chunk } = options;
  const tagOffset = chunk.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonce, OPTIONS).setAuthTag(chunk.subarray(tagOffset));
  const opened = decipher.update(chunk.subarray(0, tagOffset));
  try {
    decipher.final();
    return opened;
  } catch {
    return undefined;
  }
}
