/** Finding by name in the index alone: SQLite's trigrams over all names, kept with the tree in its transactions. */
import type { SqlDatabase } from "../ports/sql.ts";
import { FolderPaths } from "./folder-paths.ts";
import type { Resolved } from "./listing.ts";
import { type PathPattern, readPattern } from "./name-pattern.ts";
import type { NameOf } from "./names.ts";
import { ResolvedFolders } from "./resolved-folders.ts";
import { type ViewEntry, viewFolder, viewNamed } from "./view.ts";

/** Names of one folder that are looked up each by itself; more, and the whole folder is read once. */
const FEW_NAMES = 16;

interface FoundRow {
  readonly key: string;
  readonly parent: number;
  readonly name: string;
  readonly versions: number;
}

/**
 * Everything shown whose name fits, ordered by path, but for what lies in a folder that is too deep.
 *
 * @param options.below - Path of the folder to look in, or of one file; "" is everywhere.
 * @param options.pattern - Part of a name, or with `*`, `?` or `[…]` whole names; with `/` the last names of a path.
 *   Case, accents and invisible characters do not matter.
 */
export function findEntries(
  db: SqlDatabase,
  options: { readonly below: string; readonly pattern: string; readonly nameOf?: NameOf },
): ViewEntry[] {
  const pattern = readPattern(options.pattern);
  const rows = db.all<FoundRow>(
    `SELECT n.key, n.parent, n.name, n.versions FROM tree_find f JOIN tree_node n ON n.id = f.rowid
     WHERE f.name GLOB ? AND n.shown = 1`,
    pattern.name.glob,
  );
  const folders = new FolderPaths(db);
  const resolved = new ResolvedFolders(db);
  const nameOf = options.nameOf ?? (() => undefined);
  const found: ViewEntry[] = [];
  for (const [path, inFolder] of Map.groupBy(rows, ({ parent }) => folders.pathOf(parent))) {
    if (path === undefined || !fitsFolders(pattern, path) || !mayLieBelow(path, options.below)) continue;
    for (const entry of entriesOf(db, { folder: resolved.at(path), rows: inFolder, nameOf }))
      if (isBelow(entry.path, options.below)) found.push(entry);
  }
  return found.sort((left, right) => (left.path < right.path ? -1 : 1));
}

function fitsFolders({ folders }: PathPattern, path: string): boolean {
  if (folders.length === 0) return true;
  const names = ["", ...path.split("/")].slice(-folders.length);
  return names.length === folders.length && folders.every((each, index) => each.matches(names[index] ?? ""));
}

function isBelow(path: string, top: string): boolean {
  return top === "" || path === top || path.startsWith(`${top}/`);
}

function mayLieBelow(folder: string, top: string): boolean {
  return isBelow(folder, top) || isBelow(top, folder);
}

/** What is shown for nodes of one folder; one in conflict with itself is shown more than once. */
function entriesOf(
  db: SqlDatabase,
  options: { readonly folder: Resolved | undefined; readonly rows: readonly FoundRow[]; readonly nameOf: NameOf },
): ViewEntry[] {
  const { folder, rows, nameOf } = options;
  if (folder?.kind !== "root" && folder?.kind !== "folder") return [];
  const names = new Set(rows.map(({ name }) => name));
  if (names.size <= FEW_NAMES && rows.every(({ versions }) => versions < 2)) {
    const entries = [...names].map((name) => viewNamed(db, folder, name)).filter((entry) => entry !== undefined);
    const nodes = new Set(entries.flatMap((entry) => entry.nodes));
    if (rows.every(({ key }) => nodes.has(key))) return entries;
  }
  const keys = new Set(rows.map(({ key }) => key));
  return viewFolder(db, folder, nameOf).filter((entry) => entry.nodes.some((node) => keys.has(node)));
}
