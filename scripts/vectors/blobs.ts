/** Blobs of made-up pieces. */

import { concatBytes, toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { labelledDigest, sha256Hex } from "../../packages/core/src/encoding/digest.ts";
import { fromHex } from "../../packages/core/src/encoding/hex.ts";
import type { Pieces } from "../../packages/core/src/records/change.ts";
import { seededHex } from "./seeded.ts";
import { base64 } from "./write.ts";

export interface Blob {
  readonly blob: string;
  readonly salt: string;
  readonly pieces: Pieces;
  /** Each piece's bytes in base64. */
  readonly contents: readonly string[];
}

/** A blob of these texts, each a piece; its id written out as SPEC.md §9 has it, past the core's own function. */
export function blobOf(...texts: readonly string[]): Blob {
  const contents = texts.map(toUtf8);
  const salt = seededHex(texts.join()).slice(0, 32);
  const pieces = contents.map((bytes) => [sha256Hex(bytes), bytes.length] as const);
  return { blob: blobIdOf(salt, pieces), salt, pieces, contents: contents.map(base64) };
}

export function blobIdOf(salt: string, pieces: Pieces): string {
  const parts = pieces.map(([digest, size]) => fromHex(digest + size.toString(16).padStart(16, "0")));
  return labelledDigest("conclave/v1/blob", fromHex(salt), concatBytes(...parts));
}
