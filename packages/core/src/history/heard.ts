import { fromHex, toHex } from "../encoding/hex.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";

/** What one device has signed while some entry of the log was the newest that it knew. */
export interface Heard {
  readonly device: DeviceKey;
  readonly head: RecordDigest;
  /** How many records, those that wait too. */
  readonly records: number;
  /** The latest time that one of them claims, milliseconds since 1970. */
  readonly time: number;
}

/** Every device's records, by the entry that each names as the newest its author knew: a log entry, the one it follows. */
export function heard(db: SqlDatabase): Heard[] {
  return db
    .all<{ device: Uint8Array; head: Uint8Array; records: number; time: number }>(
      `SELECT d.device, h.digest AS head, count(*) AS records, max(said.time) AS time
       FROM (SELECT l.writer, r.head, r.time FROM history_record r JOIN history_lane l ON l.id = r.lane
             UNION ALL SELECT writer, head, time FROM history_waiting) said
       JOIN history_writer w ON w.id = said.writer
       JOIN history_device d ON d.id = w.device
       JOIN history_head h ON h.id = said.head
       GROUP BY d.id, h.id`,
    )
    .map(({ device, head, ...rest }) => ({ device: toHex(device), head: toHex(head), ...rest }));
}

/** The entries that one device has named as the newest it knew, in records that are applied or wait. */
export function headsNamedBy(db: SqlDatabase, device: DeviceKey): ReadonlySet<RecordDigest> {
  const rows = db.all<{ digest: Uint8Array }>(
    `SELECT h.digest FROM history_head h WHERE h.id IN (
       SELECT r.head FROM history_device d JOIN history_writer w ON w.device = d.id JOIN history_lane l ON l.writer = w.id
         JOIN history_record r ON r.lane = l.id WHERE d.device = ?1
       UNION SELECT r.head FROM history_device d JOIN history_writer w ON w.device = d.id
         JOIN history_waiting r ON r.writer = w.id WHERE d.device = ?1)`,
    fromHex(device),
  );
  return new Set(rows.map(({ digest }) => toHex(digest)));
}
