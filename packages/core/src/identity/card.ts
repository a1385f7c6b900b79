/**
 * Cards: a person's public keys under a name, signed by the device that they name. SPEC.md §5.
 */
import { requireRecipient } from "../age/suite.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { fromHex, toHex } from "../encoding/hex.ts";
import { readLine } from "../encoding/strict.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import { type Card, card as cardShape, type PublicKeys } from "../records/card.ts";
import { isAdmissibleKey } from "../records/ed25519.ts";
import type { MemberId } from "../records/shapes.ts";
import { decodeSignedLines, encodeSignedLine, isSignedBy, type SignedLine, signLine } from "../records/signed-line.ts";
import { type DeviceSecrets, publicKeysOf } from "./device.ts";

/** Largest card file that is looked at. */
export const CARD_BYTES_MAX: number = 16 * 1024;

/** A card that was checked, with its bytes as they travel. */
export interface SignedCard {
  readonly card: Card;
  readonly signed: SignedLine;
  /** Who they are, once admitted with this card: the digest of its line. */
  readonly member: MemberId;
}

/**
 * Makes a person's card.
 *
 * @param options.kit - Public halves of the person's recovery kit.
 * @param options.time - Claimed, milliseconds since 1970.
 * @throws ConclaveError `malformed` for a name or label over 256 bytes, or empty.
 */
export async function makeCard(
  crypto: Crypto,
  options: { readonly name: string; readonly device: DeviceSecrets; readonly kit: PublicKeys; readonly time: number },
): Promise<SignedCard> {
  const value: Card = cardShape(
    {
      type: "conclave/v1/card",
      name: options.name,
      device: await publicKeysOf(options.device),
      kit: inOrder(options.kit),
      salt: toHex(crypto.randomBytes(16)),
      time: options.time,
    },
    "card",
  );
  return readCard(crypto, await signLine(crypto, { value, signingKey: options.device.signingKey }));
}

/** The same keys in the order in which records carry them. */
function inOrder({ label, verifyingKey, hybrid, classic }: PublicKeys): PublicKeys {
  return { label, verifyingKey, hybrid, classic };
}

/**
 * Reads a card strictly: form, keys, and its signature by the device that it names. Whose card it is, only a fingerprint
 * tells. Every client gives one verdict on the same bytes.
 *
 * @param signed - Not trusted.
 * @throws ConclaveError `corrupt` for a card that is altered, cut or of another version; `malformed` for one that was
 *   rightly signed with keys that no group may take.
 */
export async function readCard(crypto: Crypto, signed: SignedLine): Promise<SignedCard> {
  if (signed.line.length > CARD_BYTES_MAX) {
    throw new ConclaveError(`card is over ${CARD_BYTES_MAX} bytes`, { code: "limit" }); // check: size
  }
  const card = readCardLine(signed);
  const device = card.device.verifyingKey;
  if (!(await isSignedBy(crypto, { signed, type: card.type, device }))) refuse(); // check: signature
  requireKeys(card.device);
  requireKeys(card.kit);
  requireDistinct(card);
  return { card, signed, member: signed.digest };
}

function readCardLine(signed: SignedLine): Card {
  try {
    return readLine(signed.line, cardShape);
  } catch (cause) {
    refuse(cause);
  }
}

/** @throws ConclaveError `malformed` for keys that no group may take. */
export function requireKeys(keys: PublicKeys): void {
  if (!isAdmissibleKey(fromHex(keys.verifyingKey))) {
    throw new ConclaveError("card holds a verifying key that is not safe to use", { code: "malformed" }); // check: key
  }
  requireRecipient(keys.hybrid, "hybrid"); // check: key
  requireRecipient(keys.classic, "classic"); // check: key
}

/** A kit that is the device itself would be lost with it, and a device listed twice is no two voices. */
function requireDistinct({ device, kit }: Card): void {
  if (device.verifyingKey === kit.verifyingKey || device.hybrid === kit.hybrid || device.classic === kit.classic) {
    throw new ConclaveError("card gives its device and its kit one key", { code: "malformed" }); // check: key
  }
}

/** A card as it is handed on: the signed line, nothing else. */
export function encodeCardFile(signed: SignedLine): Uint8Array<ArrayBuffer> {
  return encodeSignedLine(signed);
}

/**
 * Reads a card file.
 *
 * @param bytes - At most {@link CARD_BYTES_MAX}, not trusted.
 * @throws ConclaveError `limit` over that size; else as {@link readCard}.
 */
export async function decodeCardFile(crypto: Crypto, bytes: Uint8Array<ArrayBuffer>): Promise<SignedCard> {
  if (bytes.length > CARD_BYTES_MAX) {
    throw new ConclaveError(`card file of ${bytes.length} bytes is over the limit`, { code: "limit" }); // check: size
  }
  const signed = splitCardFile(bytes);
  if (!equalBytes(encodeSignedLine(signed), bytes)) refuse(); // check: canonical
  return readCard(crypto, signed);
}

function splitCardFile(bytes: Uint8Array<ArrayBuffer>): SignedLine {
  try {
    const [signed, ...others] = decodeSignedLines(bytes);
    if (signed !== undefined && others.length === 0) return signed;
  } catch (cause) {
    refuse(cause);
  }
  refuse();
}

function refuse(cause?: unknown): never {
  throw new ConclaveError("card is altered, cut, or of another version", { code: "corrupt", cause });
}
