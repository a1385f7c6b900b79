/**
 * Taking records in: what was read from the storage and verified, or just signed by this device, becomes part of the
 * index. One transaction per records file, so that a crash leaves a file taken in whole or not at all.
 */
import { ConclaveError } from "../../errors.ts";
import { verifyEntries } from "../../group/verified-entry.ts";
import { addRecord } from "../../history/add-record.ts";
import { headsNamedBy } from "../../history/heard.ts";
import { type AppliedRecord, appliedSince } from "../../history/stored-record.ts";
import { saveEntries } from "../../index/log-store.ts";
import { readMeta, writeMeta } from "../../index/meta.ts";
import { drawWriter, readWriter } from "../../index/writer.ts";
import type { SqlDatabase } from "../../ports/sql.ts";
import type { Change } from "../../records/change.ts";
import type { Receipt } from "../../records/receipt.ts";
import { type AnyRecord, type NumberedRecord, readRecord } from "../../records/record.ts";
import type { ReadRecord, RecordsFile } from "../../records/records-file.ts";
import type { DeviceKey, EpochId, RecordDigest } from "../../records/shapes.ts";
import { applyChange } from "../../tree/apply-change.ts";
import { epochAges, isEditorDevice } from "../files/blob-sources.ts";
import type { Session } from "../session.ts";
import { verifiedOf } from "../view.ts";
import { judgeChange, mayMatter } from "./verdicts.ts";

/** Where taken records lie. */
export interface Taken {
  readonly epoch: EpochId;
  readonly key: string;
}

/** Entries verified with their cards, before the transaction that keeps them: cards are slow to check. */
export async function keepEntries(session: Session, records: readonly ReadRecord<NumberedRecord>[]): Promise<void> {
  const lines = records.filter(({ record }) => isEntry(record)).map(({ signed }) => signed);
  if (lines.length === 0) return;
  const { entries } = await verifyEntries(session.crypto, lines, verifiedOf(session.view.log));
  session.index.transaction(() => saveEntries(session.index, entries));
}

/** What is told of a file that was read, of which a record was dropped. */
const MISFIT = "a record in it does not fit what it names, and counts for nothing";

/**
 * Takes in a records file that was read from the storage.
 *
 * @returns What is to be told of it: undefined where all of it fits.
 */
export function takeReadFile(session: Session, file: RecordsFile, taken: Taken): string | undefined {
  return session.index.transaction(() => {
    const { writer } = readWriter(session.index);
    const isNews = file.records.some(
      ({ record, signed }) =>
        record.writer === writer && record.device === session.deviceKey && !isKnown(session, signed.digest),
    );
    takeFile(session, file, taken);
    writeMeta(session.index, "judged", null);
    if (isLate(session, file)) session.index.run("UPDATE epochs SET finished = 0 WHERE epoch = ?", taken.epoch);
    // A record of this device's under this state's own writer that it did not write: the state is a copy, or older than the storage.
    if (isNews) drawWriter(session);
    const kept = session.index.get<{ n: number }>("SELECT count(*) AS n FROM held WHERE key = ?", taken.key)?.n ?? 0;
    return kept < file.records.length ? MISFIT : undefined;
  });
}

/** Whether something in a file that was not read before holds its epoch open, should nothing else have been left there. */
function isLate(session: Session, { records, locations }: RecordsFile): boolean {
  return (
    locations.some(({ record }) => isEditorDevice(session, record.device)) ||
    records.some(({ record: { type, device }, signed: { digest } }) => mayMatter(session, { type, device, digest }))
  );
}

function isKnown(session: Session, digest: RecordDigest): boolean {
  return session.index.get("SELECT 1 FROM lines WHERE digest = ?", digest) !== undefined;
}

/** Takes in records that were verified, or signed by this device just now. */
export function takeFile(session: Session, file: RecordsFile, taken: Taken): void {
  session.index.transaction(() => {
    const unsaid = new Set<DeviceKey>();
    for (const each of file.records) for (const device of takeRecord(session, each, taken)) unsaid.add(device);
    for (const device of unsaid) forgetWords(session.index, device);
    takeLocations(session, file, taken);
    applyChanges(session);
  });
}

/**
 * Takes in a record, unless it does not fit what it names: then it alone is dropped, as it is where it came first. Else who
 * knew what it names would lack the rest of its file, and would wait for what others build on that.
 *
 * @returns Devices of which records were dropped now that do not fit this one.
 */
