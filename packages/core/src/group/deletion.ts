/**
 * Deletions: what an owner leaves on the storage when the group is deleted there, so that everybody else learns whose act it
 * was. It binds nobody who holds the files: it only says why they are gone. SPEC.md §7.
 */
import { openFile, sealFile } from "../age/file.ts";
import { nameDigest } from "../encoding/digest.ts";
import { object, oneOf, readLine, type Shaped } from "../encoding/strict.ts";
import { ConclaveError } from "../errors.ts";
import type { Crypto } from "../ports/crypto.ts";
import { type OpenEpoch, padLines } from "../records/records-file.ts";
import { deviceKey, digest, type EpochId, type RecordDigest, time } from "../records/shapes.ts";
import { decodeSignedLines, encodeSignedLine, isSignedBy, signLine } from "../records/signed-line.ts";

/** Largest stored deletion that is looked at, in bytes. */
export const DELETION_BYTES_MAX: number = 32 * 1024;

const deletion = object({
  type: oneOf("conclave/v1/deletion"),
  group: digest,
  device: deviceKey,
  head: digest,
  time,
});

/** An owner's word that the group is deleted from this storage. */
export type Deletion = Shaped<typeof deletion>;

/** What the name of a deletion says. */
export interface DeletionName {
  readonly epoch: EpochId;
  readonly digest: string;
}

const DELETION_KEY = /^epochs\/(?<epoch>[0-9a-f]{64})-deleted-(?<digest>[0-9a-f]{32})\.age$/;

/** Reads a key; undefined if it is not of the form of a deletion's. */
export function parseDeletionKey(key: string): DeletionName | undefined {
  const groups = DELETION_KEY.exec(key)?.groups;
  if (!groups) return undefined;
  const { epoch = "", digest: named = "" } = groups;
  return { epoch, digest: named };
}

/** Signs a deletion and seals it to an epoch. */
export async function sealDeletion(
  crypto: Crypto,
  options: {
    readonly value: Omit<Deletion, "type">;
    /** 32 bytes, secret. */
    readonly signingKey: Uint8Array;
    readonly epoch: Omit<OpenEpoch, "identity">;
  },
): Promise<{ readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const { value, signingKey, epoch } = options;
  const signed = await signLine(crypto, { value: { type: "conclave/v1/deletion", ...value }, signingKey });
  const plaintext = padLines(encodeSignedLine(signed));
  const { sealed } = await sealFile(crypto, { recipients: [epoch.recipient], suite: epoch.suite, plaintext });
  return { key: `epochs/${epoch.epoch}-deleted-${nameDigest(sealed)}.age`, bytes: sealed };
}

/**
 * Opens a deletion and verifies its signature. Whether its author may delete is for the caller to judge.
 *
 * @param options.bytes - As stored, not trusted. Taken over.
 * @throws ConclaveError `limit`, `corrupt`, `malformed` or `unsupported`.
 */
export async function openDeletion(
  crypto: Crypto,
  options: {
    readonly group: RecordDigest;
    readonly name: DeletionName;
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly epoch: OpenEpoch;
  },
): Promise<Deletion> {
  const { group, name, bytes, epoch } = options;
  if (bytes.length > DELETION_BYTES_MAX) throw new ConclaveError("deletion is too large", { code: "limit" }); // check: size
  if (name.epoch !== epoch.epoch) refuse("is named for another epoch"); // check: epoch
  if (nameDigest(bytes) !== name.digest) refuse("does not fit its name"); // check: digest
  const plaintext = await openFile(crypto, { sealed: bytes, identities: [epoch.identity], suite: epoch.suite });
  const [signed, ...others] = decodeSignedLines(plaintext);
  if (!signed || others.length > 0) refuse("holds more or less than one record"); // check: canonical
  const value = readLine(signed.line, deletion);
  if (value.group !== group) refuse("speaks of another group"); // check: link
  const isSigned = await isSignedBy(crypto, { signed, type: "conclave/v1/deletion", device: value.device });
  if (!isSigned) refuse("is not signed by its device"); // check: signature
  return value;
}

function refuse(how: string): never {
  throw new ConclaveError(`deletion ${how}`, { code: "corrupt" });
}
