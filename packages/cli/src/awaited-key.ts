/** A group whose newest key this device was not given: it asks for it, and its person is told who may help. */
import { askForGrant, epochStarter, fingerprint, lacksGrant, type Session, StoreError } from "@conclave/core";
import type { Context } from "./context.ts";
import { ownCard, type Person } from "./identity/person.ts";

/** Asks by a request, once, where a grant is missing. */
export async function askForKey(
  context: Context,
  { session, person }: { readonly session: Session; readonly person: Person },
): Promise<void> {
  if (!lacksGrant(session)) return;
  try {
    const isNew = await askForGrant(session, { card: await ownCard(person), signal: context.signal });
    if (isNew) context.note("this group has a newer key, which this device was not given: it has asked for it");
  } catch (error) {
    // Who may only read the folder still reads what there is.
    if (!(error instanceof StoreError)) throw error;
    context.detail(`the newer key could not be asked for: ${error.message}`);
  }
}

/** What to do about an error that says that the key is not here; undefined where the general hint is right. */
export function keyHint({ session, group }: { readonly session: Session; readonly group: string }): string | undefined {
  if (!lacksGrant(session)) return undefined;
  // A device that missed two changes of the key, and was removed with the second, can open nothing that says so.
  const wait =
    `this device has asked for it: any admin, or another device of yours, that has it gives it with conclave status ${group}; ` +
    "whether you were removed meanwhile only they can say (conclave requests shows it to them)";
  const starter = epochStarter(session);
  if (!starter || starter.member.id === session.view.me?.id) return wait;
  const { name, id } = starter.member;
  const word = /^[\p{L}\p{M}\p{N}._-]+$/u.test(name) ? name : `"${fingerprint(id)}"`;
  return starter.isMine
    ? `${wait}; if nobody has it, conclave remove ${group} ${word} ends it with a new key, as it was ${name} who began it`
    : `${wait}; if nobody has it, ask an admin to remove ${name}, who began it`;
}
