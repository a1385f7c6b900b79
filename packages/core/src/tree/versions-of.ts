import type { SqlDatabase } from "../ports/sql.ts";
import type { Extents } from "../records/change.ts";
import { readExtents } from "./blobs.ts";

/** One version of a file, current or not. */
export interface FileVersion {
  /** Bytes. */
  readonly size: number;
  /** Claimed, milliseconds since 1970. */
  readonly modified: number;
  readonly extents: Extents;
}

/** Every version of a file that a counting change has written, newest first. */
export function versionsOf(db: SqlDatabase, node: string): FileVersion[] {
  return db
    .all<{ size: number; modified: number; extents: Uint8Array | null }>(
      `SELECT v.size, v.modified, v.extents FROM tree_node n JOIN tree_version v ON v.node = n.id
       JOIN tree_change c ON c.id = v.change WHERE n.key = ? AND c.counts = 1 ORDER BY v.change DESC`,
      node,
    )
    .map(({ size, modified, extents }) => ({ size, modified, extents: readExtents(db, extents) }));
}
