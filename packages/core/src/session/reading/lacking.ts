/**
 * What this device looks for on the storage and does not find, and for how long that has been so, by what it has itself
 * observed. A storage shows what is new late and in no order: so nothing is said of it before it is overdue. SPEC.md §12.
 */
import type { Session } from "../session.ts";
import { forkMs, observe } from "./observed.ts";

export type LackingKind =
  | "file" // A records file that was read, and is gone without an explanation.
  | "vouched" // A record that others have seen than its author.
  | "record" // A record that somebody names.
  | "epoch" // An entry that names the epoch of a recipient which lies there.
  | "word"; // Anything of anybody else in the current epoch.

/** One thing that is lacking. */
export interface Lacking {
  readonly kind: LackingKind;
  readonly what: string;
}

/** Notes what a look did not find: everything, for what is not named any more has come. */
export function noteLacking(session: Session, lacking: readonly Lacking[]): void {
  const { index } = session;
  const nameOf = ({ kind, what }: Lacking) => `${kind} ${what}`;
  const present = new Set(lacking.map(nameOf));
  index.transaction(() => {
    const observed = observe(session, "sought");
    for (const known of index.all<Lacking>("SELECT kind, what FROM lacking")) {
      if (present.has(nameOf(known))) continue;
      index.run("DELETE FROM lacking WHERE kind = ? AND what = ?", known.kind, known.what);
    }
    if (observed === undefined) index.run("UPDATE lacking SET ms = 0");
    else index.run("UPDATE lacking SET ms = ms + ?", observed);
    for (const { kind, what } of lacking)
      index.run("INSERT OR IGNORE INTO lacking(kind, what) VALUES(?, ?)", kind, what);
  });
}

/** What has been lacking for longer than the store's lag and an hour, and neither person nor address says that it may. */
export function overdue(session: Pick<Session, "index" | "view" | "store">): Lacking[] {
  const sql = "SELECT kind, what FROM lacking WHERE ms >= ? AND accepted = 0 AND excused = 0";
  return session.index.all<Lacking>(sql, forkMs(session));
}

/** The person goes on without what has vanished. */
export function acceptLacking({ index }: Pick<Session, "index">): void {
  index.run("UPDATE lacking SET accepted = 1 WHERE kind IN ('file', 'vouched')");
}

/** A member's address says that what is lacking hides no change of key. What is from now on counts again. */
export function excuseLacking({ index }: Pick<Session, "index">): void {
  index.run("UPDATE lacking SET excused = 1 WHERE kind IN ('record', 'epoch')");
}
