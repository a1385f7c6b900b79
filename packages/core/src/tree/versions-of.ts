/** The history of a file or link: every version of it that counts. SPEC.md §8. */
import { toHex } from "../encoding/hex.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { Extents } from "../records/change.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";
import { readExtents } from "./blobs.ts";

/** One version of a file or link, current or not. */
export interface FileVersion {
  readonly node: string;
  /** The change that wrote it. */
  readonly change: RecordDigest;
  /** The device that wrote it. */
  readonly by: DeviceKey;
  /** When that device says it did, in milliseconds since 1970. */
  readonly time: number;
  /** Bytes; 0 of a link. */
  readonly size: number;
  /** Claimed, milliseconds since 1970; 0 of a link. */
  readonly modified: number;
  readonly extents: Extents;
  /** A link's text. */
  readonly target: string | null;
  /** Whether no version that counts replaces it; several such of one node are a conflict. */
  readonly current: boolean;
}

interface VersionRow {
  node: string;
  digest: Uint8Array;
  device: Uint8Array;
  time: number;
  size: number;
  modified: number;
  extents: Uint8Array | null;
  target: string | null;
  state: number;
}

const VERSIONS = `
SELECT n.key AS node, r.digest, d.device, r.time, v.size, v.modified, v.extents, v.target, v.state, r.clock
FROM tree_node n JOIN tree_version v ON v.node = n.id JOIN tree_change c ON c.id = v.change
JOIN history_record r ON r.id = v.change JOIN history_lane l ON l.id = r.lane
JOIN history_writer w ON w.id = l.writer JOIN history_device d ON d.id = w.device
WHERE n.key IN (SELECT value FROM json_each(?)) AND c.counts = 1
ORDER BY r.clock DESC, r.digest DESC, n.key`;

/** Every version of these nodes that a counting change has written, newest first. */
export function versionsOf(db: SqlDatabase, nodes: readonly string[]): FileVersion[] {
  return db.all<VersionRow>(VERSIONS, JSON.stringify(nodes)).map((row) => ({
    node: row.node,
    change: toHex(row.digest),
    by: toHex(row.device),
    time: row.time,
    size: row.size,
    modified: row.modified,
    extents: readExtents(db, row.extents),
    target: row.target,
    current: row.state === 1,
  }));
}
