/** Two histories between which this device does not choose by itself: until its person does, it signs and puts nothing. SPEC.md §6. */
import { ConclaveError } from "../../errors.ts";
import type { Session } from "../session.ts";

/** Whether this device knows which history to sign for. */
export function isDecided({ view }: Pick<Session, "view">): boolean {
  return !view.choice.undecided && !view.choice.late;
}

/**
 * Whether others may follow another branch than this device, each by the rules: a fork is contested, or this device holds on
 * where the records lead elsewhere.
 */
export function isApart({ view }: Pick<Session, "view">): boolean {
  return view.choice.forks.some(({ contested, held }) => contested || held !== null);
}

/** @throws ConclaveError `contested` unless {@link isDecided}: whatever is signed speaks for one of the histories. */
export function requireDecided(session: Pick<Session, "view">): void {
  if (isDecided(session)) return;
  throw new ConclaveError("the group has two histories, and nobody has said which one this device follows", {
    code: "contested",
  }); // check: role
}
