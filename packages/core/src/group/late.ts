/**
 * Late: what a branch that has stood for long is not left for without asking. SPEC.md §6.
 *
 * A role that was taken away must not come back by a choice between branches: whoever lost it can have gone on where it was
 * not lost, and have let others in. Where nobody has lost a role, whatever was done on the other branch was done by people
 * who could do it here as well, so that nothing is gained by leading others there.
 */
import { ROLES } from "../records/entry.ts";
import type { DeviceKey, MemberId } from "../records/shapes.ts";
import { type GroupState, liveDevices, memberById, memberOfDevice } from "./state.ts";

/** What is compared: the group where the branches part, and at the end of each. */
export interface Parting {
  readonly at: GroupState;
  /** Where this device stands. */
  readonly here: GroupState;
  /** Where the records lead to. */
  readonly there: GroupState;
}

/**
 * Whether somebody has lost a role since the parting, or was let out of the group, and somebody stands higher over there; or
 * a device that was taken off the list here is on it there.
 */
export function undoesLoss({ at, here, there }: Parting): boolean {
  const hasLoss = at.members.some(({ id }) => rank(here, id) < rank(at, id));
  if (hasLoss && there.members.some(({ id }) => rank(there, id) > rank(here, id))) return true; // check: role
  const lost = liveKeys(at).filter((key) => !memberOfDevice(here, key));
  return lost.some((key) => memberOfDevice(there, key) !== undefined); // check: role
}

function liveKeys(state: GroupState): DeviceKey[] {
  return state.members.flatMap(liveDevices).map(({ verifyingKey }) => verifyingKey);
}

/** -1 for whoever is no member. */
function rank(state: GroupState, id: MemberId): number {
  const role = memberById(state, id)?.role;
  return role === undefined ? -1 : ROLES.indexOf(role);
}
