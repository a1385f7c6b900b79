/** What is said where the storage shows less than this device has seen on it. SPEC.md §12. */
import { ConclaveError } from "../../errors.ts";
import type { LogNode } from "../../group/log.ts";
import { currentEpoch } from "../../group/state.ts";
import { memberNames } from "../people/member-names.ts";
import type { Session } from "../session.ts";
import { claimedAt } from "./claimed-group.ts";
import { countRecords, type Vanished, vanished } from "./pins.ts";
import type { Shown } from "./shown.ts";

/** Most epochs that cannot be opened in which what is missing is looked for: any stranger may leave recipients. */
const UNOPENED_MAX = 100;

/**
 * Refuses to go on where the storage shows less than this device has seen on it.
 *
 * @throws ConclaveError `rollback`, naming whose records are missing, or that another group lies there: that is never accepted,
 *   as what is missing would be put into that group's folder; `contested` where others may have moved what is missing on.
 */
export async function requireSeen(session: Session, shown: Shown, signal?: AbortSignal): Promise<void> {
  const gone = vanished(session, shown);
  if (gone.length === 0) return;
  if (await isAnotherGroupThere(session, shown)) {
    throw new ConclaveError("another group lies where this one was, and nothing of this one", { code: "rollback" }); // check: rollback
  }
  if (session.acceptRollback) return;
  const missing = gone.reduce((sum, { records }) => sum + records, 0);
  const aside = await newestUnseen(session, { missing, shown, signal });
  if (aside)
    throw new ConclaveError(`${explain(session, gone)}; ${explainAside(session, aside)}`, { code: "contested" }); // check: rollback
  throw new ConclaveError(explain(session, gone), { code: "rollback" }); // check: rollback
}

/**
 * The newest entry of another branch with a key that this device was not given: by records which it cannot read others may
 * rightly follow that one, and have moved what they found here. Nobody but its person can find out: it stays an alarm. Where
 * less lies in epochs that are not open to this device than is missing, nobody has moved it there.
 */
async function newestUnseen(
  session: Session,
  options: { readonly missing: number; readonly shown: Shown; readonly signal: AbortSignal | undefined },
): Promise<LogNode | undefined> {
  const { log, choice, opened } = session.view;
  const path = new Set(choice.path);
  const aside = [...log.nodes.values()].filter(
    ({ digest, state }) => !path.has(digest) && !opened.has(currentEpoch(state).epoch),
  );
  if (aside.length === 0 || !(await isPerhapsMoved(session, options))) return undefined;
  return aside.sort((left, right) => right.state.height - left.state.height)[0];
}

async function isPerhapsMoved(
  session: Session,
  options: { readonly missing: number; readonly shown: Shown; readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  const { missing, shown, signal } = options;
  let records = 0;
  for (const epoch of shown.unopened.slice(0, UNOPENED_MAX)) {
    records += await countRecords(session, { epoch, signal });
    if (records >= missing) return true; // check: rollback
  }
  return false;
}

/** By the names of the followed branch: on another one somebody may have let in anybody under any name. */
function explainAside({ view }: Session, { digest, verified }: LogNode): string {
  const by = memberNames(view.state)(verified.entry.device) ?? "somebody who never was in this one";
  return `others may follow the history on which ${by} signed ${digest.slice(0, 16)}, whose records this device cannot read`;
}

/** The storage's own word is believed only where it shows nothing else that is this group's. */
async function isAnotherGroupThere(session: Session, shown: Shown): Promise<boolean> {
  const read = session.index.all<{ key: string }>("SELECT key FROM files WHERE state = 'read'");
  if (read.some(({ key }) => shown.keys.has(key))) return false;
  const claimed = await claimedAt(session.store);
  return claimed !== undefined && claimed !== session.group;
}

function explain(session: Session, gone: readonly Vanished[]): string {
  const nameOf = memberNames(session.view.state);
  const lines = gone.flatMap(({ key }) =>
    session.index.all<{ device: string; first: number; last: number }>(
      `SELECT device, min(number) AS first, max(number) AS last FROM held JOIN lines USING (digest) WHERE key = ? GROUP BY device`,
      key,
    ),
  );
  const parts = lines.map(({ device, first, last }) => `${nameOf(device) ?? "somebody"}'s records ${first} to ${last}`);
  const what = parts.length > 0 ? parts.slice(0, 5).join(", ") : `${gone.length} files`;
  return `the storage does not show ${what} any more, which this device has seen on it`;
}
