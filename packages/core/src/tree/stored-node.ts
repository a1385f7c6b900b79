/** Lookups of single nodes by their ids in records. */
import { fromHex, toHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import { type Operation, REPLACES_MAX, ROOT } from "../records/change.ts";
import type { RecordDigest } from "../records/shapes.ts";
import { readExtents } from "./blobs.ts";
import { ROOT_ID } from "./nodes.ts";

/**
 * The changes whose versions of a file or link are current, greatest first; more than one are a conflict. Not more than one
 * version may replace.
 */
export function currentVersions(db: SqlDatabase, node: string): RecordDigest[] {
  return db
    .all<{ digest: Uint8Array }>(
      `SELECT r.digest FROM tree_node n JOIN tree_version v ON v.node = n.id JOIN history_record r ON r.id = v.change
       WHERE n.key = ? AND v.state = 1 ORDER BY r.clock DESC, r.digest DESC LIMIT ?`,
      node,
      REPLACES_MAX,
    )
    .map((row) => toHex(row.digest));
}

/** The folder that a node is shown in. */
export function parentOf(db: SqlDatabase, node: string): string {
  const row = db.get<{ key: string }>(
    "SELECT p.key FROM tree_node n JOIN tree_node p ON p.id = n.parent WHERE n.key = ?",
    node,
  );
  return row?.key ?? ROOT;
}

/** Where a node is, by the names that were given to it and the folders above it, altered nowhere. */
export function pathOf(db: SqlDatabase, node: string): string {
  const names: string[] = [];
  let row = db.get<{ id: number; parent: number; name: string }>(
    "SELECT id, parent, name FROM tree_node WHERE key = ?",
    node,
  );
  while (row !== undefined && row.id !== ROOT_ID) {
    names.push(row.name);
    row = db.get("SELECT id, parent, name FROM tree_node WHERE id = ?", row.parent);
  }
  return names.reverse().join("/");
}

interface VersionRow {
  size: number;
  modified: number;
  executable: number;
  extents: Uint8Array | null;
  target: string | null;
}

/** A version that is there, as an operation that gives the same content to a node. */
export function versionOperation(
  db: SqlDatabase,
  options: {
    readonly node: string;
    readonly version: RecordDigest;
    readonly as: { readonly node: string; readonly replaces: readonly RecordDigest[]; readonly path: string };
  },
): Operation {
  const row = db.get<VersionRow>(
    `SELECT v.size, v.modified, v.executable, v.extents, v.target FROM tree_version v
     JOIN tree_node n ON n.id = v.node JOIN history_record r ON r.id = v.change WHERE n.key = ? AND r.digest = ?`,
    options.node,
    fromHex(options.version),
  );
  if (row === undefined) throw new ConclaveError(`no version ${options.version}`, { code: "not-found" });
  const { node, replaces, path } = options.as;
  if (row.target !== null) return { op: "link", node, replaces, target: row.target, path };
  const { size, modified } = row;
  const executable = row.executable === 1;
  const extents = readExtents(db, row.extents);
  return { op: "file", node, replaces, size, modified, executable, extents, path };
}
