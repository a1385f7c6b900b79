/** What a blob is: an ordered list of pieces under a random salt. SPEC.md §9. */

import { concatBytes } from "../encoding/bytes.ts";
import { labelledDigest } from "../encoding/digest.ts";
import { fromHex, toHex } from "../encoding/hex.ts";
import type { Crypto } from "../ports/crypto.ts";
import type { BlobOperation, Pieces } from "../records/change.ts";
import { layoutOf } from "./archive.ts";

/** What says of a blob what is in it; stands in changes as an operation of its own. */
export type BlobDeclaration = Omit<BlobOperation, "op">;

const BLOB_LABEL = "conclave/v1/blob";
const SALT_BYTES = 16;

/** Draws a salt and names the blob of these pieces. The salt keeps blobs of equal contents unrelated. */
export function declareBlob(crypto: Pick<Crypto, "randomBytes">, pieces: Pieces): BlobDeclaration {
  const salt = toHex(crypto.randomBytes(SALT_BYTES));
  return { blob: blobId(salt, pieces), salt, pieces };
}

/**
 * SHA-256 over the label, a zero byte, the salt, then each piece's digest (32 bytes) and size (8 bytes, big-endian).
 * SPEC.md §9.
 */
function blobId(salt: string, pieces: Pieces): string {
  return labelledDigest(BLOB_LABEL, fromHex(salt), ...pieces.map(([digest, size]) => pieceBytes(digest, size)));
}

function pieceBytes(digest: string, size: number): Uint8Array {
  const sizeBytes = new Uint8Array(8);
  new DataView(sizeBytes.buffer).setBigUint64(0, BigInt(size));
  return concatBytes(fromHex(digest), sizeBytes);
}

/** Whether a declaration, read strictly before, names the blob that its salt and pieces make, and that blob fits into an archive. */
export function isBlobOf(declaration: BlobDeclaration): boolean {
  if (blobId(declaration.salt, declaration.pieces) !== declaration.blob) return false; // check: digest
  try {
    layoutOf(declaration.pieces.map(([, size]) => size));
    return true;
  } catch {
    return false; // check: size
  }
}
