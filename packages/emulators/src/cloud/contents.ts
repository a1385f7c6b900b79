/** The bytes of a file, in the pieces in which they arrived. */
import { createHash } from "node:crypto";

/** Bytes and their digests (lower-case hex). */
export interface Contents {
  readonly chunks: readonly Uint8Array[];
  readonly sizeBytes: number;
  readonly md5: string;
  readonly sha1: string;
  readonly sha256: string;
}

/** Takes over the chunks: whoever gives them changes them no more. */
export function toContents(chunks: readonly Uint8Array[]): Contents {
  return {
    chunks,
    sizeBytes: sizeOf(chunks),
    md5: digest("md5", chunks),
    sha1: digest("sha1", chunks),
    sha256: digest("sha256", chunks),
  };
}

/** How many bytes these chunks are together. */
export function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/** The bytes from `start` to before `end`, as views. */
export function slice(chunks: readonly Uint8Array[], start: number, end: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const chunk of chunks) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, chunk.length);
    if (from < to) parts.push(chunk.subarray(from, to));
    offset += chunk.length;
  }
  return parts;
}

function digest(algorithm: string, chunks: readonly Uint8Array[]): string {
  const hash = createHash(algorithm);
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}
