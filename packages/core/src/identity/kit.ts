/**
 * Recovery kits: 256 random bits as 24 words, and the keys that follow from them. SPEC.md §5.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bech32 } from "@scure/base";
import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { toUtf8 } from "../encoding/bytes.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import type { DeviceSecrets } from "./device.ts";

/** Random bytes behind a kit. */
export const KIT_SECRET_BYTES = 32;
/** Words of BIP 39's English list: 256 bits and 8 of checksum. */
export const KIT_WORDS = 24;
/** What a kit is called among a member's devices. */
export const KIT_LABEL = "recovery kit";

/** Draws the secret of a new kit: 32 bytes. */
export function newKitSecret(crypto: Crypto): Uint8Array<ArrayBuffer> {
  return crypto.randomBytes(KIT_SECRET_BYTES);
}

/** A kit's secret as 24 words, in lower case with one space between; secret. BIP 39. */
export function kitWords(kitSecret: Uint8Array): string {
  if (kitSecret.length !== KIT_SECRET_BYTES) {
    throw new ConclaveError(`a kit's secret has ${KIT_SECRET_BYTES} bytes`, { code: "malformed" }); // check: size
  }
  return entropyToMnemonic(kitSecret, wordlist);
}

/**
 * The secret behind words as somebody typed them: case, and what stands between words, do not matter.
 *
 * @throws ConclaveError `malformed`, saying which kind of mistake: how many words, which of them is not in the list
 *   (by its place, never quoted), or that they do not fit together.
 */
export function readKitWords(typed: string): Uint8Array<ArrayBuffer> {
  const words = typed
    .normalize("NFKD")
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== "");
  if (words.length !== KIT_WORDS) {
    throw new ConclaveError(`a recovery kit has ${KIT_WORDS} words, and these are ${words.length}`, {
      code: "malformed",
    }); // check: size
  }
  const unknown = words.flatMap((word, index) => (wordlist.includes(word) ? [] : [index + 1]));
  if (unknown.length > 0) {
    const which = unknown.length === 1 ? `word ${unknown[0]} is` : `words ${unknown.join(", ")} are`;
    throw new ConclaveError(`${which} not in the list of a recovery kit's words`, { code: "malformed" });
  }
  try {
    return new Uint8Array(mnemonicToEntropy(words.join(" "), wordlist));
  } catch {
    // The library's error is no cause to pass on: it could quote the words.
    throw new ConclaveError("the words do not fit together: one is wrong, or two changed places", {
      code: "malformed",
    }); // check: digest
  }
}

/**
 * The keys that follow from a kit's secret, always the same.
 *
 * @param kitSecret - 32 bytes, secret.
 */
export function kitDevice(kitSecret: Uint8Array): DeviceSecrets {
  if (kitSecret.length !== KIT_SECRET_BYTES) {
    throw new ConclaveError(`a kit's secret has ${KIT_SECRET_BYTES} bytes`, { code: "malformed" }); // check: size
  }
  return {
    label: KIT_LABEL,
    signingKey: derive(kitSecret, "conclave/v1/kit/signing"),
    hybridIdentity: ageIdentity("AGE-SECRET-KEY-PQ-", derive(kitSecret, "conclave/v1/kit/hybrid")),
    classicIdentity: ageIdentity("AGE-SECRET-KEY-", derive(kitSecret, "conclave/v1/kit/classic")),
  };
}

/** HKDF-SHA256 without salt: the input is already uniform. RFC 5869 §3.1. */
function derive(kitSecret: Uint8Array, label: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hkdf(sha256, kitSecret, undefined, toUtf8(label), 32));
}

/** Bech32 in upper case, as age writes identities. C2SP age v1. */
function ageIdentity(prefix: string, key: Uint8Array): string {
  return bech32.encodeFromBytes(prefix, key).toUpperCase();
}
