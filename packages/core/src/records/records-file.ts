/**
 * Records files: consecutive records of one writer, then locations, sealed to one epoch. SPEC.md §4.
 */
import { openFile, sealFile } from "../age/file.ts";
import { paddedLength } from "../contents/padme.ts";
import { joinBytes } from "../encoding/bytes.ts";
import { nameDigest } from "../encoding/digest.ts";
import { ConclaveError, MisfitError } from "../errors.ts";
import { writerTag } from "../group/writer-tag.ts";
import type { Crypto } from "../ports/crypto.ts";
import type { Suite } from "./entry.ts";
import type { Location } from "./location.ts";
import { type NumberedRecord, readRecord } from "./record.ts";
import type { EpochId, WriterId } from "./shapes.ts";
import { decodeSignedLines, encodeSignedLine, isSignedBy, type SignedLine } from "./signed-line.ts";

/** Most bytes of records that one file is filled with, before padding; one record more may always be added. */
export const RECORDS_BYTES_AIM: number = 8 * 1024 * 1024;

/** An epoch as somebody who may read it holds it. */
export interface OpenEpoch {
  readonly epoch: EpochId;
  readonly recipient: string;
  readonly identity: string;
  readonly suite: Suite;
}

/** What the name of a records file says; nothing of it is trusted before the contents agree. */
export interface RecordsName {
  readonly epoch: EpochId;
  readonly tag: string;
  readonly first: number;
  readonly count: number;
  readonly digest: string;
}

const RECORDS_KEY =
  /^(?<epoch>[0-9a-f]{64})\/records\/(?<tag>[0-9a-f]{32})-(?<first>[1-9][0-9]{0,15})-(?<count>0|[1-9][0-9]{0,15})-(?<digest>[0-9a-f]{32})\.age$/;

/** Reads a key; undefined if it is not of the form of a records file's. */
export function parseRecordsKey(key: string): RecordsName | undefined {
  const groups = RECORDS_KEY.exec(key)?.groups;
  if (!groups) return undefined;
  const { epoch = "", tag = "", first, count, digest = "" } = groups;
  return { epoch, tag, first: Number(first), count: Number(count), digest };
}

/** A record that was read, with its line. */
export interface ReadRecord<Kind> {
  readonly record: Kind;
  readonly signed: SignedLine;
}

/** All that one records file holds, verified as far as a file alone can be. */
export interface RecordsFile {
  readonly records: readonly ReadRecord<NumberedRecord>[];
  readonly locations: readonly ReadRecord<Location>[];
}

/** Adds line feeds up to the padded length. SPEC.md §2. */
export function padLines(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(paddedLength(bytes.length)).fill(0x0a);
  padded.set(bytes);
  return padded;
}

/**
 * Seals consecutive records of one writer, and locations, to an epoch.
 *
 * @param options.first - Number of the first record, or the writer's next number if there is none.
 * @returns The key and the bytes to put there.
 */
export async function sealRecords(
  crypto: Crypto,
  options: {
    readonly epoch: OpenEpoch;
    readonly writer: WriterId;
    readonly first: number;
    readonly records: readonly SignedLine[];
    readonly locations?: readonly SignedLine[];
  },
): Promise<{ readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const { epoch, writer, first, records, locations = [] } = options;
  const plaintext = padLines(joinBytes([...records, ...locations].map(encodeSignedLine)));
  const { sealed } = await sealFile(crypto, { recipients: [epoch.recipient], suite: epoch.suite, plaintext });
  const tag = writerTag(epoch.identity, writer);
  const key = `${epoch.epoch}/records/${tag}-${first}-${records.length}-${nameDigest(sealed)}.age`;
  return { key, bytes: sealed };
}

/**
 * Opens and verifies one records file: name, seal, strict form, one writer and device, consecutive numbers and hashes, the
 * writer's tag, and every signature. Whether the author had any right is for the log to say.
 *
 * @param options.bytes - As stored. Not trusted.
 * @throws ConclaveError `corrupt` if bytes and name, seal or signatures do not agree; `malformed`, `limit`,
 *   `unsupported` as the strict reader.
 */
