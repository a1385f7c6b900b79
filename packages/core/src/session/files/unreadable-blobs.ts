/** What records place and the storage does not give back. */
import type { ByteBudget } from "../../contents/budget.ts";
import { ConclaveError } from "../../errors.ts";
import type { FilePiece } from "../../tree/blobs.ts";
import type { WorkOptions } from "../events.ts";
import type { Session } from "../session.ts";
import { contentReader, sourceOf } from "./blob-sources.ts";

/** Reads pieces of each blob once; gives the blobs that could not be read, with the reason. */
export async function unreadableBlobs(
  session: Session,
  options: WorkOptions & { readonly pieces: readonly FilePiece[]; readonly budget: ByteBudget },
): Promise<ReadonlyMap<string, ConclaveError>> {
  const { pieces, budget, signal, onProgress } = options;
  const reader = contentReader(session, budget);
  const unreadable = new Map<string, ConclaveError>();
  const totalBytes = pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let doneBytes = 0;
  for (const [blob, wanted] of Map.groupBy(pieces, (piece) => piece.blob)) {
    try {
      const source = sourceOf(session, blob);
      if (!source) throw new ConclaveError(`no record that counts declares blob ${blob}`, { code: "missing" });
      const indexes = new Set(wanted.map(({ index }) => index));
      for await (const { bytes } of reader.read(source, indexes, signal ? { signal } : {})) {
        doneBytes += bytes.length;
        onProgress?.({ doneBytes, totalBytes, doneItems: 0, totalItems: 0 });
      }
    } catch (error) {
      if (!(error instanceof ConclaveError)) throw error;
      unreadable.set(blob, error);
    }
  }
  return unreadable;
}
