import { fromHex, toHex } from "../encoding/hex.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { DeviceKey, RecordDigest, WriterId } from "../records/shapes.ts";
import { CHANGE_CODE } from "./stored-record.ts";

/** Most changes that a change names as its parents. */
export const FRONTIER_MAX = 256;

/**
 * The applied changes that no other applied change builds on: what a new change names as its parents. Newest first by
 * (clock, digest), at most {@link FRONTIER_MAX}.
 */
export function frontier(db: SqlDatabase): RecordDigest[] {
  return db
    .all<{ digest: Uint8Array }>(
      `SELECT r.digest FROM history_lane l JOIN history_record r ON r.id = l.front
       WHERE l.front IS NOT NULL ORDER BY r.clock DESC, r.digest DESC LIMIT ?`,
      FRONTIER_MAX,
    )
    .map((row) => toHex(row.digest));
}

/** The newest applied record of one run of a writer's chain. A copied writer has several. */
export interface WriterHead {
  readonly device: DeviceKey;
  readonly writer: WriterId;
  readonly number: number;
  readonly digest: RecordDigest;
  /** The newest change of that run: the same, or one before it; null if there is none. */
  readonly change: RecordDigest | null;
}

/** The newest applied records of these devices' writers, as a cut names them; ordered by writer and digest. */
export function writerHeads(db: SqlDatabase, devices: readonly DeviceKey[]): WriterHead[] {
  return devices.flatMap((device) =>
    db
      .all<{ writer: Uint8Array; number: number; digest: Uint8Array; change: Uint8Array | null }>(
        `SELECT w.writer, r.number, r.digest,
           (SELECT c.digest FROM history_record c WHERE c.lane = l.id AND c.type = ? ORDER BY c.number DESC LIMIT 1) AS change
         FROM history_device d
         JOIN history_writer w ON w.device = d.id
         JOIN history_lane l ON l.writer = w.id
         JOIN history_record r ON r.lane = l.id AND r.number = l.newest
         WHERE d.device = ? ORDER BY w.writer, r.digest`,
        CHANGE_CODE,
        fromHex(device),
      )
      .map(({ writer, number, digest, change }) => ({
        ...{ device, writer: toHex(writer), number, digest: toHex(digest) },
        change: change && toHex(change),
      })),
  );
}
