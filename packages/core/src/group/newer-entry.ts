import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import { readRecord, recordType } from "../records/record.ts";
import type { DeviceKey } from "../records/shapes.ts";
import { isSignedBy, type SignedLine } from "../records/signed-line.ts";

/** Whether a line is one that this version cannot read because a newer one wrote it. */
export function isNewer(line: Uint8Array): boolean {
  try {
    readRecord(line);
    return false;
  } catch (error) {
    return error instanceof ConclaveError && error.code === "unsupported";
  }
}

/**
 * The device that has signed an entry of the log which only a newer version can read; undefined for anything else. What it
 * does to the group is unknown, so whoever cannot read it must not go on as if it were not there. SPEC.md §3.
 */
export async function newerEntryBy(crypto: Crypto, signed: SignedLine): Promise<DeviceKey | undefined> {
  if (!isNewer(signed.line)) return undefined;
  const type = recordType(signed.line);
  if (!/^conclave\/v\d+\/entry$/.test(type)) return undefined;
  const device = deviceOf(signed.line);
  return device !== undefined && (await isSignedBy(crypto, { signed, type, device })) ? device : undefined; // check: signature
}

/** Read loosely, as its form is not known; the signature then says whether it is true. */
function deviceOf(line: Uint8Array): DeviceKey | undefined {
  const text = new TextDecoder().decode(line.subarray(0, 1024));
  return /"device":"([0-9a-f]{64})"/.exec(text)?.[1];
}
