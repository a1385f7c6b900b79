/**
 * Which records a cut names. Whoever is removed may have written with any number of writers, and must not become too many to be
 * removed by that: so of very many a cut names some.
 */
import { fromHex } from "../encoding/hex.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { WriterHead } from "./frontier.ts";
import { isInPast, type JoinedPast, joinPast } from "./past.ts";
import { type AppliedRow, appliedRow } from "./stored-record.ts";

/**
 * At most so many of these heads. Where they are more, those that another one builds on are left out; and of what is still too much
 * the runs that each device began last, which are a flood's rather than a person's.
 */
export function cutHeads(db: SqlDatabase, heads: readonly WriterHead[], max: number): readonly WriterHead[] {
  return heads.length <= max ? heads : inTurn(uncovered(db, heads)).slice(0, max); // check: size
}

interface Placed {
  readonly head: WriterHead;
  readonly row: AppliedRow;
}

/** Newest first, so that whatever builds on a head comes before it. */
function uncovered(db: SqlDatabase, heads: readonly WriterHead[]): Placed[] {
  const placed = heads.flatMap((head) => {
    const row = appliedRow(db, fromHex(head.digest));
    return row ? [{ head, row }] : [];
  });
  const past: JoinedPast = new Map();
  return placed
    .sort((left, right) => right.row.id - left.row.id)
    .filter(({ row }) => {
      if (isInPast(past, row)) return false;
      joinPast(db, past, row);
      return true;
    });
}

/** The oldest run of each device, then the second of each, and so on: so that no device's flood takes another's place. */
function inTurn(placed: readonly Placed[]): WriterHead[] {
  const byDevice = Map.groupBy(placed, ({ head }) => head.device);
  const ranked = [...byDevice.values()].flatMap((own) =>
    own.sort((left, right) => left.row.lane - right.row.lane).map(({ head }, rank) => ({ head, rank })),
  );
  return ranked.sort((left, right) => left.rank - right.rank).map(({ head }) => head);
}
