/** Device cards: how a further device, or a new kit, says whose it is, and proves that it holds its keys. SPEC.md §5. */
import { readLine } from "../encoding/strict.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import { type DeviceCard, deviceCard as deviceCardShape } from "../records/device-card.ts";
import type { MemberId, RecordDigest } from "../records/shapes.ts";
import { isSignedBy, type SignedLine, signLine } from "../records/signed-line.ts";
import { CARD_BYTES_MAX, requireKeys } from "./card.ts";
import { type DeviceSecrets, publicKeysOf } from "./device.ts";

/** A device card that was checked, with its bytes as they travel. */
export interface SignedDeviceCard {
  readonly card: DeviceCard;
  readonly signed: SignedLine;
  /** The digest of its line: what its fingerprint is made of. */
  readonly id: RecordDigest;
}

/**
 * Makes the card of a further device or of a new kit.
 *
 * @param options.keys - Secret; what is public of them goes into the card, which they sign.
 * @param options.member - Whose it is in the group that it is made for.
 * @param options.time - Claimed, milliseconds since 1970.
 */
export async function makeDeviceCard(
  crypto: Crypto,
  options: {
    readonly keys: DeviceSecrets;
    readonly member: MemberId;
    readonly kind: DeviceCard["kind"];
    readonly time: number;
  },
): Promise<SignedDeviceCard> {
  const { keys, member, kind, time } = options;
  const value: DeviceCard = { type: "conclave/v1/device", member, kind, keys: await publicKeysOf(keys), time };
  return readDeviceCard(crypto, await signLine(crypto, { value, signingKey: keys.signingKey }));
}

/**
 * Reads a device card strictly: form, keys, and its signature by the key that it names.
 *
 * @param signed - Not trusted.
 * @throws ConclaveError `corrupt` for one that is altered, cut or of another version; `malformed` for one rightly signed
 *   with keys that no group may take; `limit` for one that is too large.
 */
export async function readDeviceCard(crypto: Crypto, signed: SignedLine): Promise<SignedDeviceCard> {
  if (signed.line.length > CARD_BYTES_MAX) {
    throw new ConclaveError(`device card is over ${CARD_BYTES_MAX} bytes`, { code: "limit" }); // check: size
  }
  const card = readCardLine(signed);
  const device = card.keys.verifyingKey;
  if (!(await isSignedBy(crypto, { signed, type: card.type, device }))) refuse(); // check: signature
  requireKeys(card.keys);
  return { card, signed, id: signed.digest };
}

function readCardLine(signed: SignedLine): DeviceCard {
  try {
    return readLine(signed.line, deviceCardShape);
  } catch (cause) {
    refuse(cause);
  }
}

function refuse(cause?: unknown): never {
  throw new ConclaveError("device card is altered, cut, or of another version", { code: "corrupt", cause });
}
