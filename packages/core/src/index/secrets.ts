/** Secrets in the index are sealed under the device's key: a copy of the database alone opens nothing. SPEC.md §12. */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, toUtf8 } from "../encoding/bytes.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";

const NONCE_BYTES = 24;

function indexKey(signingKey: Uint8Array): Uint8Array {
  return hkdf(sha256, signingKey, undefined, toUtf8("conclave/v1/index"), 32);
}

/** Seals a short secret text under the device's signing key, with a random nonce of 24 bytes in front. */
export function sealSecret(
  crypto: Crypto,
  options: { readonly signingKey: Uint8Array; readonly secret: string },
): Uint8Array {
  const nonce = crypto.randomBytes(NONCE_BYTES);
  return concatBytes(nonce, xchacha20poly1305(indexKey(options.signingKey), nonce).encrypt(toUtf8(options.secret)));
}

/** Opens what {@link sealSecret} made; `corrupt` if the index belongs to another device or was altered. */
export function openSecret(options: { readonly signingKey: Uint8Array; readonly sealed: Uint8Array }): string {
  try {
    const nonce = options.sealed.subarray(0, NONCE_BYTES);
    const secret = xchacha20poly1305(indexKey(options.signingKey), nonce).decrypt(options.sealed.subarray(NONCE_BYTES));
    return new TextDecoder().decode(secret);
  } catch (cause) {
    throw new ConclaveError("the local index does not belong to this device's identity", { code: "corrupt", cause }); // check: key
  }
}
