/** Signatures that fit the equation and are none: a platform alone would take them. SPEC.md §4. */
import { createHash } from "node:crypto";
import { concatBytes } from "../../packages/core/src/encoding/bytes.ts";
import { fromHex } from "../../packages/core/src/encoding/hex.ts";
import { verifyingKeyOf } from "../../packages/core/src/identity/device.ts";

/** L, the order of the base point. RFC 8032 §5.1. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The neutral point, as a verifying key: of small order. */
export const NEUTRAL_KEY: string = `01${"00".repeat(31)}`;

/** R is the base point and S is 1: under {@link NEUTRAL_KEY} that fits every message. */
export const FITS_ANYTHING: Uint8Array = fromHex(`58${"66".repeat(31)}01${"00".repeat(31)}`);

/** What the key's owner can make: R is the neutral point, and S the secret scalar times the challenge. */
export function withNeutralR(options: { readonly signingKey: Uint8Array; readonly message: Uint8Array }): Uint8Array {
  const { signingKey, message } = options;
  const secret = createHash("sha512").update(signingKey).digest().subarray(0, 32);
  secret[0] = (secret[0] ?? 0) & 248;
  secret[31] = ((secret[31] ?? 0) & 63) | 64;
  const start = concatBytes(fromHex(NEUTRAL_KEY), fromHex(verifyingKeyOf(signingKey)), message);
  const challenge = createHash("sha512").update(start).digest();
  return concatBytes(
    fromHex(NEUTRAL_KEY),
    littleEndian((fromLittleEndian(challenge) * fromLittleEndian(secret)) % ORDER),
  );
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}
