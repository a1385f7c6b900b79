/** Names and places of epochs on the storage. SPEC.md §2, §7. */
import { recipientFile } from "../age/epoch-identity.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { sha256Hex } from "../encoding/digest.ts";
import { ConclaveError } from "../errors.ts";
import { anyRecipient, type EpochId } from "../records/shapes.ts";

export { epochOf, recipientFile } from "../age/epoch-identity.ts";

/** The folder that recipients and grants lie in. */
export const EPOCHS_FOLDER = "epochs";

/** Largest `.recipient` file that is looked at, in bytes. */
export const RECIPIENT_FILE_BYTES_MAX = 2201;

/** Where an epoch's recipient lies. */
export function recipientKey(epoch: EpochId): string {
  return `${EPOCHS_FOLDER}/${epoch}.recipient`;
}

/** The epoch that a key in `epochs/` is the recipient of; undefined for any other key. */
export function parseRecipientKey(key: string): EpochId | undefined {
  return /^epochs\/([0-9a-f]{64})\.recipient$/.exec(key)?.[1];
}

/**
 * The recipient in a `.recipient` file. It proves that it is this epoch's, not that the epoch is the group's: only an
 * entry that counts can say that.
 *
 * @param options.bytes - As stored, not trusted.
 * @throws ConclaveError `corrupt` if the bytes are not those that the epoch is named by, or no recipient; `limit`.
 */
export function readRecipientFile(options: { readonly epoch: EpochId; readonly bytes: Uint8Array }): string {
  const { epoch, bytes } = options;
  if (bytes.length > RECIPIENT_FILE_BYTES_MAX) {
    throw new ConclaveError(`recipient file of ${bytes.length} bytes is over the limit`, { code: "limit" }); // check: size
  }
  if (sha256Hex(bytes) !== epoch) refuse(); // check: digest
  const recipient = new TextDecoder().decode(bytes).slice(0, -1);
  if (!equalBytes(recipientFile(recipient), bytes)) refuse(); // check: canonical
  try {
    return anyRecipient(recipient, "recipient");
  } catch (cause) {
    refuse(cause);
  }
}

function refuse(cause?: unknown): never {
  throw new ConclaveError("recipient file does not fit the epoch that it is named by", { code: "corrupt", cause });
}
