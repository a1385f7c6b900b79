/**
 * Whole age files: header by the library, payload by the `Crypto` port. SPEC.md §4.
 */
import { ConclaveError } from "../errors.ts";
import type { Crypto, SealedPayload } from "../ports/crypto.ts";
import type { Suite } from "../records/entry.ts";
import { NONCE_BYTES, plaintextLength, sealedLength } from "./chunks.ts";
import { headerBytes, openHeader, sealHeader } from "./header.ts";

/** How long a file with that many bytes of plaintext and stanzas (default 1) is as stored. */
export function fileLength(suite: Suite, plaintext: number, stanzas = 1): number {
  return headerBytes(suite, stanzas) + NONCE_BYTES + sealedLength(plaintext);
}

/** How many bytes of plaintext a stored file of that length holds; `corrupt` if no file has that length. */
export function filePlaintextLength(suite: Suite, stored: number, stanzas = 1): number {
  const sealed = stored - headerBytes(suite, stanzas) - NONCE_BYTES;
  if (sealed < 0) throw new ConclaveError(`no age file has ${stored} bytes`, { code: "corrupt" }); // check: cut
  return plaintextLength(sealed);
}

/**
 * Memory for a plaintext that {@link sealFile} will seal, zeroed, with room behind it for what sealing adds: so a large file
 * can be sealed where it lies. Any other memory does too.
 */
export function plaintextMemory(options: {
  readonly suite: Suite;
  readonly length: number;
  readonly stanzas?: number;
}): Uint8Array<ArrayBuffer> {
  return new Uint8Array(fileLength(options.suite, options.length, options.stanzas)).subarray(0, options.length);
}

/**
 * Seals an age file to recipients, with a fresh file key and a fresh nonce.
 *
 * @param options.recipients - 1 to `STANZAS_MAX`, all of `suite`.
 * @param options.plaintext - Taken over: the caller must not touch it or its buffer again.
 * @throws ConclaveError `limit`, `malformed` or `unsupported` for recipients that cannot be sealed to.
 */
export async function sealFile(
  crypto: Crypto,
  options: {
    readonly recipients: readonly string[];
    readonly plaintext: Uint8Array<ArrayBuffer>;
    readonly suite: Suite;
  },
): Promise<SealedPayload> {
  const { header, fileKey } = await sealHeader(options);
  const nonce = crypto.randomBytes(NONCE_BYTES);
  return crypto.sealPayload({ header, fileKey, nonce, plaintext: options.plaintext });
}

/**
 * Opens a whole age file.
 *
 * @param options.sealed - As stored, not trusted. Taken over: the caller must not touch it or its buffer again.
 * @param options.identities - Of `suite`, tried in order; secret.
 * @param options.maxStanzas - Default 1, as every file of an epoch has.
 * @returns The plaintext, in memory of its own.
 * @throws ConclaveError `corrupt`, without saying why: altered, cut, foreign, or not for these identities.
 */
export async function openFile(
  crypto: Crypto,
  options: {
    readonly sealed: Uint8Array<ArrayBuffer>;
    readonly identities: readonly string[];
    readonly suite: Suite;
    readonly maxStanzas?: number;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const { sealed } = options;
  const { fileKey, nonce, payloadOffset } = await openHeader({ ...options, start: sealed });
  try {
    return await crypto.openPayload({
      fileKey,
      nonce,
      chunks: sealed.subarray(payloadOffset),
      firstChunk: 0,
      last: true,
    });
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    throw new ConclaveError("age file does not open", { code: "corrupt" });
  }
}
