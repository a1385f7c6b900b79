/** How long this device has stood on its branch, by what it has itself observed. SPEC.md §12. */
import type { RecordDigest } from "../../records/shapes.ts";
import type { Session } from "../session.ts";

/** What passed since the look before, as far as it counts. */
export interface Observed {
  /** Milliseconds; undefined where the clock went back, so that all counting begins anew. */
  readonly ms: number | undefined;
  /** From how many on something was observed for long. */
  readonly neededMs: number;
}

const HOUR_MS = 3600 * 1000;

/** The store's lag and an hour: after that, whatever others have done at the same time should have been seen. */
export function forkMs(session: Pick<Session, "view" | "store">): number {
  return HOUR_MS + (session.view.state.lagSeconds ?? session.store.traits.lagSeconds) * 1000;
}

/** Notes that the branch still stands. */
export function noteStanding({ index, view }: Pick<Session, "index" | "view">, observed: Observed): void {
  const path = new Set(view.choice.path);
  const known = new Set(index.all<{ entry: RecordDigest }>("SELECT entry FROM followed").map(({ entry }) => entry));
  for (const entry of known) if (!path.has(entry)) index.run("DELETE FROM followed WHERE entry = ?", entry);
  if (observed.ms === undefined) index.run("UPDATE followed SET ms = 0 WHERE stood = 0");
  else index.run("UPDATE followed SET ms = ms + ? WHERE stood = 0", observed.ms);
  index.run("UPDATE followed SET stood = 1 WHERE stood = 0 AND ms >= ?", observed.neededMs);
  for (const entry of path) if (!known.has(entry)) index.run("INSERT INTO followed(entry) VALUES(?)", entry);
}
