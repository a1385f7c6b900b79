import { toHex } from "../encoding/hex.ts";
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
