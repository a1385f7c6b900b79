/** Reading a local file piece by piece, and noticing when it changes meanwhile. */
import type { PieceSource } from "../../contents/draft.ts";
import { ConclaveError } from "../../errors.ts";
import type { SourceEntry, SourceFile } from "../../ports/files.ts";

/** A piece that is read when its turn to be packed comes. */
export function pieceSource(
  file: SourceFile,
  options: { readonly offset: number; readonly size: number },
): PieceSource {
  const { offset, size } = options;
  return {
    size,
    read: async (into) => {
      if ((await file.read(offset, into)) < size) {
        throw new ConclaveError("it became shorter while it was read", { code: "source-changed" });
      }
    },
  };
}

/** A piece that was read already, so that reading it keeps no other waiting. */
export async function readSource(
  file: SourceFile,
  options: { readonly offset: number; readonly size: number },
): Promise<PieceSource> {
  const bytes = new Uint8Array(options.size);
  await pieceSource(file, options).read(bytes);
  return { size: options.size, read: async (into) => into.set(bytes) };
}

/** @throws ConclaveError `source-changed` if the file is not what the walk found any more. */
export async function requireUnchanged(file: SourceFile, entry: SourceEntry): Promise<void> {
  const { size, modified } = await file.state();
  if (size !== entry.size || modified !== entry.modified) {
    throw new ConclaveError("it changed while it was read; upload it again", { code: "source-changed" });
  }
}
