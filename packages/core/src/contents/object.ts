/**
 * Objects: finished archives sealed to an epoch, under a fresh file key. SPEC.md §9.
 *
 * Re-encryption opens an object here, which checks all there is to check, and seals the very archive that it got to the
 * new epoch: each byte moves down once and up once, and no archive is built again.
 */
import { fileLength, openFile, sealFile } from "../age/file.ts";
import { NAME_DIGEST_LENGTH } from "../encoding/digest.ts";
import { toHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import type { Pieces } from "../records/change.ts";
import type { Suite } from "../records/entry.ts";
import type { EpochId } from "../records/shapes.ts";
import { hasFrameOf, layoutOf } from "./archive.ts";

/** A sealed archive, ready to be put. */
export interface SealedObject {
  /** What stands in its name: 128 bits of its digest, in hexadecimal. */
  readonly object: string;
  /** Length of `sealed`, in bytes. */
  readonly length: number;
  readonly sealed: Uint8Array<ArrayBuffer>;
}

/** Where an object lies on the storage. */
export function objectKey(epoch: EpochId, object: string): string {
  return `${epoch}/objects/${object}.age`;
}

/** Reads a key; undefined if it is not of the form of an object's. */
export function parseObjectKey(key: string): { readonly epoch: EpochId; readonly object: string } | undefined {
  const [, epoch, object] = /^([0-9a-f]{64})\/objects\/([0-9a-f]{32})\.age$/.exec(key) ?? [];
  return epoch === undefined || object === undefined ? undefined : { epoch, object };
}

/** The one length that a blob's object has in a group of that suite, in bytes. */
export function objectLength(suite: Suite, pieces: Pieces): number {
  return fileLength(suite, layoutOf(pieces.map(([, size]) => size)).length);
}

/** The digest as it stands in names, of a whole one. */
export function shortDigest(digest: Uint8Array): string {
  return toHex(digest).slice(0, NAME_DIGEST_LENGTH);
}

/**
 * Seals a finished archive to an epoch.
 *
 * @param options.archive - As `writeHeaders` or {@link openObject} gave it. Taken over: not to be touched again.
 * @param options.recipient - Of the epoch, and of `suite`.
 */
export async function sealObject(
  crypto: Crypto,
  options: { readonly archive: Uint8Array<ArrayBuffer>; readonly recipient: string; readonly suite: Suite },
): Promise<SealedObject> {
  const { archive, recipient, suite } = options;
  const { sealed, digest } = await sealFile(crypto, { recipients: [recipient], plaintext: archive, suite });
  return { object: shortDigest(digest), length: sealed.length, sealed };
}

/**
 * Opens a whole object and checks everything: its length, its name, the header, every chunk, every piece, and every byte
 * between the pieces. What comes back holds exactly the blob, so nothing can ride along into a new epoch.
 *
 * @param options.sealed - As stored, not trusted. Taken over: not to be touched again.
 * @param options.object - The digest in its name.
 * @param options.pieces - Of the blob that it should hold, from a declaration that was checked.
 * @param options.identity - Of the epoch that it was sealed to; secret.
 * @returns The archive, in memory of its own, to be sealed again.
 * @throws ConclaveError `corrupt`, without saying why.
 */
export async function openObject(
  crypto: Crypto,
  options: {
    readonly sealed: Uint8Array<ArrayBuffer>;
    readonly object: string;
    readonly pieces: Pieces;
    readonly identity: string;
    readonly suite: Suite;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const { sealed, object, pieces, identity, suite } = options;
  if (sealed.length !== objectLength(suite, pieces)) refuse(object); // check: size
  if (shortDigest(await crypto.sha256(sealed)) !== object) refuse(object); // check: digest
  const archive = await openFile(crypto, { sealed, identities: [identity], suite });
  if (!hasFrameOf(archive, pieces)) refuse(object); // check: canonical
  const { offsets } = layoutOf(pieces.map(([, size]) => size));
  for (const [index, piece] of pieces.entries()) {
    const offset = offsets[index] as number;
    if (!(await isPiece(crypto, archive.subarray(offset, offset + piece[1]), piece))) refuse(object); // check: digest
  }
  return archive;
}

/** Whether these bytes are the piece of that digest. Its size needs no look of its own. */
export async function isPiece(
  crypto: Pick<Crypto, "sha256">,
  bytes: Uint8Array,
  [digest]: Pieces[number],
): Promise<boolean> {
  return toHex(await crypto.sha256(bytes)) === digest; // check: digest
}

function refuse(object: string): never {
  throw new ConclaveError(`object ${object} is not what its name and records say`, { code: "corrupt" });
}
