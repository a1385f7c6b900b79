/** Whether an owner has deleted the group from its storage. SPEC.md §7. */
import { ConclaveError } from "../../errors.ts";
import { DELETION_BYTES_MAX, openDeletion, parseDeletionKey } from "../../group/deletion.ts";
import { isAtLeast, memberOfDevice } from "../../group/state.ts";
import { getIfThere } from "../../ports/store.ts";
import type { Session } from "../session.ts";
import type { Shown } from "./shown.ts";

/** Most deletions that one poll looks at, of epochs that it can open: a stranger may drop any number. */
const DELETIONS_MAX = 16;

/**
 * Refuses to go on where an owner has deleted the group. Anybody who can write there can leave such a file; only an owner's
 * is believed.
 *
 * @throws ConclaveError `deleted`, naming who did it.
 */
export async function requireNotDeleted(session: Session, shown: Shown, signal?: AbortSignal): Promise<void> {
  const isOurs = (key: string) => session.view.opened.has(parseDeletionKey(key)?.epoch ?? "");
  for (const key of [...shown.deletions].filter(isOurs).slice(0, DELETIONS_MAX)) {
    const by = await deletedBy(session, key, signal);
    if (by === undefined) continue;
    const when = new Date(by.time).toISOString().slice(0, 10);
    throw new ConclaveError(`${by.name} deleted this group from its storage on ${when}`, { code: "deleted" }); // check: role
  }
}

/** Which owner has left the file of that key; undefined if none has. */
export async function deletedBy(
  session: Session,
  key: string,
  signal?: AbortSignal,
): Promise<{ readonly name: string; readonly time: number } | undefined> {
  const { store, crypto, group, view } = session;
  const name = parseDeletionKey(key);
  const epoch = name && view.opened.get(name.epoch);
  if (!name || !epoch) return undefined;
  const bytes = await getIfThere(store, key, { length: DELETION_BYTES_MAX + 1, ...(signal ? { signal } : {}) });
  if (!bytes) return undefined;
  try {
    const { device, time } = await openDeletion(crypto, { group, name, bytes, epoch });
    const author = memberOfDevice(view.state, device);
    return author && isAtLeast(author.role, "owner") ? { name: author.name, time } : undefined; // check: role
  } catch (error) {
    if (error instanceof ConclaveError) return undefined;
    throw error;
  }
}
