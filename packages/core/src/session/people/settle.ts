/** How a person chooses between two histories. SPEC.md §6. */
import { ConclaveError } from "../../errors.ts";
import { isUnder, treeOrder } from "../../group/tree-order.ts";
import { readMeta, writeMeta } from "../../index/meta.ts";
import type { RecordDigest } from "../../records/shapes.ts";
import { takeView } from "../reading/refresh.ts";
import type { Session } from "../session.ts";

/** Least part of a digest that is looked up: fewer digits are met by chance. */
const ENTRY_PREFIX_LENGTH = 8;

/**
 * Follows the history that an entry lies on, from now on and whatever the records say. What comes after the entry is chosen
 * by the rules, so settling on an earlier one takes a later choice back.
 *
 * @param typed - The first 8 or more digits of the entry's digest, as `log` and `status` show it.
 * @returns The entry.
 * @throws ConclaveError `not-found` if no entry that counts begins so, or several; `contested` if it comes before the fork.
 */
export function settle(session: Session, typed: string): RecordDigest {
  const { index } = session;
  const entry = findEntry(session, typed);
  requireChoosing(session, entry);
  const order = treeOrder(session.view.log);
  const pinned = readMeta<RecordDigest>(index, "pinned");
  index.transaction(() => {
    writeMeta(index, "settled", entry);
    if (pinned === undefined || !isUnder(order, { entry: pinned, ancestor: entry })) {
      writeMeta(index, "pinned", entry);
    }
  });
  takeView(session);
  writeMeta(index, "pinned", session.view.state.head);
  return entry;
}

function findEntry({ view }: Session, typed: string): RecordDigest {
  const prefix = typed.toLowerCase();
  const isPrefix = prefix.length >= ENTRY_PREFIX_LENGTH && /^[0-9a-f]+$/.test(prefix);
  const fits = (digests: Iterable<RecordDigest>) => [...digests].filter((each) => isPrefix && each.startsWith(prefix));
  const found = fits(view.log.nodes.keys());
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const isVoid = fits(view.log.refused.keys()).length > 0;
  const what = isVoid ? "does not count" : found.length > 1 ? "is the beginning of several" : "is no entry of the log";
  throw new ConclaveError(`"${typed}" ${what}`, { code: "not-found" });
}

/** An entry that both histories share chooses neither. */
function requireChoosing({ view }: Session, entry: RecordDigest): void {
  const order = treeOrder(view.log);
  const open = view.choice.forks.some(
    (fork) =>
      (fork.held === "late" || (fork.contested && fork.held === null)) &&
      isUnder(order, { entry: fork.at, ancestor: entry }),
  );
  if (!open) return;
  throw new ConclaveError("both histories have that entry: name one that only the history to follow has", {
    code: "contested",
  });
}
