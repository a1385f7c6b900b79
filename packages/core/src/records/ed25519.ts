/**
 * Ed25519 with one verdict everywhere.
 *
 * Implementations disagree on non-canonical encodings and on points of small order, and a malicious member could split a
 * group by such a signature. So those are refused here, by plain comparison of bytes, before the platform verifies.
 * SPEC.md §4.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { fromHex, toHex } from "../encoding/hex.ts";
import type { Crypto } from "../ports/crypto.ts";

/** The order of the base point, L, little-endian. RFC 8032 §5.1. */
const ORDER = fromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
/** The field's prime, 2^255 - 19, little-endian. */
const PRIME = fromHex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");

/** y-coordinates of the eight points of small order, in canonical form, without the sign bit. */
const SMALL_ORDER_Y: readonly string[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
];

/** How many keys that were found admissible are remembered: every file that is read names some of the same few. */
const REMEMBERED_KEYS = 4096;
const admissible = new Set<string>();

/** Whether `left` < `right`, both little-endian and of one length. */
function isBelow(left: Uint8Array, right: Uint8Array): boolean {
  for (let index = left.length - 1; index >= 0; index--) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** The y-coordinate of an encoded point, in memory of its own: `slice` of Node's Buffer would share it with the key. */
function withoutSign(encoded: Uint8Array): Uint8Array {
  const y = new Uint8Array(encoded);
  y[31] = (y[31] ?? 0) & 0x7f;
  return y;
}

/** Whether 32 bytes encode a point in the one canonical way, as far as bytes can tell. */
function isCanonicalPoint(encoded: Uint8Array): boolean {
  const y = withoutSign(encoded);
  if (!isBelow(y, PRIME)) return false;
  // x = 0 has no negative: the points y = 1 and y = -1 with the sign bit set are second encodings.
  const signed = ((encoded[31] ?? 0) & 0x80) !== 0;
  return !(signed && (equals(y, SMALL_ORDER_Y[1]) || equals(y, SMALL_ORDER_Y[2])));
}

function equals(bytes: Uint8Array, hexadecimal: string | undefined): boolean {
  return hexadecimal !== undefined && fromHex(hexadecimal).every((byte, index) => byte === bytes[index]);
}

/** Whether 32 bytes are a point of small order: as a key, one under which one signature can fit any message. */
function isSmallOrder(encoded: Uint8Array): boolean {
  const y = withoutSign(encoded);
  return SMALL_ORDER_Y.some((small) => equals(y, small));
}

/**
 * Whether a key may be listed in a group: canonical, on the curve, not of small order, and free of torsion, so that
 * cofactorless and cofactored verification agree on it. Slow (one scalar multiplication), the first time for each key.
 *
 * @param verifyingKey - 32 bytes, public, not trusted.
 */
export function isAdmissibleKey(verifyingKey: Uint8Array): boolean {
  if (isSmallOrder(verifyingKey)) return false; // check: signature
  const name = toHex(verifyingKey);
  if (admissible.has(name)) return true;
  const isFree = isTorsionFreePoint(verifyingKey); // check: signature
  if (isFree && admissible.size < REMEMBERED_KEYS) admissible.add(name);
  return isFree;
}

/** The library reads points strictly: 32 bytes, the one encoding that each point has, on the curve. */
function isTorsionFreePoint(verifyingKey: Uint8Array): boolean {
  try {
    return ed25519.Point.fromBytes(verifyingKey).isTorsionFree();
  } catch {
    return false;
  }
}

/**
 * Whether `signature` is the key's signature of `message`, by the strict verdict of SPEC.md §4.
 *
 * @param options.verifyingKey - 32 bytes.
 * @param options.signature - 64 bytes, not trusted.
 */
export async function verifySignature(
  crypto: Crypto,
  options: { readonly verifyingKey: Uint8Array; readonly signature: Uint8Array; readonly message: Uint8Array },
): Promise<boolean> {
  const { verifyingKey, signature } = options;
  if (verifyingKey.length !== 32 || signature.length !== 64) return false; // check: size
  if (!isCanonicalPoint(verifyingKey) || isSmallOrder(verifyingKey)) return false; // check: signature
  const r = signature.subarray(0, 32);
  // An R of small order is in no honest signature, and platforms differ on it: one refuses it, another does not.
  if (!isCanonicalPoint(r) || isSmallOrder(r)) return false; // check: signature
  if (!isBelow(signature.subarray(32), ORDER)) return false; // check: signature
  return crypto.verify(options); // check: signature
}
