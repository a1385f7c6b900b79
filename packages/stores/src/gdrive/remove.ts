/** Deleting: on My Drive only its owner can delete a file, and everybody else who may write can only take it out of the folder. */
import type { DeleteResult } from "@conclave/core";
import type { CallContext } from "./calls.ts";
import type { DriveClient } from "./client.ts";
import type { FileRow } from "./tree.ts";

/**
 * Deletes one file as far as this account may.
 *
 * @param options.isOther - Its bytes are not those that its name names. Whoever may write in the folder can move any file
 *   there, under any name; one of this account's own that is no object of ours must come back from the trash.
 */
export async function removeFile(
  client: DriveClient,
  file: Pick<FileRow, "id" | "parent" | "owned">,
  options: { readonly isInSharedDrive: boolean; readonly isOther: boolean },
  context: CallContext,
): Promise<DeleteResult> {
  const { isInSharedDrive, isOther } = options;
  const mayEnd = file.owned === 1 || isInSharedDrive;
  if (mayEnd && !isOther) {
    const deleted = await client.delete(file.id, context);
    if (deleted !== "refused") return deleted;
  }
  // In a shared drive who may not delete may put into the trash, where a manager's client or thirty days end it.
  const isTrash = isInSharedDrive || (mayEnd && isOther);
  const change = isTrash ? ({ trashed: true } as const) : { removeParent: file.parent };
  const done = await client.update(file.id, change, context);
  return done === "done" ? "detached" : done;
}

const ORDER: readonly DeleteResult[] = ["absent", "deleted", "detached", "refused"];

/** What became of a key whose files met different fates: the least that was reached. */
export function leastOf(results: readonly DeleteResult[]): DeleteResult {
  return ORDER[Math.max(0, ...results.map((result) => ORDER.indexOf(result)))] ?? "absent";
}
