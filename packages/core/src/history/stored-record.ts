import { fromHex, toHex } from "../encoding/hex.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { NumberedRecord } from "../records/record.ts";
import type { DeviceKey, RecordDigest, WriterId } from "../records/shapes.ts";

/** The types of record that take a place in a writer's chain. */
export type NumberedType = NumberedRecord["type"];

/** Their codes in the tables are their places in this list. */
const TYPES: readonly NumberedType[] = [
  "conclave/v1/found",
  "conclave/v1/entry",
  "conclave/v1/change",
  "conclave/v1/receipt",
];
export const CHANGE_CODE: number = TYPES.indexOf("conclave/v1/change");

export function codeOf(type: NumberedType): number {
  return TYPES.indexOf(type);
}

/** What every lookup of an applied record needs. */
export interface AppliedRow {
  readonly id: number;
  readonly type: number;
  readonly lane: number;
  readonly number: number;
  readonly clock: number;
}

/** The row of an applied record, or undefined. */
export function appliedRow(db: SqlDatabase, digest: Uint8Array): AppliedRow | undefined {
  return db.get<AppliedRow>("SELECT id, type, lane, number, clock FROM history_record WHERE digest = ?", digest);
}

/** An applied record as the history knows it. */
export interface AppliedRecord {
  /** Its place in the order of application on this device: causes before effects. */
  readonly sequence: number;
  readonly digest: RecordDigest;
  readonly type: NumberedType;
  readonly device: DeviceKey;
  readonly writer: WriterId;
  readonly number: number;
  /** The newest log entry that its author knew; null of log entries. */
  readonly head: RecordDigest | null;
  /** Claimed, milliseconds since 1970. */
  readonly time: number;
}

interface FullRow {
  id: number;
  digest: Uint8Array;
  type: number;
  device: Uint8Array;
  writer: Uint8Array;
  number: number;
  head: Uint8Array | null;
  time: number;
}

const FULL_ROW = `
SELECT r.id, r.digest, r.type, d.device, w.writer, r.number, h.digest AS head, r.time
FROM history_record r
JOIN history_lane l ON l.id = r.lane
JOIN history_writer w ON w.id = l.writer
JOIN history_device d ON d.id = w.device
LEFT JOIN history_head h ON h.id = r.head`;

function fromRow(row: FullRow): AppliedRecord {
  return {
    sequence: row.id,
    digest: toHex(row.digest),
    type: TYPES[row.type] as NumberedType,
    device: toHex(row.device),
    writer: toHex(row.writer),
    number: row.number,
    head: row.head === null ? null : toHex(row.head),
    time: row.time,
  };
}

/** An applied record by its digest; undefined if it is unknown or waits. */
export function recordOf(db: SqlDatabase, digest: RecordDigest): AppliedRecord | undefined {
  const row = db.get<FullRow>(`${FULL_ROW} WHERE r.digest = ?`, fromHex(digest));
  return row === undefined ? undefined : fromRow(row);
}

/** Records that are read from the database at once. */
const PAGE_RECORDS = 1000;

/**
 * Records applied after the one of that sequence (0: all), in the order in which they were applied. That is how a caller
 * learns what a record that was awaited has set free.
 */
export function* appliedSince(db: SqlDatabase, sequence: number): Generator<AppliedRecord> {
  for (let since = sequence; ; ) {
    const page = db.all<FullRow>(`${FULL_ROW} WHERE r.id > ? ORDER BY r.id LIMIT ?`, since, PAGE_RECORDS);
    yield* page.map(fromRow);
    if (page.length < PAGE_RECORDS) return;
    since = page.at(-1)?.id ?? since;
  }
}

/** Whether the record is applied, or waits, or neither was ever seen nor accepted. */
export function recordState(db: SqlDatabase, digest: RecordDigest): "applied" | "waiting" | undefined {
  const bytes = fromHex(digest);
  if (appliedRow(db, bytes) !== undefined) return "applied";
  const waits = db.get("SELECT 1 FROM history_waiting WHERE digest = ?", bytes);
  return waits === undefined ? undefined : "waiting";
}
