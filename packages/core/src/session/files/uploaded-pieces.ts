/** A file's pieces on their way: those that the packer has taken in, and those that the group holds already. */
import type { PieceReference } from "../../contents/packer.ts";
import type { Extents } from "../../records/change.ts";
import type { FilePiece } from "../../tree/blobs.ts";

/** A piece of a file that is being uploaded. */
export type UploadedPiece = PieceReference | FilePiece;

/** Whether the object that holds the piece lies on the storage. */
export function isStored(piece: UploadedPiece): boolean {
  return !("draft" in piece) || piece.draft.blob !== undefined;
}

/** Consecutive pieces of one blob as one extent. */
export function extentsOf(pieces: readonly UploadedPiece[]): Extents {
  const extents: [blob: string, first: number, count: number][] = [];
  for (const piece of pieces) {
    const blob = "draft" in piece ? piece.draft.blob : piece.blob;
    if (blob === undefined) throw new Error("a piece that is not stored yet");
    const last = extents.at(-1);
    if (last && last[0] === blob && last[1] + last[2] === piece.index) last[2] += 1;
    else extents.push([blob, piece.index, 1]);
  }
  return extents;
}
