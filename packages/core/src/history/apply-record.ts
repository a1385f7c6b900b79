import type { SqlDatabase } from "../ports/sql.ts";
import { type Position, reach, reachOfAll } from "./lanes.ts";
import { type AppliedRow, CHANGE_CODE } from "./stored-record.ts";

/** A record as the tables hold it; device, writer and head as their numbers there. */
export interface AppliedParts {
  readonly digest: Uint8Array;
  readonly type: number;
  readonly writer: number;
  readonly number: number;
  readonly head: number | null;
  readonly time: number;
}

/** Gives a record its lane, clock and past, now that all that it names is applied. */
export function applyRecord(
  db: SqlDatabase,
  record: AppliedParts,
  names: { readonly previous: AppliedRow | undefined; readonly parents: readonly AppliedRow[] },
): void {
  const lane = laneFor(db, record, names.previous);
  const at = { lane, number: record.number };
  const isChange = record.type === CHANGE_CODE;
  // Records that are no changes carry the clock of their writer's last change on to its next one.
  const before = [names.previous, ...names.parents].reduce((most, row) => Math.max(most, row?.clock ?? 0), 0);
  const { id } = db.get("SELECT coalesce(max(id), 0) + 1 AS id FROM history_record") as { id: number };
  db.run(
    "INSERT INTO history_record (id, digest, type, lane, number, clock, head, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    id,
    record.digest,
    record.type,
    lane,
    record.number,
    isChange ? before + 1 : before,
    record.head,
    record.time,
  );
  const seen = recordSeen(db, at, names.parents);
  if (isChange) moveFrontier(db, { id, at, seen, previous: names.previous });
}

/** The lane that a record goes on with, or a new one where another record went on already. */
function laneFor(db: SqlDatabase, record: AppliedParts, previous: AppliedRow | undefined): number {
  if (previous !== undefined) {
    const moved = db.run(
      "UPDATE history_lane SET newest = ? WHERE id = ? AND newest = ?",
      record.number,
      previous.lane,
      previous.number,
    );
    if (moved === 1) return previous.lane;
  }
  const { id } = db.get("SELECT coalesce(max(id), 0) + 1 AS id FROM history_lane") as { id: number };
  db.run(
    "INSERT INTO history_lane (id, writer, base, forked, newest) VALUES (?, ?, ?, ?, ?)",
    id,
    record.writer,
    previous?.lane ?? null,
    previous?.number ?? 0,
    record.number,
  );
  return id;
}

/** Writes down what this record's parents add to what its writer had seen before; returns just that. */
function recordSeen(db: SqlDatabase, at: Position, parents: readonly AppliedRow[]): Map<number, number> {
  const added = new Map<number, number>();
  for (const parent of parents) {
    if (reach(db, at, parent.lane) >= parent.number) continue;
    for (const [other, upto] of reachOfAll(db, parent)) {
      if (other === at.lane || reach(db, at, other) >= upto) continue;
      added.set(other, upto);
      db.run(
        "INSERT OR REPLACE INTO history_seen (lane, other, number, upto) VALUES (?, ?, ?, ?)",
        at.lane,
        other,
        at.number,
        upto,
      );
    }
  }
  return added;
}

/**
 * Puts a change on the frontier, and takes off what it builds on. Each lane has at most one change there; what its writer
 * had seen with earlier changes is off already.
 */
function moveFrontier(
  db: SqlDatabase,
  change: { id: number; at: Position; seen: ReadonlyMap<number, number>; previous: AppliedRow | undefined },
): void {
  const covered = [...change.seen];
  if (change.previous !== undefined) covered.push([change.previous.lane, change.previous.number]);
  for (const [lane, upto] of covered) {
    db.run(
      `UPDATE history_lane SET front = NULL
       WHERE id = ? AND front IS NOT NULL AND (SELECT number FROM history_record WHERE id = front) <= ?`,
      lane,
      upto,
    );
  }
  db.run("UPDATE history_lane SET front = ? WHERE id = ?", change.id, change.at.lane);
}
