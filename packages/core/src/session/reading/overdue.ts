/**
 * For how long something that should lie on the storage was missed, by what this device has itself observed: as it is counted
 * how long a branch has stood. SPEC.md §12.
 *
 * A storage shows what is new late and in no order, and a laptop that slept has seen nothing. So time counts only between looks
 * at which the same thing was missed, of one gap no more than half of what is needed, and a clock that went back starts anew.
 */
import { readMeta, writeMeta } from "../../index/meta.ts";
import type { Session } from "../session.ts";
import { forkMs } from "./standing.ts";

/** Notes, at a look at the storage, what is missed there now: digests of records, keys of files. */
export function noteMissed(session: Session, missed: ReadonlySet<string>): void {
  const { index, clock } = session;
  const now = clock.now();
  const gap = now - (readMeta<number>(index, "missed") ?? now);
  index.transaction(() => {
    const known = new Set(index.all<{ what: string }>("SELECT what FROM missed").map(({ what }) => what));
    for (const what of known) if (!missed.has(what)) index.run("DELETE FROM missed WHERE what = ?", what);
    if (gap < 0) index.run("UPDATE missed SET ms = 0");
    else index.run("UPDATE missed SET ms = ms + ?", Math.min(gap, forkMs(session) / 2));
    for (const what of missed) index.run("INSERT OR IGNORE INTO missed(what) VALUES(?)", what);
    writeMeta(index, "missed", now);
  });
}

/** Whether something is missed for longer than the store's lag and an hour, and its person has not gone on without it. */
export function isOverdue(session: Session, what: string): boolean {
  const sql = "SELECT 1 FROM missed WHERE what = ? AND ms >= ? AND accepted = 0";
  return session.index.get(sql, what, forkMs(session)) !== undefined;
}

/** The person goes on without whatever is missed now. */
export function acceptMissed(session: Session): void {
  session.index.run("UPDATE missed SET accepted = 1");
}
