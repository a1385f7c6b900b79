import { fromHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { Operation } from "../records/change.ts";
import type { RecordDigest } from "../records/shapes.ts";
import { storeBlob } from "./blobs.ts";
import { hiddenBy, storeDelete } from "./deletes.ts";
import { type Fold, hide } from "./fold.ts";
import { Nodes } from "./nodes.ts";
import { integratePlaces, type PlaceRow, storePlace } from "./places.ts";
import { storePurge } from "./purges.ts";
import { Stamps } from "./stamps.ts";
import { integrateVersion, storeVersion, type VersionRow } from "./versions.ts";

/** What the tree needs of a change that the history has applied. */
export interface TreeChange {
  readonly digest: RecordDigest;
  readonly operations: readonly Operation[];
  /** Whether its author had the right, and no cut excludes it. */
  readonly counts: boolean;
}

/** A change's operations as they lie in the tables. */
export interface StoredOperations {
  readonly places: readonly PlaceRow[];
  readonly versions: readonly VersionRow[];
  readonly deletes: readonly number[];
}

/**
 * Applies a change to the tree, in one transaction; one that was applied before is left as it is.
 *
 * Every change that the history has applied must come here too, those that do not count as well, causes before effects.
 * Among changes that know nothing of each other any order gives the same tree. A change with two operations of one kind on
 * one node has none: it could be read in two ways.
 *
 * @throws ConclaveError `not-found` if the history has not applied the change.
 */
export function applyChange(db: SqlDatabase, change: TreeChange): void {
  db.transaction(() => {
    const fold = foldOf(db, change);
    if (db.get("SELECT 1 FROM tree_change WHERE id = ?", fold.change) !== undefined) return;
    db.run("INSERT INTO tree_change (id, counts) VALUES (?, ?)", fold.change, change.counts ? 1 : 0);
    const operations = hasRepeated(change.operations) ? [] : change.operations; // check: canonical
    integrate(fold, store(fold, operations));
    fold.nodes.flush();
  });
}

function foldOf(db: SqlDatabase, change: TreeChange): Fold {
  const row = db.get<{ id: number; lane: number; number: number }>(
    "SELECT id, lane, number FROM history_record WHERE digest = ?",
    fromHex(change.digest),
  );
  if (row === undefined) throw new ConclaveError(`change ${change.digest} is not applied`, { code: "not-found" });
  const { id, ...at } = row;
  return { db, nodes: new Nodes(db), stamps: new Stamps(db), change: id, at, counts: change.counts };
}

/** Whether a change has two operations of one kind on one node. */
function hasRepeated(operations: readonly Operation[]): boolean {
  const seen = new Set<string>();
  for (const operation of operations) {
    if (operation.op === "blob") continue;
    const key = `${operation.op} ${operation.node}`;
    if (seen.has(key)) return true;
    seen.add(key);
  }
  return false;
}

/** Writes down what the change says, whether it counts or not. */
function store(fold: Fold, operations: readonly Operation[]): StoredOperations {
  const places: PlaceRow[] = [];
  const versions: VersionRow[] = [];
  const deletes: number[] = [];
  for (const operation of operations) {
    if (operation.op === "blob") storeBlob(fold, operation);
    else if (operation.op === "place") places.push(storePlace(fold, operation));
    else if (operation.op === "purge") storePurge(fold, operation);
    else if (operation.op === "delete") deletes.push(storeDelete(fold, operation.node));
    else versions.push(storeVersion(fold, operation));
  }
  return { places, versions, deletes };
}

/** Lets what is written down take effect. Deletes come first: they see the tree as it was before this change. */
export function integrate(fold: Fold, operations: StoredOperations): void {
  if (fold.counts) {
    const hidden = operations.deletes.length === 0 ? [] : hiddenBy(fold, operations.deletes);
    for (const node of hidden) hide(fold, node);
  }
  integratePlaces(fold, operations.places);
  for (const version of operations.versions) integrateVersion(fold, version);
  if (!fold.counts) return;
  fold.db.run(
    "INSERT INTO tree_lane (lane, number) VALUES (?, ?) ON CONFLICT (lane) DO UPDATE SET number = excluded.number",
    fold.at.lane,
    fold.at.number,
  );
}
