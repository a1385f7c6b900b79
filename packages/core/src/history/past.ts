import { fromHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { RecordDigest } from "../records/shapes.ts";
import { type Position, reach, reachOfAll } from "./lanes.ts";
import { type AppliedRow, appliedRow, CHANGE_CODE } from "./stored-record.ts";

/** Whether `a` is `b` or lies in the causal past of `b`: its writer's chain, parents, and theirs. False unless both are applied. */
export function isAncestor(db: SqlDatabase, a: RecordDigest, b: RecordDigest): boolean {
  const older = appliedRow(db, fromHex(a));
  const newer = appliedRow(db, fromHex(b));
  return older !== undefined && newer !== undefined && isIn(db, older, newer);
}

/**
 * A change's logical clock: 1 + the greatest of its parents' and of its writer's previous change's. It follows from the
 * parents and cannot be set.
 *
 * @throws ConclaveError `not-found` if it is no applied change.
 */
export function clock(db: SqlDatabase, change: RecordDigest): number {
  const row = appliedRow(db, fromHex(change));
  if (row?.type !== CHANGE_CODE) throw new ConclaveError(`no applied change ${change}`, { code: "not-found" });
  return row.clock;
}

/** What a cut lets stand of a removed or demoted author's records: all that these reach. SPEC.md §7. */
export interface CutLimits {
  /** As the cut names them. One that is not applied here covers nothing yet. */
  readonly heads: readonly RecordDigest[];
  /** `previous` of the entry that holds the cut: what its author has built on counts in any case. */
  readonly removerPrevious: RecordDigest | null;
}

function limitsOf({ heads, removerPrevious }: CutLimits): readonly RecordDigest[] {
  return removerPrevious === null ? heads : [...heads, removerPrevious];
}

/** Whether a cut lets a record stand, asked of each limit by itself: the one way while one of them is not applied here. */
export function isWithinCut(db: SqlDatabase, record: RecordDigest, limits: CutLimits): boolean {
  const row = appliedRow(db, fromHex(record));
  if (row === undefined) return false;
  return limitsOf(limits).some((limit) => {
    const newer = appliedRow(db, fromHex(limit));
    return newer !== undefined && isIn(db, row, newer); // check: cut
  });
}

/** The past of several records together: how far it reaches into every lane that it reaches at all. */
export type JoinedPast = Map<number, number>;

/** Adds a record and its past. */
export function joinPast(db: SqlDatabase, past: JoinedPast, at: Position): void {
  for (const [lane, number] of reachOfAll(db, at)) past.set(lane, Math.max(number, past.get(lane) ?? 0));
}

export function isInPast(past: ReadonlyMap<number, number>, at: Position): boolean {
  return (past.get(at.lane) ?? 0) >= at.number;
}

/**
 * What lies under a cut, worked out once for all records that are held against it: a cut may name hundreds of heads, and void
 * thousands of records. Undefined while a limit is not applied here: what it covers may yet arrive.
 */
export function pastOfCut(db: SqlDatabase, limits: CutLimits): JoinedPast | undefined {
  const past: JoinedPast = new Map();
  for (const limit of limitsOf(limits)) {
    const row = appliedRow(db, fromHex(limit));
    if (row === undefined) return undefined;
    if (!isInPast(past, row)) joinPast(db, past, row);
  }
  return past;
}

/** As {@link isWithinCut}, by what {@link pastOfCut} gave. */
export function isWithinPast(db: SqlDatabase, record: RecordDigest, past: JoinedPast): boolean {
  const row = appliedRow(db, fromHex(record));
  if (row === undefined) return false;
  return isInPast(past, row); // check: cut
}

function isIn(db: SqlDatabase, older: AppliedRow, newer: AppliedRow): boolean {
  return reach(db, newer, older.lane) >= older.number;
}
