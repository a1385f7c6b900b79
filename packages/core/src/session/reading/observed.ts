/**
 * How much of the time between two looks at the storage counts as observed. SPEC.md §12.
 *
 * A laptop that slept has seen nothing, and its clock may be wrong by years: of one gap no more counts than half of what is
 * needed, so that no single jump makes anything old, and a clock that went back starts all counting anew.
 */
import { type MetaName, readMeta, writeMeta } from "../../index/meta.ts";
import type { Session } from "../session.ts";

const HOUR_MS = 3600 * 1000;

/** The store's lag and an hour: after that, whatever others have done at the same time should have been seen. */
export function forkMs(session: Pick<Session, "view" | "store">): number {
  return HOUR_MS + (session.view.state.lagSeconds ?? session.store.traits.lagSeconds) * 1000;
}

/**
 * Notes a look.
 *
 * @param name - Under which the time of the look before stands.
 * @returns Milliseconds to add to what was so at both; undefined where all counting begins anew.
 */
export function observe(
  session: Pick<Session, "index" | "clock" | "view" | "store">,
  name: Extract<MetaName, "looked" | "sought">,
): number | undefined {
  const { index, clock } = session;
  const now = clock.now();
  const gap = now - (readMeta<number>(index, name) ?? now);
  writeMeta(index, name, now);
  return gap < 0 ? undefined : Math.min(gap, forkMs(session) / 2);
}