export async function openRecords(
  crypto: Crypto,
  options: {
    readonly name: RecordsName;
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly epoch: OpenEpoch;
    readonly group: string;
  },
): Promise<RecordsFile> {
  const { name, epoch, group } = options;
  const lines = await openRecordLines(crypto, options);
  // Anybody can seal nothing.
  if (lines.length === 0) throw new ConclaveError("records file holds nothing", { code: "malformed" }); // check: canonical
  if (lines.length < name.count) throw corrupt("fewer records than its name says"); // check: size
  const records: ReadRecord<NumberedRecord>[] = [];
  const locations: ReadRecord<Location>[] = [];
  for (const [index, signed] of lines.entries()) {
    const record = readRecord(signed.line);
    await verifyLine(crypto, { record, signed, group });
    if (record.type === "conclave/v1/location") locations.push({ record, signed });
    else records.push({ record, signed });
    if (index < name.count !== (record.type !== "conclave/v1/location"))
      throw corrupt("records and locations out of order"); // check: canonical
  }
  verifyRun(records, { name, epoch });
  verifyLocations(locations, epoch.epoch);
  return { records, locations };
}

/** The lines of one records file: its name and seal are checked, nothing else. Throws as {@link openRecords}. */
export async function openRecordLines(
  crypto: Crypto,
  options: {
    readonly name: RecordsName;
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly epoch: OpenEpoch;
  },
): Promise<SignedLine[]> {
  const { name, bytes, epoch } = options;
  if (nameDigest(bytes) !== name.digest) throw new MisfitError("records file holds bytes that do not fit its name"); // check: digest
  const plaintext = await openFile(crypto, {
    sealed: bytes,
    identities: [epoch.identity],
    suite: epoch.suite,
    maxStanzas: 1,
  });
  return decodeSignedLines(plaintext);
}

async function verifyLine(
  crypto: Crypto,
  options: { readonly record: NumberedRecord | Location; readonly signed: SignedLine; readonly group: string },
): Promise<void> {
  const { record, signed, group } = options;
  const home = record.type === "conclave/v1/found" ? signed.digest : record.group;
  if (home !== group) throw corrupt("a record of another group"); // check: signature
  if (!(await isSignedBy(crypto, { signed, type: record.type, device: record.device })))
    throw corrupt("a wrong signature"); // check: signature
}

/** Consecutive numbers, each naming the digest of the one before, of one writer and device, under that writer's tag. */
function verifyRun(
  records: readonly ReadRecord<NumberedRecord>[],
  options: { readonly name: RecordsName; readonly epoch: OpenEpoch },
): void {
  const { name, epoch } = options;
  let before: ReadRecord<NumberedRecord> | undefined;
  for (const [index, { record, signed }] of records.entries()) {
    if (record.number !== name.first + index) throw corrupt("numbers that do not fit its name"); // check: canonical
    if ((record.number === 1) !== (record.previous === null)) throw corrupt("a record that skips its predecessors"); // check: digest
    if (before && (record.previous !== before.signed.digest || record.device !== before.record.device)) {
      throw corrupt("records that do not follow one another"); // check: digest
    }
    if (writerTag(epoch.identity, record.writer) !== name.tag) throw corrupt("records under another writer's tag"); // check: signature
    before = { record, signed };
  }
}

/** A location may only speak of the epoch that it is sealed to: a copy under another epoch says nothing there. */
function verifyLocations(locations: readonly ReadRecord<Location>[], epoch: EpochId): void {
  if (locations.some(({ record }) => record.epoch !== epoch)) throw corrupt("a location of another epoch"); // check: epoch
}

function corrupt(what: string): ConclaveError {
  return new ConclaveError(`records file holds ${what}`, { code: "corrupt" });
}
