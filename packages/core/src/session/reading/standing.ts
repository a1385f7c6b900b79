/** How long this device has stood on its branch, by what it has itself observed. SPEC.md §12. */
import type { RecordDigest } from "../../records/shapes.ts";
import type { Session } from "../session.ts";
import { forkMs, observe } from "./observed.ts";

/** Notes, after a look at the storage, that the branch still stands. */
export function noteStanding(session: Session): void {
  const { index, view } = session;
  const path = new Set(view.choice.path);
  index.transaction(() => {
    const observed = observe(session, "looked");
    const known = new Set(index.all<{ entry: RecordDigest }>("SELECT entry FROM followed").map(({ entry }) => entry));
    for (const entry of known) if (!path.has(entry)) index.run("DELETE FROM followed WHERE entry = ?", entry);
    if (observed === undefined) index.run("UPDATE followed SET ms = 0 WHERE stood = 0");
    else index.run("UPDATE followed SET ms = ms + ? WHERE stood = 0", observed);
    index.run("UPDATE followed SET stood = 1 WHERE stood = 0 AND ms >= ?", forkMs(session));
    for (const entry of path) if (!known.has(entry)) index.run("INSERT INTO followed(entry) VALUES(?)", entry);
  });
}
