/** What refuses acts of more than one kind, and what their authors may reach. SPEC.md §6. */
import { epochOf } from "../age/epoch-identity.ts";
import { STANZAS_MAX } from "../age/header.ts";
import { suiteOf } from "../age/suite.ts";
import type { ConclaveErrorCode } from "../errors.ts";
import type { PublicKeys } from "../records/card.ts";
import type { Act, Cut, Role } from "../records/entry.ts";
import type { DeviceKey, MemberId } from "../records/shapes.ts";
import {
  devicesEver,
  type GroupState,
  isAtLeast,
  keysOf,
  listedDevice,
  listedDevices,
  liveDevices,
  memberById,
} from "./state.ts";

/** Most devices and kits in one group: what one grant to all of them can hold. SPEC.md §6. */
export const DEVICES_MAX: number = STANZAS_MAX;

/** Why an entry does not count, for the audit view, or why a command is refused, for the one who gave it. */
export interface Refusal {
  readonly code: ConclaveErrorCode;
  /** Lower case, no full stop. */
  readonly reason: string;
}

/** One kind of act. */
export type ActOf<Name extends Act["act"]> = Extract<Act, { act: Name }>;

/** Owners manage everybody, admins manage editors and viewers, others nobody. */
export function mayManage(author: Role, role: Role): boolean {
  return author === "owner" || (author === "admin" && !isAtLeast(role, "admin"));
}

/** Refuses more devices and kits than one grant can hold. */
export function refuseCount(state: GroupState, added: number): Refusal | null {
  if (listedDevices(state).length + added <= DEVICES_MAX) return null;
  return refuse("limit", `a group has at most ${DEVICES_MAX} devices and recovery kits`); // check: size
}

/** Refuses what would leave the group without an owner's live device: that member gone, or those devices. */
export function refuseOrphan(
  state: GroupState,
  without: MemberId,
  devices: readonly DeviceKey[] = devicesEver(state, [without]),
): Refusal | null {
  const live = ownersDevices(state).filter((key) => !devices.includes(key));
  if (live.length > 0) return null;
  return refuse("last-owner", "the group would be left without an owner: make somebody else an owner first"); // check: role
}

/** The live devices of all owners: the last of them cannot go. */
export function ownersDevices(state: GroupState): DeviceKey[] {
  const owners = state.members.filter(({ role }) => role === "owner");
  return owners.flatMap(liveDevices).map(({ verifyingKey }) => verifyingKey);
}

/**
 * The recipient of a new epoch: of the group's suite, and nobody has ever held its identity.
 *
 * @param brought - Keys that the same act lists.
 */
export function refuseRecipient(
  state: GroupState,
  recipient: string,
  brought: readonly PublicKeys[] = [],
): Refusal | null {
  if (suiteOf(recipient) !== state.suite) {
    return refuse("unsupported", `its epoch's recipient is not of the group's suite, ${state.suite}`); // check: downgrade
  }
  const isBrought = brought.some(({ hybrid, classic }) => hybrid === recipient || classic === recipient);
  if (isBrought || state.epochs.get(epochOf(recipient)) !== undefined || state.keysEver.get(recipient) !== undefined) {
    return refuse("exists", "its epoch's recipient was used before"); // check: key
  }
  return null;
}

/** Whether one of these keys was ever listed for anybody but that former member's card, or was an epoch's recipient. */
export function areKeysTaken(state: GroupState, devices: readonly PublicKeys[], except?: MemberId): boolean {
  return devices.flatMap(keysOf).some((key) => {
    const ever = state.keysEver.get(key);
    if (ever !== undefined && ever.member !== except) return true;
    // What was taken off the list by itself may be stolen: not even its own member's card brings it back.
    return isRetired(state, key) || state.epochs.get(epochOf(key)) !== undefined;
  });
}

function isRetired({ retired }: GroupState, key: string): boolean {
  return retired.some(({ device }) => keysOf(device).includes(key)); // check: key
}

/**
 * Whose records the cut of an act bounds, by device: whom it removes, whom it leaves without the right to write, and, where
 * an admin starts an epoch, whoever left before and has no cut yet.
 *
 * @param signer - The device that signs it, or the kit.
 */
export function cutTargets(state: GroupState, act: Act, signer: DeviceKey): readonly DeviceKey[] {
  if (act.act === "role") {
    const target = memberById(state, act.member);
    const isSilenced = target && isAtLeast(target.role, "editor") && !isAtLeast(act.role, "editor");
    return isSilenced ? devicesEver(state, [target.id]) : [];
  }
  if (!("recipient" in act)) return [];
  const left = settlesLeaves(state, signer) ? unsettledLeaves(state) : [];
  const gone = devicesEver(state, act.act === "remove" ? [act.member, ...left] : left);
  return act.act === "remove-device" ? [...act.devices, ...gone] : gone;
}

/** Whether what this device signs says what counts of those who left: a member's new device or kit is no reason for that. */
export function settlesLeaves(state: GroupState, signer: DeviceKey): boolean {
  return isAtLeast(listedDevice(state, signer)?.member.role ?? "viewer", "admin"); // check: role
}

/**
 * Those who left and are bound by no cut yet. Not who came back and may write: what they sign now counts anyway, and a cut by
 * somebody who has not seen it would void it for good.
 */
function unsettledLeaves(state: GroupState): MemberId[] {
  const left = state.departures.filter(({ cut }) => cut === null).map(({ member }) => member.id);
  return left.filter((id) => !isAtLeast(memberById(state, id)?.role ?? "viewer", "editor")); // check: cut
}

/** Refuses a cut that binds nobody. */
export function refuseNeedlessCut(
  state: GroupState,
  options: { readonly signer: DeviceKey; readonly act: Extract<Act, { readonly cut: Cut }> },
): Refusal | null {
  const { act, signer } = options;
  if (act.cut.length === 0 || cutTargets(state, act, signer).length > 0) return null;
  return refuse("malformed", "it cuts records of nobody"); // check: canonical
}

/** Refuses an author whose role does not reach. */
export function tooLow(author: Role, what: string, managed: Role): Refusal {
  const needed = isAtLeast(managed, "admin") ? "an owner" : "an admin or owner";
  return refuse("role-too-low", `${a(author)} may not ${what}: that needs ${needed}`);
}

/** A role with its article. */
export function a(role: Role): string {
  return role === "viewer" ? "a viewer" : `an ${role}`;
}

/** Why an act does not count. */
export function refuse(code: ConclaveErrorCode, reason: string): Refusal {
  return { code, reason };
}
