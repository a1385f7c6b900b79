/** The trash: what somebody deleted and nobody has touched since. SPEC.md §8. */
import { toHex } from "../encoding/hex.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";
import { FolderPaths } from "./folder-paths.ts";
import { splitPath } from "./paths.ts";
import { IS_PURGED } from "./purges.ts";

/** A file, folder or link that somebody deleted. */
export interface TrashEntry {
  readonly node: string;
  readonly kind: "file" | "folder" | "link";
  readonly name: string;
  /** Where it would be; `…/` and its name where that is too deep. */
  readonly path: string;
  readonly by: DeviceKey;
  /** When that device says it deleted it, in milliseconds since 1970. */
  readonly time: number;
  /** The change that deleted it. */
  readonly change: RecordDigest;
  /** Whether somebody has let it go for good. */
  readonly purged: boolean;
}

interface TrashRow {
  purged: number;
  id: number;
  key: string;
  name: string;
  parent: number;
  digest: Uint8Array;
  device: Uint8Array;
  time: number;
}

const HIDDEN = `
SELECT n.id, n.key, n.name, n.parent, r.digest, d.device, r.time, ${IS_PURGED} AS purged FROM tree_node n
JOIN tree_change c ON c.id = deleter AND c.counts = 1
JOIN history_record r ON r.id = c.id
JOIN history_lane l ON l.id = r.lane
JOIN history_writer w ON w.id = l.writer
JOIN history_device d ON d.id = w.device
WHERE n.deleted IS NOT NULL AND n.shown = 0 AND (n.version IS NOT NULL OR (n.placed = 1 AND n.key LIKE 'd%'))`;

// A delete of the node by itself, not with a folder above it, after all that places it or gives it a version: by their stamps,
// as arrival differs from device to device.
const OF_ITSELF = `t.node = n.id AND NOT EXISTS (
  SELECT 1 FROM history_record touch JOIN history_record own ON own.id = t.change
  WHERE touch.id IN (n.place, n.version) AND (touch.clock, touch.digest) >= (own.clock, own.digest))`;

/**
 * What is in the trash, last deleted first. What went with a deleted folder is not listed by itself.
 *
 * @param options.purged - What was purged, instead of what was not. Default false.
 */
export function trash(db: SqlDatabase, options: { readonly purged?: boolean } = {}): TrashEntry[] {
  const joined = HIDDEN.replace("tree_node n", `tree_node n JOIN tree_delete t ON ${OF_ITSELF}`);
  const rows = db.all<TrashRow>(
    `${joined.replace("deleter", "t.change")} AND ${options.purged ? "" : "NOT"} (${IS_PURGED}) ORDER BY r.clock DESC, r.digest DESC, n.key`,
  );
  // Of several deletes of one node the last is shown.
  const last = new Map<string, TrashRow>();
  for (const row of rows) if (!last.has(row.key)) last.set(row.key, row);
  const folders = new FolderPaths(db);
  return [...last.values()].map((row) => toEntry(folders, row));
}

/** All in the trash at a path, what went with a deleted folder and what is purged too; several where the name was used again. */
export function trashAt(db: SqlDatabase, path: string): TrashEntry[] {
  const names = splitPath(path);
  let folders = [1];
  for (const name of names.slice(0, -1)) {
    folders = folders.flatMap((folder) => childFolders(db, { folder, name }));
  }
  const rows = folders.flatMap((folder) =>
    db.all<TrashRow>(
      `${HIDDEN.replace("deleter", "n.deleted")} AND n.parent = ? AND n.name = ?`,
      folder,
      names.at(-1) ?? "",
    ),
  );
  const paths = new FolderPaths(db);
  return rows.map((row) => toEntry(paths, row));
}

function childFolders(db: SqlDatabase, at: { readonly folder: number; readonly name: string }): number[] {
  return db
    .all<{ id: number }>("SELECT id FROM tree_node WHERE parent = ? AND name = ? AND key LIKE 'd%'", at.folder, at.name)
    .map(({ id }) => id);
}

/** A node that went into the trash with another one, or by itself. */
export interface TrashedNode {
  readonly node: string;
  /** The folder that it lies in. */
  readonly parent: string;
  readonly name: string;
  /** Bytes of the version that was current; 0 of folders and links. */
  readonly size: number;
}

/**
 * What comes back with a deleted node: itself, and of a folder all below it that is hidden, folders before what is in them,
 * but for what was in the trash before the folder was deleted.
 */
export function trashedWith(db: SqlDatabase, node: string): TrashedNode[] {
  return db.all<TrashedNode>(
    `WITH RECURSIVE below (id, depth) AS (
       SELECT id, 0 FROM tree_node WHERE key = ?1
       UNION ALL
       SELECT n.id, below.depth + 1 FROM below JOIN tree_node n ON n.parent = below.id AND n.deleted IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM tree_delete t JOIN tree_change c ON c.id = t.change AND c.counts = 1
           WHERE ${OF_ITSELF} AND t.change <> (SELECT deleted FROM tree_node WHERE key = ?1))
     )
     SELECT n.key AS node, p.key AS parent, n.name, coalesce(v.size, 0) AS size
     FROM below JOIN tree_node n ON n.id = below.id JOIN tree_node p ON p.id = n.parent
     LEFT JOIN tree_version v ON v.change = n.version AND v.node = n.id
     ORDER BY below.depth, n.key`,
    node,
  );
}

function toEntry(folders: FolderPaths, row: TrashRow): TrashEntry {
  const folder = folders.pathOf(row.parent) ?? "…";
  return {
    node: row.key,
    kind: row.key.startsWith("d") ? "folder" : row.key.startsWith("l") ? "link" : "file",
    name: row.name,
    path: folder === "" ? row.name : `${folder}/${row.name}`,
    by: toHex(row.device),
    time: row.time,
    change: toHex(row.digest),
    purged: row.purged === 1,
  };
}
