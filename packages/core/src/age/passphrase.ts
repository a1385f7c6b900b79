/**
 * Age files under a passphrase, as stock `age -p` makes and opens them. C2SP age v1, "scrypt recipient stanza".
 *
 * The stanza is our own, because the library's takes work factors that are absurdly low, and hashes in JavaScript.
 */
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { base64nopad } from "@scure/base";
import { Decrypter, Stanza } from "age-encryption";
import { concatBytes, toUtf8 } from "../encoding/bytes.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import { NONCE_BYTES } from "./chunks.ts";
import { sealHeaderFor } from "./header.ts";

/** Work factors (logarithms of scrypt's N) that are opened: below is no protection, above is a trap. SPEC.md §12. */
export const WORK_FACTOR_MIN = 12;
export const WORK_FACTOR_MAX = 20;
const SALT_BYTES = 16;
const SALT_LABEL = toUtf8("age-encryption.org/v1/scrypt");

/** scrypt with r = 8 and p = 1, to 32 bytes; N is 2 to the `workFactor`. RFC 7914. */
export type Scrypt = (options: {
  readonly passphrase: Uint8Array;
  readonly salt: Uint8Array;
  readonly workFactor: number;
}) => Promise<Uint8Array>;

/** A header of one scrypt stanza, of the one form that age writes; the salt and the work factor in groups. */
const HEADER =
  /^age-encryption\.org\/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n[A-Za-z0-9+/]{43}\n--- [A-Za-z0-9+/]{43}\n/;
/** No such header is longer. */
const HEADER_BYTES_MAX = 160;

/**
 * Seals a file under a passphrase.
 *
 * @param options.passphrase - Secret, as typed; not empty.
 * @param options.workFactor - {@link WORK_FACTOR_MIN} to {@link WORK_FACTOR_MAX}.
 * @param options.plaintext - Taken over.
 */
export async function sealWithPassphrase(
  crypto: Crypto,
  options: {
    readonly passphrase: string;
    readonly workFactor: number;
    readonly plaintext: Uint8Array<ArrayBuffer>;
    readonly scrypt: Scrypt;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const { passphrase, workFactor, scrypt } = options;
  if (passphrase === "") throw new ConclaveError("passphrase is empty", { code: "malformed" }); // check: size
  if (workFactor < WORK_FACTOR_MIN || workFactor > WORK_FACTOR_MAX) refuseWorkFactor(); // check: downgrade
  const salt = crypto.randomBytes(SALT_BYTES);
  const key = await stretch(scrypt, { passphrase, salt, workFactor });
  const { header, fileKey } = await sealHeaderFor([
    {
      wrapFileKey: (wrapped) => [
        new Stanza(["scrypt", base64nopad.encode(salt), String(workFactor)], cipher(key).encrypt(wrapped)),
      ],
    },
  ]);
  const nonce = crypto.randomBytes(NONCE_BYTES);
  return (await crypto.sealPayload({ header, fileKey, nonce, plaintext: options.plaintext })).sealed;
}

/**
 * Opens a file under a passphrase.
 *
 * @param options.sealed - Not trusted. Taken over.
 * @throws ConclaveError `corrupt` for a file of another form; `limit` for a work factor that is too low or too high, before
 *   any hashing; `wrong-passphrase`; `corrupt` if the passphrase fits and the rest was altered.
 */
export async function openWithPassphrase(
  crypto: Crypto,
  options: { readonly sealed: Uint8Array<ArrayBuffer>; readonly passphrase: string; readonly scrypt: Scrypt },
): Promise<Uint8Array<ArrayBuffer>> {
  const { sealed, passphrase } = options;
  const { length, salt, workFactor } = readHeader(sealed);
  const key = await stretch(options.scrypt, { passphrase, salt, workFactor });
  const fileKey = await openHeaderWith(key, sealed.slice(0, length));
  const nonce = sealed.slice(length, length + NONCE_BYTES);
  const chunks = sealed.subarray(length + NONCE_BYTES);
  return crypto.openPayload({ fileKey, nonce, chunks, firstChunk: 0, last: true });
}

/** Reads what decides on the cost before anything is hashed. */
function readHeader(sealed: Uint8Array): { length: number; salt: Uint8Array; workFactor: number } {
  const start = String.fromCharCode(...sealed.subarray(0, HEADER_BYTES_MAX));
  const [header, salt, workFactor] = HEADER.exec(start) ?? refuse();
  if (Number(workFactor) < WORK_FACTOR_MIN || Number(workFactor) > WORK_FACTOR_MAX) refuseWorkFactor(); // check: downgrade
  return { length: header.length, salt: decodeSalt(salt ?? ""), workFactor: Number(workFactor) };
}

/** Unpadded base64 with bits left over is no salt that anybody wrote. */
function decodeSalt(text: string): Uint8Array {
  try {
    return base64nopad.decode(text);
  } catch {
    refuse();
  }
}

async function openHeaderWith(key: Uint8Array, header: Uint8Array): Promise<Uint8Array> {
  let fits = false;
  const decrypter = new Decrypter();
  decrypter.addIdentity({
    unwrapFileKey([stanza]) {
      const fileKey = unwrap(key, stanza?.body ?? new Uint8Array(0));
      fits = fileKey !== null;
      return fileKey;
    },
  });
  try {
    return await decrypter.decryptHeader(header);
  } catch {
    if (fits) refuse(); // check: digest
    throw new ConclaveError("passphrase does not fit", { code: "wrong-passphrase" }); // check: key
  }
}

function unwrap(key: Uint8Array, body: Uint8Array): Uint8Array | null {
  try {
    return cipher(key).decrypt(body);
  } catch {
    return null;
  }
}

/** The key is used for one file key only, so the nonce is zero. C2SP age v1. */
function cipher(key: Uint8Array) {
  return chacha20poly1305(key, new Uint8Array(12));
}

function stretch(
  scrypt: Scrypt,
  options: { readonly passphrase: string; readonly salt: Uint8Array; readonly workFactor: number },
): Promise<Uint8Array> {
  const { passphrase, salt, workFactor } = options;
  return scrypt({ passphrase: toUtf8(passphrase), salt: concatBytes(SALT_LABEL, salt), workFactor });
}

function refuse(): never {
  throw new ConclaveError("passphrase file does not open", { code: "corrupt" });
}

function refuseWorkFactor(): never {
  throw new ConclaveError(`work factor of a passphrase file is not ${WORK_FACTOR_MIN} to ${WORK_FACTOR_MAX}`, {
    code: "limit",
  });
}
