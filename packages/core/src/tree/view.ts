/**
 * What is shown of the tree. Node ids never merge; what people see does: folders of one name under one parent are one,
 * files of one name and content are one, and only files that differ are shown apart. SPEC.md §8.
 */
import { toUtf8 } from "../encoding/bytes.ts";
import { sha256Hex } from "../encoding/digest.ts";
import { toHex } from "../encoding/hex.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import { type Extents, REPLACES_MAX } from "../records/change.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";
import { blobDigest, readExtents } from "./blobs.ts";
import { ConflictNames, type NameOf } from "./names.ts";
import { unpackNumbers, unpackPiece } from "./packing.ts";
import { compareStamps } from "./stamps.ts";

/** A file, folder or link as it is shown. */
export interface TreeEntry {
  /** Names joined by `/`, from the root of the tree. */
  readonly path: string;
  readonly name: string;
  readonly kind: "file" | "folder" | "link";
  /** Bytes; 0 of folders and links. */
  readonly size: number;
  /** Claimed modification time of a file in milliseconds since 1970; else 0. */
  readonly modified: number;
  readonly executable: boolean;
  /** The device that wrote the version, or made or moved the folder last; null of a folder that nothing places. */
  readonly by: DeviceKey | null;
  /** When that device says it did, in milliseconds since 1970. */
  readonly time: number;
  /** The node's id; of several that are shown as one, the first by age and digest. */
  readonly node: string;
  /** The ids of all nodes that are shown as this one. */
  readonly nodes: readonly string[];
  /** The change that wrote the version shown; null of folders. */
  readonly version: RecordDigest | null;
  /**
   * The changes that wrote versions of that node which are shown as this one, being the same; the one shown first. Not more
   * than one version may replace together with another.
   */
  readonly versions: readonly RecordDigest[];
  /** Where a file's bytes are. */
  readonly extents: Extents;
  /** A link's text. */
  readonly target: string | null;
  /** Whether it is shown under an altered name, because another one keeps it. */
  readonly conflict: boolean;
}

/** A folder's row, or one of a file's or link's current versions. */
interface ViewRow {
  id: number;
  key: string;
  name: string;
  version: number | null;
  versions: number;
  clock: number | null;
  digest: Uint8Array | null;
  lane: number | null;
  time: number | null;
  size: number | null;
  modified: number | null;
  executable: number | null;
  extents: Uint8Array | null;
  target: string | null;
}

/** One thing to be shown under a name, before names are given out. */
interface Candidate {
  readonly row: ViewRow;
  readonly nodes: string[];
  readonly ids: number[];
  readonly versions: RecordDigest[];
}

/** An entry, with the numbers of its nodes. */
export interface ViewEntry extends TreeEntry {
  readonly ids: readonly number[];
}

// Each file and link by its greatest current version, each folder by its place.
const SHOWN = `
SELECT n.id, n.key, n.name, n.version, n.versions, r.clock, r.digest, r.lane, r.time,
  v.size, v.modified, v.executable, v.extents, v.target
FROM tree_node n
LEFT JOIN history_record r ON r.id = coalesce(n.version, n.place)
LEFT JOIN tree_version v ON v.change = n.version AND v.node = n.id
WHERE n.parent = ? AND n.shown = 1`;

const OTHER_VERSIONS = `
SELECT n.id, n.key, n.name, v.change AS version, 1 AS versions, r.clock, r.digest, r.lane, r.time,
  v.size, v.modified, v.executable, v.extents, v.target
FROM tree_version v
JOIN tree_node n ON n.id = v.node
JOIN history_record r ON r.id = v.change
WHERE v.node = ? AND v.state = 1 AND v.change <> ?`;

/** What is shown in folders that are shown as one, ordered by name. `path` is theirs, "" of the root. */
export function viewFolder(
  db: SqlDatabase,
  folder: { readonly path: string; readonly ids: readonly number[] },
  nameOf: NameOf,
): ViewEntry[] {
  const rows = folder.ids.flatMap((id) => db.all<ViewRow>(SHOWN, id));
  return viewRows(db, { rows, path: folder.path, nameOf });
}

