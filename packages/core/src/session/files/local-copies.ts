/** Whether a local file is what the group holds, by its pieces' digests. */
import { toHex } from "../../encoding/hex.ts";
import { ConclaveError } from "../../errors.ts";
import type { Crypto } from "../../ports/crypto.ts";
import type { SourceFile, TargetTree } from "../../ports/files.ts";
import { PIECE_BYTES } from "../../records/change.ts";
import { type FilePiece, filePieces } from "../../tree/blobs.ts";
import { versionsOf } from "../../tree/versions-of.ts";
import type { Session } from "../session.ts";

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

/** Whether some version of these files, an old one too, is what lies there: then nothing is lost by replacing it. */
export async function isHeldByGroup(
  session: Session,
  local: LocalFile & { readonly nodes: readonly string[] },
): Promise<boolean> {
  for (const version of versionsOf(session.index, local.nodes)) {
    if (version.size !== local.size) continue;
    const pieces = readable(session, version);
    if (pieces && (await isSameAsLocal(local, pieces))) return true;
  }
  return false;
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
