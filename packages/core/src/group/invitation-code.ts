/** The one code that an invited person is given: address, secret, and until when it is good. SPEC.md §7. */
import { concatBytes, toUtf8 } from "../encoding/bytes.ts";
import { decodeCode, encodeCode } from "../encoding/code.ts";
import { fromHex, toHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import { type Address, formatAddress, parseAddress } from "./address.ts";
import { INVITATION_SECRET_BYTES } from "./invitation.ts";

export interface InvitationCode {
  readonly address: Address;
  /** 16 bytes, secret. */
  readonly secret: Uint8Array;
  /** As the invitation says, milliseconds since 1970. */
  readonly expires: number;
}

const EXPIRES_BYTES = 8;
const ID_BYTES = 32;
const STORE_AT: number = INVITATION_SECRET_BYTES + EXPIRES_BYTES + 3 * ID_BYTES;

/** Writes a code; secret. */
export function formatInvitationCode({ address, secret, expires }: InvitationCode): string {
  const time = new Uint8Array(EXPIRES_BYTES);
  new DataView(time.buffer).setBigUint64(0, BigInt(expires));
  const ids = [address.group, address.entry, address.epoch].map(fromHex);
  return encodeCode("conclave-invite", concatBytes(secret, time, ...ids, toUtf8(address.store)));
}

/**
 * Reads a code as somebody pasted it. A single mistyped character is found here, before anything is asked of a storage.
 *
 * @throws ConclaveError `malformed`, never quoting the code.
 */
export function parseInvitationCode(typed: string): InvitationCode {
  const bytes = decodeCode("conclave-invite", typed); // check: digest
  if (bytes.length <= STORE_AT) refuse(); // check: size
  const idAt = (index: number): string => {
    const start = INVITATION_SECRET_BYTES + EXPIRES_BYTES + index * ID_BYTES;
    return toHex(bytes.subarray(start, start + ID_BYTES));
  };
  const address = { group: idAt(0), entry: idAt(1), epoch: idAt(2), store: storeOf(bytes.subarray(STORE_AT)) };
  const expires = Number(new DataView(bytes.buffer).getBigUint64(INVITATION_SECRET_BYTES));
  if (!Number.isSafeInteger(expires)) refuse(); // check: canonical
  return { address: parseAddress(formatAddress(address)), secret: bytes.slice(0, INVITATION_SECRET_BYTES), expires };
}

function storeOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse(); // check: canonical
  }
}

function refuse(): never {
  throw new ConclaveError("code is no invitation, or is of a newer version", { code: "malformed" });
}