/** What is shown under one name exactly, without looking at the rest of the folder; altered names are not found so. */
export function viewNamed(
  db: SqlDatabase,
  folder: { readonly path: string; readonly ids: readonly number[] },
  name: string,
): ViewEntry | undefined {
  const rows = folder.ids.flatMap((id) => db.all<ViewRow>(`${SHOWN} AND n.name = ?`, id, name));
  return viewRows(db, { rows, path: folder.path, nameOf: () => undefined }).find((entry) => !entry.conflict);
}

function viewRows(
  db: SqlDatabase,
  options: { readonly rows: readonly ViewRow[]; readonly path: string; readonly nameOf: NameOf },
): ViewEntry[] {
  const names = new NameLookup(db);
  const prefix = options.path === "" ? "" : `${options.path}/`;
  const groups = groupByName(options.rows);
  const alteredNames = new ConflictNames(groups.keys());
  const entries: ViewEntry[] = [];
  const altered: Candidate[] = [];
  for (const [name, group] of groups) {
    const [keeper, ...others] = isAlone(group) ? group : shareName(db, group);
    if (keeper !== undefined) entries.push(toEntry(names, keeper, { name, path: prefix + name, conflict: false }));
    for (const other of others) altered.push(other);
  }
  for (const other of altered.sort(newestFirst)) {
    const author = { device: names.device(other.row.lane) ?? "", time: other.row.time ?? 0 };
    const name = alteredNames.give(other.row.name, { author, nameOf: options.nameOf });
    entries.push(toEntry(names, other, { name, path: prefix + name, conflict: true }));
  }
  return entries.sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** Looks up devices and blobs by their numbers, each once for a folder. */
class NameLookup {
  readonly #db: SqlDatabase;
  readonly #devices = new Map<number, string>();
  readonly #blobs = new Map<number, string>();

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  device(lane: number | null): DeviceKey | null {
    if (lane === null) return null;
    let device = this.#devices.get(lane);
    if (device === undefined) {
      device = deviceOf(this.#db, lane);
      this.#devices.set(lane, device);
    }
    return device;
  }

  extents(packed: Uint8Array | null): Extents {
    if (packed === null) return [];
    return readExtents(this.#db, packed, (id) => {
      let blob = this.#blobs.get(id);
      if (blob === undefined) {
        blob = blobDigest(this.#db, id);
        this.#blobs.set(id, blob);
      }
      return blob;
    });
  }
}

function deviceOf(db: SqlDatabase, lane: number): DeviceKey {
  const row = db.get<{ device: Uint8Array }>(
    `SELECT d.device FROM history_lane l JOIN history_writer w ON w.id = l.writer JOIN history_device d ON d.id = w.device
     WHERE l.id = ?`,
    lane,
  );
  if (row === undefined) throw new Error(`no lane ${lane}`);
  return toHex(row.device);
}

function groupByName(rows: readonly ViewRow[]): Map<string, Candidate[]> {
  const groups = new Map<string, Candidate[]>();
  for (const row of rows) {
    const group = groups.get(row.name);
    if (group === undefined) groups.set(row.name, [candidate(row)]);
    else group.push(candidate(row));
  }
  return groups;
}

/** Whether one thing has a name for itself: by far the most do. */
function isAlone(group: readonly Candidate[]): boolean {
  return group.length === 1 && (group[0]?.row.versions ?? 0) < 2;
}

function candidate(row: ViewRow): Candidate {
  return { row, nodes: [row.key], ids: [row.id], versions: versionOf(row) };
}

function versionOf({ version, digest }: ViewRow): RecordDigest[] {
  return version === null || digest === null ? [] : [toHex(digest)];
}

/** What is shown of all that has one name: first the one that keeps it. Folders are one, and keep it against files. */
function shareName(db: SqlDatabase, group: readonly Candidate[]): Candidate[] {
  const folders = group.filter(({ row }) => isFolder(row));
  const rest = group.filter(({ row }) => !isFolder(row)).flatMap((one) => [one, ...otherVersions(db, one.row)]);
  const files = mergeSame(db, rest.sort(newestFirst));
  return folders.length === 0 ? files : [mergeAll(folders.sort(newestFirst).reverse()), ...files];
}

function otherVersions(db: SqlDatabase, row: ViewRow): Candidate[] {
  if (row.versions < 2 || row.version === null) return [];
  return db.all<ViewRow>(OTHER_VERSIONS, row.id, row.version).map(candidate);
}

function mergeAll(candidates: readonly Candidate[]): Candidate {
  const [first] = candidates;
  if (first === undefined) throw new Error("nothing to merge");
  return {
    row: first.row,
    nodes: [...new Set(candidates.flatMap(({ nodes }) => nodes))],
    ids: [...new Set(candidates.flatMap(({ ids }) => ids))],
    versions: candidates
      .filter(({ row }) => row.id === first.row.id)
      .flatMap(({ versions }) => versions)
      .slice(0, REPLACES_MAX - 1),
  };
}

/** Shows files and links of the same content once, as the newest of them. */
function mergeSame(db: SqlDatabase, candidates: readonly Candidate[]): Candidate[] {
  const byContent = new Map<string, Candidate[]>();
  for (const one of candidates) {
    const content = contentOf(db, one.row);
    const group = byContent.get(content);
    if (group === undefined) byContent.set(content, [one]);
    else group.push(one);
  }
  return [...byContent.values()].map(mergeAll);
}

/** The same text for the same content. Where a blob is not declared, its id stands for its pieces. Short, however long the file. */
function contentOf(db: SqlDatabase, row: ViewRow): string {
  if (row.target !== null) return `link ${row.target}`;
  const parts: string[] = [];
  const numbers = unpackNumbers(row.extents);
  for (let at = 0; at < numbers.length; at += 3) {
    const [blob, first, count] = numbers.slice(at, at + 3) as [number, number, number];
    parts.push(...piecesInExtent(db, { blob, first, count }));
  }
  return `file ${row.size} ${sha256Hex(toUtf8(parts.join(" ")))}`;
}

function piecesInExtent(db: SqlDatabase, extent: { blob: number; first: number; count: number }): string[] {
  const { blob, first, count } = extent;
  const row = db.get<{ pieces: Uint8Array | null; counting: number }>(
    "SELECT pieces, counting FROM tree_blob WHERE id = ?",
    blob,
  );
  const declared = row?.pieces && row.counting > 0 ? row.pieces : new Uint8Array();
  if (unpackPiece(declared, first + count - 1) === undefined) return [`${blobDigest(db, blob)}:${first}+${count}`];
  return Array.from({ length: count }, (_, offset) => unpackPiece(declared, first + offset)?.digest ?? "");
}

function newestFirst(left: Candidate, right: Candidate): number {
  return compareStamps(stampOf(right.row), stampOf(left.row)) || (left.row.key < right.row.key ? -1 : 1);
}

function stampOf(row: ViewRow): { clock: number; digest: string } {
  return { clock: row.clock ?? 0, digest: row.digest === null ? "" : toHex(row.digest) };
}

function isFolder(row: ViewRow): boolean {
  return row.key.startsWith("d");
}

function kindOf(row: ViewRow): TreeEntry["kind"] {
  if (isFolder(row)) return "folder";
  return row.key.startsWith("l") ? "link" : "file";
}

function toEntry(
  names: NameLookup,
  { row, nodes, ids, versions }: Candidate,
  shown: { readonly path: string; readonly name: string; readonly conflict: boolean },
): ViewEntry {
  return {
    path: shown.path,
    name: shown.name,
    kind: kindOf(row),
    size: row.size ?? 0,
    modified: row.modified ?? 0,
    executable: row.executable === 1,
    by: names.device(row.lane),
    time: row.time ?? 0,
    node: row.key,
    nodes,
    ids,
    version: versionOf(row)[0] ?? null,
    versions,
    extents: names.extents(row.extents),
    target: row.target,
    conflict: shown.conflict,
  };
}
