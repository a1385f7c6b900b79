/** Whether a local file is what the group holds, by its pieces' digests. */
import type { ByteBudget } from "../../contents/budget.ts";
import { toHex } from "../../encoding/hex.ts";
import { ConclaveError } from "../../errors.ts";
import type { Crypto } from "../../ports/crypto.ts";
import type { SourceFile, TargetTree } from "../../ports/files.ts";
import { PIECE_BYTES } from "../../records/change.ts";
import { type FilePiece, filePieces } from "../../tree/blobs.ts";
import { versionsOf } from "../../tree/versions-of.ts";
import type { Session } from "../session.ts";
import { unreadableBlobs } from "./unreadable-blobs.ts";

/** A file in a target folder. */
export interface LocalFile {
  readonly target: TargetTree;
  readonly path: string;
  readonly crypto: Crypto;
  readonly size: number;
}

/** Whether a local file has exactly these pieces. */
export async function isSameAsLocal(local: LocalFile, pieces: readonly FilePiece[]): Promise<boolean> {
  const file = await local.target.open(local.path);
  try {
    return await hasPieces(file, { ...local, pieces });
  } finally {
    await file.close();
  }
}

/** As {@link isSameAsLocal}; a file that may not be read is not the same. */
export async function isSameAsReadable(local: LocalFile, pieces: readonly FilePiece[]): Promise<boolean> {
  try {
    return await isSameAsLocal(local, pieces);
  } catch (error) {
    if (error instanceof ConclaveError && error.code === "no-access") return false;
    throw error;
  }
}

/** Whether an open file of that size has exactly these pieces. */
export async function hasPieces(
  file: SourceFile,
  options: { readonly crypto: Crypto; readonly size: number; readonly pieces: readonly FilePiece[] },
): Promise<boolean> {
  const { crypto, size, pieces } = options;
  if (pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) !== size) return false;
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, Math.max(1, size)));
  let offset = 0;
  for (const { digest, sizeBytes } of pieces) {
    const bytes = buffer.subarray(0, sizeBytes);
    if ((await file.read(offset, bytes)) < sizeBytes) return false;
    if (toHex(await crypto.sha256(bytes)) !== digest) return false;
    offset += sizeBytes;
  }
  return true;
}

/**
 * Whether some version of these files, an old one too, is what lies there, and the storage gives it back: then nothing is lost
 * by replacing it. What records say is not enough: whoever may write knows the digests of what others have on their disks, and
 * what lay on the storage may have been deleted since.
 *
 * @param local.successor - Pieces that are read before anything is replaced, and need not be read for this.
 */
export async function isHeldByGroup(
  session: Session,
  local: LocalFile & {
    readonly nodes: readonly string[];
    readonly successor: readonly FilePiece[];
    readonly budget: ByteBudget;
    readonly signal?: AbortSignal;
  },
): Promise<boolean> {
  const { nodes, successor, budget, signal } = local;
  const known = new Set(successor.map(placeOf));
  for (const version of versionsOf(session.index, nodes)) {
    if (version.size !== local.size) continue;
    const found = readable(session, version);
    if (!found || !(await isSameAsLocal(local, found))) continue;
    const pieces = found.filter((piece) => !known.has(placeOf(piece)));
    const unreadable = await unreadableBlobs(session, { pieces, budget, ...(signal ? { signal } : {}) });
    if (unreadable.size === 0) return true; // check: digest
  }
  return false;
}

function placeOf({ blob, index }: FilePiece): string {
  return `${blob} ${index}`;
}

function readable(
  session: Session,
  version: { readonly extents: FilePieces; readonly size: number },
): FilePiece[] | undefined {
  try {
    return filePieces(session.index, version);
  } catch (error) {
    if (error instanceof ConclaveError) return undefined;
    throw error;
  }
}

type FilePieces = Parameters<typeof filePieces>[1]["extents"];
