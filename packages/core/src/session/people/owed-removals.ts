/** Removals that a lost branch leaves to do: until they are done, their targets hold the current key. SPEC.md §6. */
import { type LostRemoval, owedRemovals } from "../../group/owed.ts";
import { mayManage } from "../../group/refusals.ts";
import {
  type GroupState,
  listedDevice,
  liveDevices,
  type Member,
  type MemberDevice,
  memberById,
} from "../../group/state.ts";
import type { Session } from "../session.ts";
import { knownWords, type View } from "../view.ts";

const known = new WeakMap<View, readonly LostRemoval[]>();

/** Removals that are to be signed again, and that somebody in the group may sign. */
export function owedNow(session: Pick<Session, "view" | "index">): readonly LostRemoval[] {
  const { view, index } = session;
  if (view.choice.forks.length === 0 || view.choice.undecided) return [];
  let owed = known.get(view);
  if (!owed) {
    owed = owedRemovals(view.log, { choice: view.choice, words: knownWords(index) }).filter(
      (each) => each.isOwed && hasSigner(view, each),
    );
    known.set(view, owed);
  }
  return owed;
}

function hasSigner({ state }: View, owed: LostRemoval): boolean {
  return state.members.some((member) => liveDevices(member).some((device) => maySign(owed, { state, member, device })));
}

/** Whether this device may sign an owed removal again. */
export function maySignOwed({ view, deviceKey }: Pick<Session, "view" | "deviceKey">, owed: LostRemoval): boolean {
  const listed = listedDevice(view.state, deviceKey);
  return listed !== undefined && maySign(owed, { state: view.state, ...listed });
}

function maySign(
  { target, author, onlyByAuthor, devices }: LostRemoval,
  by: { readonly state: GroupState; readonly member: Member; readonly device: MemberDevice },
): boolean {
  const { state, member, device } = by;
  const role = memberById(state, target)?.role;
  if (role === undefined || device.kind === "kit" || (onlyByAuthor && member.id !== author)) return false;
  if (member.id === target) return devices !== null && !devices.includes(device.verifyingKey);
  return mayManage(member.role, role);
}
