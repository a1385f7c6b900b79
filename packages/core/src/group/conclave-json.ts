/** `conclave.json`: tells people and tools what lies here. Written once, never trusted. SPEC.md §2. */
import { toUtf8 } from "../encoding/bytes.ts";
import { object, oneOf, readLine, type Shaped, text } from "../encoding/strict.ts";
import { digest, type RecordDigest } from "../records/shapes.ts";

/** Where it lies. */
export const CONCLAVE_JSON_KEY = "conclave.json";
/** Largest that is looked at, in bytes. */
export const CONCLAVE_JSON_BYTES_MAX = 4096;

const HELP =
  "This folder is the encrypted storage of a Conclave group. Its files are age files; do not rename, edit or delete any. " +
  "Members open it with the conclave command; RECOVERY.md of the Conclave project says how to open it with age and tar alone.";

const shape = object({ format: oneOf("conclave/v1"), group: digest, help: text({ max: 2048 }) });

/** Its bytes for a group. */
export function conclaveJson(group: RecordDigest): Uint8Array<ArrayBuffer> {
  const content: Shaped<typeof shape> = { format: "conclave/v1", group, help: HELP };
  return toUtf8(`${JSON.stringify(content)}\n`);
}

/** The group that the file claims lies here; undefined if it is none of ours. A hint for error messages, nothing more. */
export function claimedGroup(bytes: Uint8Array): RecordDigest | undefined {
  if (bytes.length > CONCLAVE_JSON_BYTES_MAX || bytes.at(-1) !== 0x0a) return undefined;
  try {
    return readLine(bytes.subarray(0, -1), shape).group;
  } catch {
    return undefined;
  }
}
