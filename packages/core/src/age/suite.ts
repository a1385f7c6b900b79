/**
 * Which of the two kinds of age keys a recipient or identity is, and whether anybody can seal to it. SPEC.md §5.
 */
import { bech32 } from "@scure/base";
import { identityToRecipient } from "age-encryption";
import { fromHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import type { Suite } from "../records/entry.ts";

const RECIPIENT_FORMS: Readonly<Record<Suite, RegExp>> = {
  hybrid: /^age1pq1[02-9ac-hj-np-z]{1952}$/,
  classic: /^age1[02-9ac-hj-np-z]{58}$/,
};
const IDENTITY_FORMS: Readonly<Record<Suite, RegExp>> = {
  hybrid: /^AGE-SECRET-KEY-PQ-1[02-9AC-HJ-NP-Z]{58}$/,
  classic: /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/,
};
const SUITES: readonly Suite[] = ["hybrid", "classic"];

/** Coefficients of an ML-KEM-768 key, 12 bits each, that stand before its 32-byte seed. FIPS 203, section 7.2. */
const KEM_COEFFICIENT_BYTES = 1152;
const KEM_KEY_BYTES = 1184;
const KEM_MODULUS = 3329;

/** u-coordinates under which X25519 always gives zero, sign bit cleared. RFC 7748 §6.1 wants that refused. */
const SMALL_ORDER_U: readonly Uint8Array[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map(fromHex);

/**
 * The suite of a recipient (`age1…`) or an identity (`AGE-SECRET-KEY-…`), by its form alone.
 *
 * @throws ConclaveError `malformed` for anything else, plugins' and passphrases' forms too.
 */
export function suiteOf(recipientOrIdentity: string): Suite {
  const suite = SUITES.find(
    (each) => RECIPIENT_FORMS[each].test(recipientOrIdentity) || IDENTITY_FORMS[each].test(recipientOrIdentity),
  );
  if (suite === undefined) throw new ConclaveError("text is no recipient or identity of age", { code: "malformed" });
  return suite;
}

/**
 * Refuses a recipient of another suite, and one that nobody could seal to: with it in a grant, no grant could be made at all.
 *
 * @param recipient - Public, not trusted.
 * @throws ConclaveError `unsupported` for the other suite, `malformed` for a key that no identity has.
 */
export function requireRecipient(recipient: string, suite: Suite): void {
  if (!RECIPIENT_FORMS[suite].test(recipient)) refuseForm(recipient, suite); // check: downgrade
  if (!isUsable(recipient, suite)) throw new ConclaveError("recipient cannot be sealed to", { code: "malformed" }); // check: key
}

/** Refuses an identity of another suite. It is secret: messages never quote it. */
export function requireIdentity(identity: string, suite: Suite): void {
  if (!IDENTITY_FORMS[suite].test(identity)) refuseForm(identity, suite); // check: downgrade
}

/**
 * Refuses an identity whose checksum does not fit, without computing its public half: for hybrid keys that takes long.
 *
 * @param identity - `AGE-SECRET-KEY-PQ-1…` or `AGE-SECRET-KEY-1…`, secret.
 * @throws ConclaveError `malformed`.
 */
export function requireWellTyped(identity: string): void {
  try {
    if (bech32.decodeToBytes(identity).bytes.length === 32) return; // check: key
  } catch {
    // The library's error could quote the secret: it is no cause to pass on.
  }
  throw new ConclaveError("identity is mistyped", { code: "malformed" });
}

/**
 * The public half of an identity.
 *
 * @param identity - `AGE-SECRET-KEY-PQ-1…` or `AGE-SECRET-KEY-1…`, secret.
 * @throws ConclaveError `malformed` if it is neither, or mistyped.
 */
export async function recipientOf(identity: string): Promise<string> {
  if (!SUITES.some((suite) => IDENTITY_FORMS[suite].test(identity))) {
    throw new ConclaveError("text is no identity of age", { code: "malformed" });
  }
  try {
    return await identityToRecipient(identity);
  } catch {
    // The library's error could quote the secret: it is no cause to pass on.
    throw new ConclaveError("identity is mistyped", { code: "malformed" });
  }
}

function refuseForm(key: string, suite: Suite): never {
  const other = suiteOf(key);
  throw new ConclaveError(`key is ${other}, and ${suite} is wanted`, { code: "unsupported" });
}

function isUsable(recipient: string, suite: Suite): boolean {
  let bytes: Uint8Array;
  try {
    bytes = bech32.fromWords(bech32.decode(recipient as `${string}1${string}`, false).words);
  } catch {
    return false;
  }
  if (suite === "classic") return bytes.length === 32 && !isSmallOrder(bytes);
  return (
    bytes.length === KEM_KEY_BYTES + 32 && hasReducedCoefficients(bytes) && !isSmallOrder(bytes.subarray(KEM_KEY_BYTES))
  );
}

/** FIPS 203's check of an encapsulation key: every coefficient is below the modulus. */
function hasReducedCoefficients(key: Uint8Array): boolean {
  for (let index = 0; index < KEM_COEFFICIENT_BYTES; index += 3) {
    const [a = 0, b = 0, c = 0] = key.subarray(index, index + 3);
    if ((a | ((b & 0x0f) << 8)) >= KEM_MODULUS || ((b >> 4) | (c << 4)) >= KEM_MODULUS) return false;
  }
  return true;
}

function isSmallOrder(u: Uint8Array): boolean {
  return SMALL_ORDER_U.some((small) =>
    small.every((byte, index) => byte === ((u[index] ?? 0) & (index === 31 ? 0x7f : 0xff))),
  );
}
