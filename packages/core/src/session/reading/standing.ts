/**
 * How long this device has stood on its branch, by what it has itself observed. SPEC.md §12.
 *
 * Only time between two looks at the storage counts, at both of which the branch was followed: a laptop that slept has seen
 * nothing. Its clock may be wrong by years: of one gap no more counts than half of what is needed, so that no single jump
 * makes a branch an old one, and a clock that went back starts all counting anew.
 */
import { readMeta, writeMeta } from "../../index/meta.ts";
import type { RecordDigest } from "../../records/shapes.ts";
import type { Session } from "../session.ts";

const HOUR_MS = 3600 * 1000;

/** The store's lag and an hour: after that, whatever others have done at the same time should have been seen. */
export function forkMs(session: Pick<Session, "view" | "store">): number {
  return HOUR_MS + (session.view.state.lagSeconds ?? session.store.traits.lagSeconds) * 1000;
}

/** Notes, after a look at the storage, that the branch still stands. */
export function noteStanding(session: Session): void {
  const { index, clock, view } = session;
  const needed = forkMs(session);
  const now = clock.now();
  const gap = now - (readMeta<number>(index, "looked") ?? now);
  const path = new Set(view.choice.path);
  index.transaction(() => {
    const known = new Set(index.all<{ entry: RecordDigest }>("SELECT entry FROM followed").map(({ entry }) => entry));
    for (const entry of known) if (!path.has(entry)) index.run("DELETE FROM followed WHERE entry = ?", entry);
    if (gap < 0) index.run("UPDATE followed SET ms = 0 WHERE stood = 0");
    else index.run("UPDATE followed SET ms = ms + ? WHERE stood = 0", Math.min(gap, needed / 2));
    index.run("UPDATE followed SET stood = 1 WHERE stood = 0 AND ms >= ?", needed);
    for (const entry of path) if (!known.has(entry)) index.run("INSERT INTO followed(entry) VALUES(?)", entry);
    writeMeta(index, "looked", now);
  });
}
