/**
 * The causal past of records, as a vector from lane to number.
 *
 * A lane is a linear run of one writer's chain: where a second record follows the same one (a copied device, or a lie), it
 * opens a lane of its own. So everything up to some number of a lane is in a record's past, and nothing after it. A row of
 * `history_seen` says from which record of a lane on another lane was seen how far; what a lane had seen before it forked
 * is looked up where it forked. Which lane gets which label depends on the order of arrival, no result does.
 */
import type { SqlDatabase } from "../ports/sql.ts";

/** Where an applied record stands: its lane, and its number in it. */
export interface Position {
  readonly lane: number;
  readonly number: number;
}

/** How far the past of the record at `at`, itself included, reaches into the lane `other`; 0 if not at all. */
export function reach(db: SqlDatabase, at: Position, other: number): number {
  let { lane, number } = at;
  for (;;) {
    if (lane === other) return number;
    const row = db.get<{ upto: number }>(
      "SELECT upto FROM history_seen WHERE lane = ? AND other = ? AND number <= ? ORDER BY number DESC LIMIT 1",
      lane,
      other,
      number,
    );
    if (row !== undefined) return row.upto;
    const base = baseOf(db, lane);
    if (base === undefined) return 0;
    ({ lane, number } = base);
  }
}

// Jumps from one lane to the next within the index, because one pair of lanes may have a row for each record.
const SEEN_LANES = `
WITH RECURSIVE seen (other) AS (
  SELECT min(other) FROM history_seen WHERE lane = ?1
  UNION ALL
  SELECT (SELECT min(s.other) FROM history_seen s WHERE s.lane = ?1 AND s.other > seen.other)
  FROM seen WHERE seen.other IS NOT NULL
)
SELECT other, (
  SELECT upto FROM history_seen s WHERE s.lane = ?1 AND s.other = seen.other AND s.number <= ?2
  ORDER BY s.number DESC LIMIT 1
) AS upto FROM seen WHERE other IS NOT NULL`;

/** How far the past of the record at `at`, itself included, reaches into every lane that it reaches at all. */
export function reachOfAll(db: SqlDatabase, at: Position): Map<number, number> {
  const reached = new Map<number, number>();
  for (let from: Position | undefined = at; from !== undefined; from = baseOf(db, from.lane)) {
    if (!reached.has(from.lane)) reached.set(from.lane, from.number);
    for (const { other, upto } of db.all<{ other: number; upto: number | null }>(SEEN_LANES, from.lane, from.number)) {
      if (upto !== null && !reached.has(other)) reached.set(other, upto);
    }
  }
  return reached;
}

/** The record after which a lane left another one. */
function baseOf(db: SqlDatabase, lane: number): Position | undefined {
  const row = db.get<{ base: number | null; forked: number }>(
    "SELECT base, forked FROM history_lane WHERE id = ?",
    lane,
  );
  return row === undefined || row.base === null ? undefined : { lane: row.base, number: row.forked };
}
