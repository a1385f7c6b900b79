import { toHex } from "../encoding/hex.ts";
import { FRONTIER_MAX } from "../history/frontier.ts";
import { type Position, reach } from "../history/lanes.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { RecordDigest } from "../records/shapes.ts";

interface FrontRow extends Position {
  readonly digest: Uint8Array;
}

/**
 * The counting changes that no other counting change builds on: what a new change names as its parents, so that nobody
 * builds on what a removed member goes on writing. Newest first by (clock, digest), at most {@link FRONTIER_MAX}.
 */
export function countingFrontier(db: SqlDatabase): RecordDigest[] {
  // Each lane's newest counting change; whatever came earlier in a lane is in the past of that one.
  const rows = db.all<FrontRow>(
    `SELECT r.lane, r.number, r.digest FROM tree_lane t JOIN history_record r ON r.lane = t.lane AND r.number = t.number
     ORDER BY r.clock DESC, r.digest DESC`,
  );
  const front: FrontRow[] = [];
  for (const row of rows) {
    // Only a change with a greater clock can build on this one, so all that could are here already.
    if (front.every((newer) => reach(db, newer, row.lane) < row.number)) front.push(row);
    if (front.length === FRONTIER_MAX) break;
  }
  return front.map(({ digest }) => toHex(digest));
}
