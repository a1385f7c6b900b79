/**
 * Device codes: what a device shows so that a further one of the same person can ask to be listed. The code is secret: who has
 * it first, and in time, can ask as that person. SPEC.md §7.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, toUtf8 } from "../encoding/bytes.ts";
import { decodeCode, encodeCode } from "../encoding/code.ts";
import { fromHex, toHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import { verifyingKeyOf } from "../identity/device.ts";
import type { DeviceKey, MemberId } from "../records/shapes.ts";
import type { Address } from "./address.ts";

const VERSION = 1;
const SECRET_BYTES = 16;
const TIME_BYTES = 6;
const ID_BYTES = 32;

/** One group that a code names. */
export interface CodeGroup {
  readonly address: Address;
  /** Who the person is in that group. */
  readonly member: MemberId;
  /** What the device that made the code calls it. */
  readonly name: string;
}

/** What a code holds. */
export interface DeviceCode {
  /** 128 random bits, secret: used once. */
  readonly secret: Uint8Array;
  /** Milliseconds since 1970; requests are not answered after it. */
  readonly expires: number;
  readonly groups: readonly CodeGroup[];
}

/** Writes a code. Throws `limit` where there are more groups than a code can hold: 77 at most. */
export function formatDeviceCode({ secret, expires, groups }: DeviceCode): string {
  const time = fromHex(expires.toString(16).padStart(TIME_BYTES * 2, "0"));
  const rows = groups.map(({ address, member, name }) =>
    concatBytes(
      ...[member, address.group, address.entry, address.epoch].map(fromHex),
      counted(name, 1),
      counted(address.store, 2),
    ),
  );
  return encodeCode("conclave-device", concatBytes(new Uint8Array([VERSION]), secret, time, ...rows));
}

/**
 * Reads a code as somebody typed it.
 *
 * @throws ConclaveError `malformed`, never quoting it; `unsupported` for one of a later version; `limit`.
 */
export function parseDeviceCode(typed: string): DeviceCode {
  const bytes = decodeCode("conclave-device", typed);
  if (bytes.length > 0 && bytes[0] !== VERSION) {
    throw new ConclaveError(`code is of version ${bytes[0]}: update needed`, { code: "unsupported" }); // check: downgrade
  }
  let at = 1;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new ConclaveError("code holds too little", { code: "malformed" }); // check: canonical
    at += length;
    return bytes.subarray(at - length, at);
  };
  const takeText = (lengthBytes: number): string => readText(take(Number.parseInt(toHex(take(lengthBytes)), 16)));
  const takeId = (): string => toHex(take(ID_BYTES));
  const secret = take(SECRET_BYTES).slice();
  const expires = Number.parseInt(toHex(take(TIME_BYTES)), 16);
  const groups: CodeGroup[] = [];
  while (at < bytes.length) {
    const [member, group, entry, epoch] = [takeId(), takeId(), takeId(), takeId()];
    const name = takeText(1);
    groups.push({ member, name, address: { group, entry, epoch, store: takeText(2) } });
  }
  if (groups.length === 0) throw new ConclaveError("code names no group", { code: "malformed" }); // check: canonical
  return { secret, expires, groups };
}

/** The Ed25519 seed that a code's secret gives: whoever has the code signs a request with it. Secret. */
export function deviceCodeKey(secret: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hkdf(sha256, secret, undefined, toUtf8("conclave/v1/device-code"), 32));
}

/** What the device that made a code keeps of it: it cannot be made into the code again. */
export function deviceCodeId(secret: Uint8Array): DeviceKey {
  return verifyingKeyOf(deviceCodeKey(secret));
}

function counted(text: string, lengthBytes: number): Uint8Array {
  const bytes = toUtf8(text);
  const length = bytes.length.toString(16).padStart(lengthBytes * 2, "0");
  if (length.length > lengthBytes * 2) throw new ConclaveError("a name is too long for a code", { code: "limit" }); // check: size
  return concatBytes(fromHex(length), bytes);
}

function readText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ConclaveError("code holds a name that is no text", { code: "malformed" }); // check: canonical
  }
}
