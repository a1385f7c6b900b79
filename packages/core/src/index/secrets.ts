/** Secrets on this machine are sealed under the device's key: a copy of the files alone opens nothing. SPEC.md §12. */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, toUtf8 } from "../encoding/bytes.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";

const NONCE_BYTES = 24;

/** Where a secret is kept: each place has a key of its own, so that nothing sealed for one opens in the other. */
export type SecretPlace = "index" | "accounts";

const LABELS: Readonly<Record<SecretPlace, string>> = {
  index: "conclave/v1/index",
  accounts: "conclave/v1/accounts",
};

function placeKey(signingKey: Uint8Array, place: SecretPlace): Uint8Array {
  return hkdf(sha256, signingKey, undefined, toUtf8(LABELS[place]), 32);
}

/** Seals a short secret text under the device's signing key, with a random nonce of 24 bytes in front. */
export function sealSecret(
  crypto: Crypto,
  options: { readonly signingKey: Uint8Array; readonly secret: string; readonly place?: SecretPlace },
): Uint8Array<ArrayBuffer> {
  const { signingKey, secret, place = "index" } = options;
  const nonce = crypto.randomBytes(NONCE_BYTES);
  return concatBytes(nonce, xchacha20poly1305(placeKey(signingKey, place), nonce).encrypt(toUtf8(secret)));
}

/** Opens what {@link sealSecret} made; `corrupt` if it belongs to another device or place, or was altered. */
export function openSecret(options: {
  readonly signingKey: Uint8Array;
  readonly sealed: Uint8Array;
  readonly place?: SecretPlace;
}): string {
  const { signingKey, sealed, place = "index" } = options;
  try {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const secret = xchacha20poly1305(placeKey(signingKey, place), nonce).decrypt(sealed.subarray(NONCE_BYTES));
    return new TextDecoder().decode(secret);
  } catch (cause) {
    const what = place === "index" ? "the local index does" : "the saved sign-ins do";
    throw new ConclaveError(`${what} not belong to this device's identity`, { code: "corrupt", cause }); // check: key
  }
}
