/** The part of a name that is the SHA-256 of the bytes below it, or its first 128 bits, as Conclave's formats have it. */
const DIGEST = /(?:^|[-/])([0-9a-f]{32}(?:[0-9a-f]{32})?)\.[a-z]+$/;

/**
 * Whether a file's bytes are those that its name names.
 *
 * @param sha256 - As Drive says it, in hex.
 * @returns Undefined where the name names none, or Drive does not say.
 */
export function fitsName(key: string, sha256: string | null | undefined): boolean | undefined {
  const digest = DIGEST.exec(key)?.[1];
  if (digest === undefined || sha256 === null || sha256 === undefined) return undefined;
  return sha256.startsWith(digest);
}
