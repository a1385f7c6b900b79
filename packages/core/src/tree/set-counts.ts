import { fromHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { RecordDigest } from "../records/shapes.ts";
import { integrate, type StoredOperations } from "./apply-change.ts";
import type { Fold } from "./fold.ts";
import { Nodes } from "./nodes.ts";
import { unpackNumbers } from "./packing.ts";
import type { PlaceRow } from "./places.ts";
import { Stamps } from "./stamps.ts";

/**
 * Says which applied changes count, in one transaction. The tree is then what it would be had that been said from the start:
 * if any turned, it is built anew.
 *
 * @returns How many turned.
 * @throws ConclaveError `not-found` for a change that the tree does not have.
 */
export function setCounts(db: SqlDatabase, verdicts: Iterable<readonly [RecordDigest, boolean]>): number {
  return db.transaction(() => {
    let turned = 0;
    for (const [digest, counts] of verdicts) if (turn(db, digest, counts)) turned++;
    if (turned > 0) rebuildTree(db);
    return turned;
  });
}

function turn(db: SqlDatabase, digest: RecordDigest, counts: boolean): boolean {
  const row = db.get<{ id: number; counts: number }>(
    "SELECT c.id, c.counts FROM history_record r JOIN tree_change c ON c.id = r.id WHERE r.digest = ?",
    fromHex(digest),
  );
  if (row === undefined) throw new ConclaveError(`no change ${digest} in the tree`, { code: "not-found" });
  if ((row.counts === 1) === counts) return false;
  db.run("UPDATE tree_change SET counts = ? WHERE id = ?", counts ? 1 : 0, row.id);
  db.run(
    `UPDATE tree_blob SET counting = counting + ? WHERE id IN (SELECT blob FROM tree_declared WHERE change = ?)`,
    counts ? 1 : -1,
    row.id,
  );
  return true;
}

/** Builds what follows from the changes anew: the same as applying them one after the other gave. */
export function rebuildTree(db: SqlDatabase): void {
  db.transaction(() => {
    reset(db);
    const nodes = new Nodes(db);
    const stamps = new Stamps(db);
    const changes = db.all<{ id: number; counts: number; lane: number; number: number }>(
      `SELECT c.id, c.counts, r.lane, r.number FROM tree_change c JOIN history_record r ON r.id = c.id ORDER BY c.id`,
    );
    for (const { id, counts, ...at } of changes) {
      const fold: Fold = { db, nodes, stamps, change: id, at, counts: counts === 1 };
      integrate(fold, operationsOf(db, id));
    }
    nodes.flush();
  });
}

function reset(db: SqlDatabase): void {
  // Names stay: whatever any change has placed is named anew, and what none has keeps the name drawn from its id.
  db.run(
    `UPDATE tree_node SET place = NULL, placed = 0, parent = 1, displaced = 0, version = NULL, versions = 0,
     deleted = NULL, live = 0, shown = 0 WHERE id <> 1`,
  );
  db.run("UPDATE tree_node SET live = 0, shown = 1 WHERE id = 1");
  db.run("UPDATE tree_version SET state = 0");
  db.run("DELETE FROM tree_lane");
}

function operationsOf(db: SqlDatabase, change: number): StoredOperations {
  const versions = db.all<{ node: number; replaces: Uint8Array | null }>(
    "SELECT node, replaces FROM tree_version WHERE change = ?",
    change,
  );
  const deletes = db.all<{ node: number }>("SELECT node FROM tree_delete WHERE change = ?", change);
  return {
    places: db.all<PlaceRow>("SELECT node, parent, name FROM tree_place WHERE change = ?", change),
    versions: versions.map(({ node, replaces }) => ({ node, replaces: unpackNumbers(replaces) })),
    deletes: deletes.map(({ node }) => node),
  };
}
