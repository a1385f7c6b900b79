import type { SqlDatabase } from "../ports/sql.ts";
import { mayBeConflictName, type NameOf } from "./names.ts";
import { ROOT_ID } from "./nodes.ts";
import { isTooDeep, splitPath } from "./paths.ts";
import { type TreeEntry, type ViewEntry, viewFolder, viewNamed } from "./view.ts";

/** What a path leads to: the root, or an entry. A folder may be several nodes that are shown as one. */
export type Resolved =
  | { readonly kind: "root"; readonly path: ""; readonly nodes: readonly ["root"]; readonly ids: readonly number[] }
  | ViewEntry;

const ROOT: Resolved = { kind: "root", path: "", nodes: ["root"], ids: [ROOT_ID] };

const nobody: NameOf = () => undefined;

/**
 * Follows a path of names as they are shown; undefined if there is nothing. Names are compared as they are: neither case
 * nor Unicode form is ignored.
 *
 * @param path - Names joined by `/`; leading, trailing and doubled slashes do not matter. "" is the root.
 * @param nameOf - As it was given to the listing, if altered names are to be found.
 */
export function resolvePath(db: SqlDatabase, path: string, nameOf: NameOf = nobody): Resolved | undefined {
  let at: Resolved | undefined = ROOT;
  for (const name of splitPath(path)) {
    if (at === undefined) return undefined;
    at = entryIn(db, { folder: at, name, nameOf });
  }
  return at;
}

/** What is shown under a name in a folder; undefined if there is nothing, or it is no folder. */
export function entryIn(
  db: SqlDatabase,
  options: { readonly folder: Resolved; readonly name: string; readonly nameOf?: NameOf },
): ViewEntry | undefined {
  const { folder, name } = options;
  if (folder.kind !== "root" && folder.kind !== "folder") return undefined;
  const kept = viewNamed(db, folder, name);
  if (kept !== undefined || !mayBeConflictName(name)) return kept;
  return viewFolder(db, folder, options.nameOf ?? nobody).find((entry) => entry.name === name);
}

/** The file that is shown at a path; undefined if there is none. */
export function fileAt(db: SqlDatabase, path: string, nameOf: NameOf = nobody): TreeEntry | undefined {
  const found = resolvePath(db, path, nameOf);
  return found?.kind === "file" ? found : undefined;
}

/** What is shown directly in a folder, ordered by name. */
export function childrenOf(db: SqlDatabase, folder: Resolved, nameOf: NameOf = nobody): ViewEntry[] {
  if (folder.kind !== "root" && folder.kind !== "folder") return [];
  return viewFolder(db, folder, nameOf);
}

/**
 * What is shown in a folder; with `recursive` also all below it, each folder before what is in it, but nothing in a folder
 * that is too deep (`isTooDeep`). Of a file or link, just that. Nothing if there is nothing at the path: {@link resolvePath} tells the two apart.
 */
export function* listFolder(
  db: SqlDatabase,
  path: string,
  options: { readonly recursive?: boolean; readonly nameOf?: NameOf } = {},
): IterableIterator<ViewEntry> {
  const nameOf = options.nameOf ?? nobody;
  const found = resolvePath(db, path, nameOf);
  if (found === undefined) return;
  if (found.kind !== "root" && found.kind !== "folder") {
    yield found;
    return;
  }
  // A stack of what is still to come, not of calls: trees may be deep.
  const open = childrenOf(db, found, nameOf).reverse();
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    yield entry;
    if (options.recursive !== true || entry.kind !== "folder" || isTooDeep(entry.path)) continue;
    for (const child of childrenOf(db, entry, nameOf).reverse()) open.push(child);
  }
}

/** How much the tree holds, as it is shown. */
export interface TreeCount {
  /** Links are counted as files. */
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
}

/** Counts what `listFolder` would show below the root. */
export function countTree(db: SqlDatabase): TreeCount {
  return hasShared(db) ? countShown(db) : countRows(db);
}

/** Whether anything is shown as one, or apart, so that rows and entries differ. */
function hasShared(db: SqlDatabase): boolean {
  if (db.get("SELECT 1 FROM tree_node WHERE versions > 1 LIMIT 1") !== undefined) return true;
  const twice = "SELECT 1 FROM tree_node WHERE shown = 1 GROUP BY parent, name HAVING count(*) > 1 LIMIT 1";
  return db.get(twice) !== undefined;
}

function countRows(db: SqlDatabase): TreeCount {
  const folders = db.get("SELECT count(*) AS folders FROM tree_node WHERE shown = 1 AND version IS NULL AND id <> 1");
  const files = db.get(
    `SELECT count(*) AS files, coalesce(sum(v.size), 0) AS bytes FROM tree_node n
     JOIN tree_version v ON v.change = n.version AND v.node = n.id WHERE n.shown = 1`,
  );
  return { ...(folders as { folders: number }), ...(files as { files: number; bytes: number }) };
}

function countShown(db: SqlDatabase): TreeCount {
  const count = { files: 0, folders: 0, bytes: 0 };
  for (const entry of listFolder(db, "", { recursive: true })) {
    if (entry.kind === "folder") count.folders++;
    else count.files++;
    count.bytes += entry.size;
  }
  return count;
}

/** All that is shown under an altered name, by path. */
export function* conflicts(db: SqlDatabase, nameOf: NameOf = nobody): IterableIterator<ViewEntry> {
  if (!hasShared(db)) return;
  for (const entry of listFolder(db, "", { recursive: true, nameOf })) if (entry.conflict) yield entry;
}
