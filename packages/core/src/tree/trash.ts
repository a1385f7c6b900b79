import { toHex } from "../encoding/hex.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";
import { pathOf } from "./stored-node.ts";

/** A file, folder or link that somebody deleted. What went with a deleted folder is not listed by itself. */
export interface TrashEntry {
  readonly node: string;
  readonly kind: "file" | "folder" | "link";
  readonly name: string;
  /** Where it would be. */
  readonly path: string;
  readonly by: DeviceKey;
  /** When that device says it deleted it, in milliseconds since 1970. */
  readonly time: number;
  /** The change that deleted it. */
  readonly change: RecordDigest;
}

interface TrashRow {
  key: string;
  name: string;
  digest: Uint8Array;
  device: Uint8Array;
  time: number;
}

/** What is in the trash, last deleted first. */
export function trash(db: SqlDatabase): TrashEntry[] {
  const rows = db.all<TrashRow>(
    `SELECT n.key, n.name, r.digest, d.device, r.time FROM tree_delete t
     JOIN tree_node n ON n.id = t.node AND n.deleted = t.change
     JOIN history_record r ON r.id = t.change
     JOIN history_lane l ON l.id = r.lane
     JOIN history_writer w ON w.id = l.writer
     JOIN history_device d ON d.id = w.device
     WHERE n.shown = 0 AND (n.version IS NOT NULL OR (n.placed = 1 AND n.key LIKE 'd%'))
     ORDER BY r.clock DESC, r.digest DESC, n.key`,
  );
  return rows.map((row) => ({
    node: row.key,
    kind: row.key.startsWith("d") ? "folder" : row.key.startsWith("l") ? "link" : "file",
    name: row.name,
    path: pathOf(db, row.key),
    by: toHex(row.device),
    time: row.time,
    change: toHex(row.digest),
  }));
}
