import { fromHex } from "../encoding/hex.ts";
import { reach } from "../history/lanes.ts";
import type { Operation } from "../records/change.ts";
import type { RecordDigest } from "../records/shapes.ts";
import { useBlob } from "./blobs.ts";
import { type Fold, unhide } from "./fold.ts";
import { packNumbers, unpackNumbers } from "./packing.ts";

/** What the version of a node by a change is: `tree_version.state`. */
const VOID = 0;
const CURRENT = 1;
/** Replaced by a version that counts; of a void one: what it replaced is. */
const REPLACED = 2;

/** A row of `tree_version`, as far as applying it needs. */
export interface VersionRow {
  readonly node: number;
  /** Changes whose versions it replaces. */
  readonly replaces: readonly number[];
}

/** Writes down a file's or link's version. */
export function storeVersion(fold: Fold, operation: Extract<Operation, { op: "file" | "link" }>): VersionRow {
  const node = fold.nodes.byKey(operation.node).id;
  const replaces = operation.replaces.map((digest) => seenChange(fold, digest)).filter((id) => id !== undefined);
  const isFile = operation.op === "file";
  const extents = isFile ? operation.extents.flatMap(([blob, ...range]) => [useBlob(fold, blob), ...range]) : [];
  fold.db.run(
    `INSERT INTO tree_version (change, node, state, replaces, size, modified, executable, extents, target)
     VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?)`,
    fold.change,
    node,
    packNumbers(replaces),
    isFile ? operation.size : 0,
    isFile ? operation.modified : 0,
    isFile && operation.executable ? 1 : 0,
    packNumbers(extents),
    isFile ? null : operation.target,
  );
  return { node, replaces };
}

/** The number of a change that lies in this change's past. Nobody replaces what they cannot have seen. */
function seenChange(fold: Fold, digest: RecordDigest): number | undefined {
  const row = fold.db.get<{ id: number; lane: number; number: number }>(
    "SELECT id, lane, number FROM history_record WHERE digest = ?",
    fromHex(digest),
  );
  if (row === undefined || row.id === fold.change) return undefined;
  if (reach(fold.db, fold.at, row.lane) < row.number) return undefined; // check: link
  return row.id;
}

/** Makes a version that counts current, and those that it replaces not. */
export function integrateVersion(fold: Fold, version: VersionRow): void {
  if (!fold.counts) return;
  const node = fold.nodes.byId(version.node);
  unhide(fold, node);
  setState(fold, { change: fold.change, node: node.id, state: CURRENT });
  const replaced = replaceAll(fold, version);
  node.versions += 1 - replaced.length;
  if (node.versions === 1) node.version = fold.change;
  else if (fold.stamps.isAfter(fold.change, node.version)) node.version = fold.change;
  else if (node.version !== null && replaced.includes(node.version)) node.version = greatestCurrent(fold, node.id);
  fold.nodes.touch(node);
  fold.nodes.refreshShown(node);
}

/**
 * Ends what a version replaces, passing through versions that do not count to what they replaced. Each is passed once, as
 * what lies under it has ended then. Returns the changes whose versions were current.
 */
function replaceAll(fold: Fold, version: VersionRow): number[] {
  const ended: number[] = [];
  const open = [...version.replaces];
  for (let change = open.pop(); change !== undefined; change = open.pop()) {
    const row = fold.db.get<{ state: number; replaces: Uint8Array | null }>(
      "SELECT state, replaces FROM tree_version WHERE change = ? AND node = ?",
      change,
      version.node,
    );
    if (row === undefined || row.state === REPLACED) continue;
    setState(fold, { change, node: version.node, state: REPLACED });
    if (row.state === CURRENT) ended.push(change);
    if (row.state === VOID) open.push(...unpackNumbers(row.replaces));
  }
  return ended;
}

function setState(fold: Fold, version: { change: number; node: number; state: number }): void {
  fold.db.run(
    "UPDATE tree_version SET state = ? WHERE change = ? AND node = ?",
    version.state,
    version.change,
    version.node,
  );
}

function greatestCurrent(fold: Fold, node: number): number {
  const row = fold.db.get<{ change: number }>(
    `SELECT v.change FROM tree_version v JOIN history_record r ON r.id = v.change
     WHERE v.node = ? AND v.state = 1 ORDER BY r.clock DESC, r.digest DESC LIMIT 1`,
    node,
  );
  if (row === undefined) throw new Error(`node ${node} has no current version`);
  return row.change;
}
