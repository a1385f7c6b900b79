/** Whether the group holds what lies in a local tree: read back from the storage, opened, and compared by digests. */
import type { ByteBudget } from "../../contents/budget.ts";
import { ConclaveError } from "../../errors.ts";
import type { SourceEntry, SourceTree } from "../../ports/files.ts";
import { type FilePiece, filePieces } from "../../tree/blobs.ts";
import { fileAt } from "../../tree/listing.ts";
import type { WorkOptions } from "../events.ts";
import type { Session } from "../session.ts";
import { hasPieces } from "./local-copies.ts";
import { requireUnchanged } from "./local-pieces.ts";
import { type Failure, joinPath } from "./transfer.ts";
import { unreadableBlobs } from "./unreadable-blobs.ts";

/** Local files that the storage holds whole, and others with the reason. */
export interface ReadBack {
  readonly safe: readonly SourceEntry[];
  readonly failed: readonly Failure[];
}

/**
 * Reads every file of a local tree back from the storage, after it was uploaded, and compares: what the storage holds opens
 * and has the digests that the records say, and the local file has them too.
 *
 * @param options.into - Folder of the group that holds the tree's contents.
 * @throws StoreError as the store.
 */
export async function readBack(
  session: Session,
  options: WorkOptions & { readonly tree: SourceTree; readonly into: string; readonly budget: ByteBudget },
): Promise<ReadBack> {
  const { tree, into, signal } = options;
  const failed: Failure[] = [];
  const held: { readonly entry: SourceEntry; readonly pieces: readonly FilePiece[] }[] = [];
  for await (const entry of tree.walk(signal ? { signal } : {})) {
    if ("problem" in entry || entry.kind !== "file") continue;
    await failing(failed, entry, async () => {
      const version = fileAt(session.index, joinPath(into, entry.path));
      if (!version) throw new ConclaveError("the group does not hold it", { code: "not-found" });
      held.push({ entry, pieces: filePieces(session.index, version) });
    });
  }
  const unreadable = await unreadableBlobs(session, { ...options, pieces: held.flatMap(({ pieces }) => pieces) });
  const safe: SourceEntry[] = [];
  for (const { entry, pieces } of held) {
    signal?.throwIfAborted();
    await failing(failed, entry, async () => {
      const damaged = pieces.find(({ blob }) => unreadable.has(blob));
      if (damaged) throw unreadable.get(damaged.blob);
      await requireSame(session, { tree, entry, pieces });
      safe.push(entry);
    });
  }
  return { safe, failed };
}

async function failing(failed: Failure[], entry: SourceEntry, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    const isStored = error.code === "missing" || error.code === "corrupt";
    failed.push({ path: entry.path, error: error.message, ...(isStored ? { code: error.code } : {}) });
  }
}

/** @throws ConclaveError `source-changed` if the local file is not what the group holds, or changes meanwhile. */
async function requireSame(
  session: Session,
  options: { readonly tree: SourceTree; readonly entry: SourceEntry; readonly pieces: readonly FilePiece[] },
): Promise<void> {
  const { tree, entry, pieces } = options;
  const file = await tree.open(entry.path);
  try {
    if (!(await hasPieces(file, { crypto: session.crypto, size: entry.size, pieces }))) {
      throw new ConclaveError("it is not what the group holds: it changed since, or was skipped by its time and size", {
        code: "source-changed",
      }); // check: digest
    }
    await requireUnchanged(file, entry);
  } finally {
    await file.close();
  }
}
