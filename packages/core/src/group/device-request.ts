/**
 * Requests of further devices: a device card, and the word of whoever has the code, sealed to an epoch. They lie among the
 * join requests, under the same kind of name. SPEC.md §7.
 */
import { readLine } from "../encoding/strict.ts";
import { ConclaveError } from "../errors.ts";
import { verifyingKeyOf } from "../identity/device.ts";
import { readDeviceCard, type SignedDeviceCard } from "../identity/device-card.ts";
import type { Crypto } from "../ports/crypto.ts";
import { type DeviceRequest, deviceRequest } from "../records/device-request.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";
import { isSignedBy, signLine } from "../records/signed-line.ts";
import { openRequestLines, requestId, type StoredRequest, sealRequestLines } from "./request.ts";

/** A device that asks, and the code that it asks with. */
export interface AskingDevice {
  readonly device: SignedDeviceCard;
  readonly code: DeviceKey;
}

/**
 * Seals a further device's request.
 *
 * @param options.codeKey - The code's Ed25519 seed, secret.
 * @param options.recipient - Of the epoch that the code names.
 */
export async function sealDeviceRequest(
  crypto: Crypto,
  options: {
    readonly group: RecordDigest;
    readonly device: SignedDeviceCard;
    readonly codeKey: Uint8Array;
    readonly recipient: string;
    readonly time: number;
  },
): Promise<{ readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const { group, device, codeKey, recipient, time } = options;
  const code = verifyingKeyOf(codeKey);
  const value: DeviceRequest = { type: "conclave/v1/device-request", group, device: device.id, code, time };
  const word = await signLine(crypto, { value, signingKey: codeKey });
  const id = requestId({ group, device: device.card.keys.verifyingKey });
  return sealRequestLines(crypto, { id, lines: [device.signed, word], recipient });
}

/**
 * Opens and verifies a request: its name, its seal, the device's own signature, and the word of the code.
 *
 * @throws ConclaveError `limit` if it is too large, `corrupt` or `malformed` if anything of it does not agree.
 */
export async function openDeviceRequest(
  crypto: Crypto,
  options: StoredRequest & { readonly group: RecordDigest },
): Promise<AskingDevice> {
  const { group, name } = options;
  const lines = await openRequestLines(crypto, { ...options, what: "device request" });
  if (!isPair(lines)) refuse("holds more or less than a device and a word"); // check: canonical
  const [first, second] = lines;
  const device = await readDeviceCard(crypto, first);
  const word = readLine(second.line, deviceRequest);
  if (!(await isSignedBy(crypto, { signed: second, type: word.type, device: word.code }))) {
    refuse("is not signed by the code that it names"); // check: signature
  }
  if (word.group !== group || word.device !== device.id) refuse("is for another group or device"); // check: link
  if (requestId({ group, device: device.card.keys.verifyingKey }) !== name.id) refuse("lies under another's name"); // check: link
  return { device, code: word.code };
}

function isPair<Item>(items: readonly Item[]): items is readonly [Item, Item] {
  return items.length === 2;
}

function refuse(how: string): never {
  throw new ConclaveError(`device request ${how}`, { code: "corrupt" });
}
