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

/** Seals a whole file into one allocation and digests it chunk by chunk, while the chunk is still in the processor's cache. */
export function sealNatively(options: SealOptions): {
  sealed: Uint8Array<ArrayBuffer>;
  digest: Uint8Array<ArrayBuffer>;
} {
  const { header, nonce, plaintext } = options;
  const key = payloadKey(options.fileKey, nonce);
  const count = Math.max(1, Math.ceil(plaintext.length / CHUNK_BYTES));
  const sealed = unclearedBytes(header.length + nonce.length + plaintext.length + count * TAG_BYTES);
  sealed.set(header);
  sealed.set(nonce, header.length);
  let offset = header.length + nonce.length;
  const hash = createHash("sha256").update(sealed.subarray(0, offset));
  for (let number = 0; number < count; number++) {
    const chunk = plaintext.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES);
    const cipher = createCipheriv(CIPHER, key, chunkNonce(number, number === count - 1), OPTIONS);
    sealed.set(cipher.update(chunk), offset);
    cipher.final();
    sealed.set(cipher.getAuthTag(), offset + chunk.length);
    const end = offset + chunk.length + TAG_BYTES;
    hash.update(sealed.subarray(offset, end));
    offset = end;
  }
  return { sealed, digest: new Uint8Array(hash.digest()) };
}

/** Opens consecutive whole chunks; undefined if any of them does not open. */
export function openNatively(options: OpenOptions): Uint8Array<ArrayBuffer> | undefined {
  const { chunks, firstChunk, last } = options;
  const key = payloadKey(options.fileKey, options.nonce);
  const count = Math.ceil(chunks.length / SEALED_CHUNK_BYTES);
  const plaintext = unclearedBytes(chunks.length - count * TAG_BYTES);
  for (let index = 0; index < count; index++) {
    const chunk = chunks.subarray(index * SEALED_CHUNK_BYTES, (index + 1) * SEALED_CHUNK_BYTES);
    const body = chunk.subarray(0, chunk.length - TAG_BYTES);
    const nonce = chunkNonce(firstChunk + index, last && index === count - 1);
    const decipher = createDecipheriv(CIPHER, key, nonce, OPTIONS).setAuthTag(chunk.subarray(body.length));
    plaintext.set(decipher.update(body), index * CHUNK_BYTES);
    try {
      decipher.final();
    } catch {
      // Nothing of the file leaves this function, not even the chunks that opened.
      plaintext.fill(0);
      return undefined; // check: digest
    }
  }
  return plaintext;
}
