/** What is said where the storage shows less than this device has seen on it. SPEC.md §12. */
import { ConclaveError } from "../../errors.ts";
import type { LogNode } from "../../group/log.ts";
import { currentEpoch, memberOfDevice } from "../../group/state.ts";
import type { Session } from "../session.ts";
import { claimedAt } from "./claimed-group.ts";
import { type Vanished, vanished } from "./pins.ts";
import type { Shown } from "./shown.ts";

/**
 * Refuses to go on where the storage shows less than this device has seen on it.
 *
 * @throws ConclaveError `rollback`, naming whose records are missing, or that another group lies there: that is never accepted,
 *   as what is missing would be put into that group's folder; `contested` where others may have moved what is missing on.
 */
export async function requireSeen(session: Session, shown: Shown): Promise<void> {
  const gone = vanished(session, shown);
  if (gone.length === 0) return;
  if (await isAnotherGroupThere(session, shown)) {
    throw new ConclaveError("another group lies where this one was, and nothing of this one", { code: "rollback" }); // check: rollback
  }
  if (session.acceptRollback) return;
  const aside = newestUnseen(session);
  if (aside) throw new ConclaveError(`${explain(session, gone)}; ${explainAside(aside)}`, { code: "contested" }); // check: rollback
  throw new ConclaveError(explain(session, gone), { code: "rollback" }); // check: rollback
}

/**
 * The newest entry of another branch with a key that this device was not given: by records which it cannot read others may
 * rightly follow that one, and have moved what they found here. Nobody but its person can find out: it stays an alarm.
 */
function newestUnseen({ view }: Session): LogNode | undefined {
  const { log, choice, opened } = view;
  const aside = [...log.nodes.values()].filter(
    ({ digest, state }) => !choice.path.includes(digest) && !opened.has(currentEpoch(state).epoch),
  );
  return aside.sort((left, right) => right.state.height - left.state.height)[0];
}

function explainAside({ digest, state, verified }: LogNode): string {
  const by = memberOfDevice(state, verified.entry.device)?.name ?? "somebody who left";
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
  const names = new Map(
    session.view.state.members.flatMap((member) => member.devices.map((device) => [device.verifyingKey, member.name])),
  );
  const lines = gone.flatMap(({ key }) =>
    session.index.all<{ device: string; first: number; last: number }>(
      `SELECT device, min(number) AS first, max(number) AS last FROM held JOIN lines USING (digest) WHERE key = ? GROUP BY device`,
      key,
    ),
  );
  const parts = lines.map(
    ({ device, first, last }) => `${names.get(device) ?? "a former member"}'s records ${first} to ${last}`,
  );
  const what = parts.length > 0 ? parts.slice(0, 5).join(", ") : `${gone.length} files`;
  return `the storage does not show ${what} any more, which this device has seen on it`;
}