function takeRecord(session: Session, { record, signed }: ReadRecord<NumberedRecord>, taken: Taken): DeviceKey[] {
  const { index } = session;
  const { digest, line, signature } = signed;
  const { type, device, writer, number, previous, time } = record;
  const word = wordOf(record);
  const parents = record.type === "conclave/v1/change" ? record.parents : [];
  const dropped: RecordDigest[] = [];
  try {
    const links = { digest, type, device, writer, number, previous, head: word, parents, time };
    addRecord(index, links, { dropped: (misfit) => dropped.push(misfit) });
  } catch (error) {
    if (!(error instanceof ConclaveError) || error.code !== "malformed") throw error;
    return [];
  }
  index.run("INSERT OR IGNORE INTO held(epoch, digest, key) VALUES(?, ?, ?)", taken.epoch, digest, taken.key);
  index.run(
    "INSERT OR IGNORE INTO lines(digest, type, device, writer, number, line, signature) VALUES(?, ?, ?, ?, ?, ?, ?)",
    ...[digest, type, device, writer, number, line, signature],
  );
  if (word) index.run("INSERT OR IGNORE INTO words(device, entry) VALUES(?, ?)", device, word);
  return dropped.flatMap((misfit) => forgetRecord(index, misfit));
}

/** Forgets a record that was dropped: nobody seals it anew, and nothing waits for that. */
function forgetRecord(index: SqlDatabase, digest: RecordDigest): DeviceKey[] {
  index.run("UPDATE files SET detail = ? WHERE key IN (SELECT key FROM held WHERE digest = ?)", MISFIT, digest);
  index.run("DELETE FROM held WHERE digest = ?", digest);
  return index
    .all<{ device: DeviceKey }>("DELETE FROM lines WHERE digest = ? RETURNING device", digest)
    .map(({ device }) => device);
}

/** Forgets what a device has said in records that were dropped, and in no other. */
function forgetWords(index: SqlDatabase, device: DeviceKey): void {
  const said = headsNamedBy(index, device);
  for (const { entry } of index.all<{ entry: RecordDigest }>("SELECT entry FROM words WHERE device = ?", device)) {
    if (!said.has(entry)) index.run("DELETE FROM words WHERE device = ? AND entry = ?", device, entry);
  }
}

/** Applies to the tree, in causal order, every change that became applied in the history since the last time. */
function applyChanges(session: Session): void {
  const { index } = session;
  const since = readMeta<number>(index, "applied") ?? 0;
  let newest = since;
  for (const record of appliedSince(index, since)) {
    if (record.type === "conclave/v1/change") applyOne(session, record);
    if (record.type === "conclave/v1/receipt") believeReceipt(session, record);
    newest = record.sequence;
  }
  if (newest > since) writeMeta(index, "applied", newest);
}

function storedRecord(session: Session, digest: RecordDigest): AnyRecord | undefined {
  const row = session.index.get<{ line: Uint8Array }>("SELECT line FROM lines WHERE digest = ?", digest);
  return row && readRecord(row.line);
}

function applyOne(session: Session, record: AppliedRecord): void {
  const change = storedRecord(session, record.digest) as Change | undefined;
  if (!change) return;
  const { operations } = change;
  applyChange(session.index, { ...record, operations, counts: judgeChange(session, record).counts });
}

/**
 * A receipt of somebody who may write says that older epochs were emptied: what it had placed anew is gone from there. What
 * its author had not seen is not. It only tells what is left to do: nothing is deleted or given up because of it alone.
 */
function believeReceipt(session: Session, record: AppliedRecord): void {
  const receipt = storedRecord(session, record.digest) as Receipt | undefined;
  if (!receipt) return;
  if (!isEditorDevice(session, receipt.device)) return; // check: role
  if (receipt.kept.length > 0 && receipt.device !== session.deviceKey) {
    writeMeta(session.index, "keepers", (readMeta<number>(session.index, "keepers") ?? 0) + 1);
  }
  if (receipt.remaining.objects > 0) return;
  const ages = epochAges(session);
  const emptied = [...ages].filter(([, age]) => age < (ages.get(receipt.epoch) ?? 0));
  for (const [epoch] of emptied) {
    session.index.run(
      "UPDATE locations SET emptied = 1 WHERE epoch = ? AND blob IN (SELECT blob FROM locations WHERE epoch = ?)",
      epoch,
      receipt.epoch,
    );
  }
}

function takeLocations(session: Session, file: RecordsFile, taken: Taken): void {
  for (const { record } of file.locations) {
    const { blob, epoch, object, length, device } = record;
    session.index.run(
      `INSERT INTO locations(blob, epoch, object, length, device) VALUES(?, ?, ?, ?, ?)
       ON CONFLICT(blob, epoch, object, device) DO NOTHING`,
      ...[blob, epoch, object, length, device],
    );
    session.index.run(
      "INSERT OR IGNORE INTO placings(key, blob, epoch, object) VALUES(?, ?, ?, ?)",
      ...[taken.key, blob, epoch, object],
    );
  }
}

/** The entry that a record names as the newest its author knew: its parent if it is one itself. */
export function wordOf(record: NumberedRecord): RecordDigest | null {
  if (record.type === "conclave/v1/found") return null;
  return record.type === "conclave/v1/entry" ? record.parent : record.head;
}

function isEntry(record: NumberedRecord): boolean {
  return record.type === "conclave/v1/found" || record.type === "conclave/v1/entry";
}
