import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, toUtf8 } from "./bytes.ts";
import { toHex } from "./hex.ts";

/** How many hexadecimal characters of a digest stand in a stored name: 128 bits. SPEC.md §2. */
export const NAME_DIGEST_LENGTH = 32;

/** SHA-256 in lower-case hexadecimal, for short inputs; bulk data goes through the `Crypto` port. */
export function sha256Hex(bytes: Uint8Array): string {
  return toHex(sha256(bytes));
}

/** The digest that a stored file carries in its name: the first 128 bits of its SHA-256. SPEC.md §2. */
export function nameDigest(bytes: Uint8Array): string {
  return sha256Hex(bytes).slice(0, NAME_DIGEST_LENGTH);
}

/** SHA-256 over a label, a zero byte and the parts, in hexadecimal. Labels stand in SPEC.md §2's table. */
export function labelledDigest(label: string, ...parts: readonly Uint8Array[]): string {
  return sha256Hex(concatBytes(toUtf8(label), new Uint8Array(1), ...parts));
}
