import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { toUtf8 } from "../encoding/bytes.ts";
import { NAME_DIGEST_LENGTH } from "../encoding/digest.ts";
import { fromHex, toHex } from "../encoding/hex.ts";
import type { WriterId } from "../records/shapes.ts";

/**
 * How a writer is called in the names of its records files in one epoch: an HMAC under a key that only holders of the
 * epoch's identity can draw, so that nobody else can link a writer's files across epochs. SPEC.md §2.
 *
 * @param epochIdentity - `AGE-SECRET-KEY-…`, secret.
 * @returns 128 bits in hexadecimal.
 */
export function writerTag(epochIdentity: string, writer: WriterId): string {
  const key = hkdf(sha256, toUtf8(epochIdentity), undefined, toUtf8("conclave/v1/writer-tag"), 32);
  return toHex(hmac(sha256, key, fromHex(writer))).slice(0, NAME_DIGEST_LENGTH);
}
