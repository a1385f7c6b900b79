/**
 * What follows from looking at the storage again and again: how long the branch has stood, and for how long something was
 * looked for and not found. SPEC.md §12.
 *
 * Only time between two looks counts, at both of which it was so: a laptop that slept has seen nothing. Its clock may be
 * wrong by years: of one gap no more counts than half of what is needed, so that no single jump makes anything old, and a
 * clock that went back starts all counting anew.
 */
import { readMeta, writeMeta } from "../../index/meta.ts";
import type { Session } from "../session.ts";
import { noteLacking } from "./lacking.ts";
import type { Shown } from "./shown.ts";
import { forkMs, noteStanding, type Observed } from "./standing.ts";

/** Notes what a look at the storage showed, once it was read. */
export function noteLook(session: Session, shown: Pick<Shown, "unopened">): void {
  const { index, clock } = session;
  const now = clock.now();
  const observed = observedSince(readMeta<number>(index, "looked") ?? now, { now, neededMs: forkMs(session) });
  index.transaction(() => {
    noteStanding(session, observed);
    noteLacking(session, { shown, observed });
    writeMeta(index, "looked", now);
  });
}

function observedSince(
  looked: number,
  { now, neededMs }: { readonly now: number; readonly neededMs: number },
): Observed {
  return { neededMs, ms: now < looked ? undefined : Math.min(now - looked, neededMs / 2) };
}
