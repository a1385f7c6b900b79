/** Removals that a lost branch leaves to do: until they are done, their targets hold the current key. SPEC.md §6. */
import { type LostRemoval, owedRemovals } from "../group/owed.ts";
import { mayManage } from "../group/rules.ts";
import { memberById } from "../group/state.ts";
import type { Session } from "./session.ts";
import type { View } from "./view.ts";

const known = new WeakMap<View, readonly LostRemoval[]>();

/** Removals that are to be signed again, and that somebody in the group may sign. */
export function owedNow(session: Pick<Session, "view" | "index">): readonly LostRemoval[] {
  const { view, index } = session;
  if (view.choice.forks.length === 0 || view.choice.undecided) return [];
  let owed = known.get(view);
  if (!owed) {
    const words = index.all<{ device: string; entry: string }>("SELECT device, entry FROM words");
    owed = owedRemovals(view.log, { choice: view.choice, words }).filter(
      (each) => each.isOwed && hasSigner(view, each),
    );
    known.set(view, owed);
  }
  return owed;
}

function hasSigner({ state }: View, { target, author, onlyByAuthor }: LostRemoval): boolean {
  const role = memberById(state, target)?.role;
  return state.members.some(
    (member) =>
      role !== undefined &&
      member.id !== target &&
      mayManage(member.role, role) &&
      (!onlyByAuthor || member.id === author),
  );
}
