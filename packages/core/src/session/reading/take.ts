/**
 * Taking records in: what was read from the storage and verified, or just signed by this device, becomes part of the
 * index. One transaction per records file, so that a crash leaves a file taken in whole or not at all.
 */
import { verifyEntries } from "../../group/verified-entry.ts";
import { addRecord } from "../../history/add-record.ts";
import { type AppliedRecord, appliedSince } from "../../history/stored-record.ts";
import { saveEntries } from "../../index/log-store.ts";
import { readMeta, writeMeta } from "../../index/meta.ts";
import { drawWriter, readWriter } from "../../index/writer.ts";
import type { Change } from "../../records/change.ts";
import type { Receipt } from "../../records/receipt.ts";
import { type AnyRecord, type NumberedRecord, readRecord } from "../../records/record.ts";
import type { ReadRecord, RecordsFile } from "../../records/records-file.ts";
import type { EpochId, RecordDigest } from "../../records/shapes.ts";
import { applyChange } from "../../tree/apply-change.ts";
import { epochAges, isEditorDevice } from "../files/blob-sources.ts";
import type { Session } from "../session.ts";
import { verifiedOf } from "../view.ts";
import { judgeChange } from "./verdicts.ts";

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

/** Takes in a records file that was read from the storage. */
export function takeReadFile(session: Session, file: RecordsFile, taken: Taken): void {
  session.index.transaction(() => {
    const { writer } = readWriter(session.index);
    const isNews = file.records.some(
      ({ record, signed }) => record.writer === writer && !isKnown(session, signed.digest),
    );
    takeFile(session, file, taken);
    // A record under this state's own writer that it did not write: the state is a copy, or older than the storage.
    if (isNews) drawWriter(session);
  });
}

function isKnown(session: Session, digest: RecordDigest): boolean {
  return session.index.get("SELECT 1 FROM lines WHERE digest = ?", digest) !== undefined;
}

/** Takes in records that were verified, or signed by this device just now. */
export function takeFile(session: Session, file: RecordsFile, taken: Taken): void {
  session.index.transaction(() => {
    for (const each of file.records) takeRecord(session, each, taken);
    takeLocations(session, file, taken);
    applyChanges(session);
  });
}

function takeRecord(session: Session, { record, signed }: ReadRecord<NumberedRecord>, taken: Taken): void {
  const { index } = session;
  index.run("INSERT OR IGNORE INTO held(epoch, digest, key) VALUES(?, ?, ?)", taken.epoch, signed.digest, taken.key);
  const fresh = index.run(
    "INSERT OR IGNORE INTO lines(digest, type, device, writer, number, line, signature) VALUES(?, ?, ?, ?, ?, ?, ?)",
    signed.digest,
    record.type,
    record.device,
    record.writer,
    record.number,
    signed.line,
    signed.signature,
  );
  if (fresh === 0) return;
  const word = wordOf(record);
  if (word) index.run("INSERT OR IGNORE INTO words(device, entry) VALUES(?, ?)", record.device, word);
  addRecord(index, {
    digest: signed.digest,
    type: record.type,
    device: record.device,
    writer: record.writer,
    number: record.number,
    previous: record.previous,
    head: word,
    parents: record.type === "conclave/v1/change" ? record.parents : [],
    time: record.time,
  });
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
  if (!receipt || !isEditorDevice(session, receipt.device)) return; // check: role
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
