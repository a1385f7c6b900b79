/**
 * age's payload in JavaScript: STREAM over ChaCha20-Poly1305 in chunks of 64 KiB. C2SP age v1, "Payload".
 */
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { toUtf8 } from "../encoding/bytes.ts";
import { ConclaveError } from "../errors.ts";
import { CHUNK_BYTES, chunkLayout, SEALED_CHUNK_BYTES, sealedLength, TAG_BYTES, writeChunkNonce } from "./chunks.ts";

const CHUNK_NONCE_BYTES = 12;

/** The key of one payload: HKDF of the file key, salted with the payload's nonce. */
function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return hkdf(sha256, fileKey, nonce, toUtf8("payload"), 32);
}

/** Seals a payload behind its header and nonce: the whole file, in one allocation. */
export function sealStream(options: {
  readonly header: Uint8Array;
  readonly fileKey: Uint8Array;
  readonly nonce: Uint8Array;
  readonly plaintext: Uint8Array;
}): Uint8Array<ArrayBuffer> {
  const { header, nonce, plaintext } = options;
  const key = payloadKey(options.fileKey, nonce);
  const payloadOffset = header.length + nonce.length;
  const sealed = new Uint8Array(payloadOffset + sealedLength(plaintext.length));
  sealed.set(header);
  sealed.set(nonce, header.length);
  const count = Math.max(1, Math.ceil(plaintext.length / CHUNK_BYTES));
  const chunkNonce = new Uint8Array(CHUNK_NONCE_BYTES);
  for (let number = 0; number < count; number++) {
    const chunk = plaintext.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES);
    const offset = payloadOffset + number * SEALED_CHUNK_BYTES;
    writeChunkNonce(chunkNonce, number, number === count - 1);
    chacha20poly1305(key, chunkNonce).encrypt(chunk, sealed.subarray(offset, offset + chunk.length + TAG_BYTES));
  }
  return sealed;
}

/** Opens consecutive whole chunks. As `Crypto.openPayload`. */
export function openStream(options: {
  readonly fileKey: Uint8Array;
  readonly nonce: Uint8Array;
  readonly chunks: Uint8Array;
  readonly firstChunk: number;
  readonly last: boolean;
}): Uint8Array<ArrayBuffer> {
  const { chunks, firstChunk, last } = options;
  const { count, plaintextLength } = chunkLayout({ sealedLength: chunks.length, firstChunk, last });
  const key = payloadKey(options.fileKey, options.nonce);
  const plaintext = new Uint8Array(plaintextLength);
  const chunkNonce = new Uint8Array(CHUNK_NONCE_BYTES);
  for (let index = 0; index < count; index++) {
    writeChunkNonce(chunkNonce, firstChunk + index, last && index === count - 1);
    const chunk = chunks.subarray(index * SEALED_CHUNK_BYTES, (index + 1) * SEALED_CHUNK_BYTES);
    const offset = index * CHUNK_BYTES;
    openChunk({ key, nonce: chunkNonce, chunk, into: plaintext.subarray(offset, offset + chunk.length - TAG_BYTES) });
  }
  return plaintext;
}

function openChunk(options: {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly chunk: Uint8Array;
  readonly into: Uint8Array;
}): void {
  try {
    chacha20poly1305(options.key, options.nonce).decrypt(options.chunk, options.into);
  } catch {
    throw new ConclaveError("age payload does not open", { code: "corrupt" }); // check: digest
  }
}
