/**
 * What a member's devices may do about each other and about the member's kit, and what a kit may do: one thing. SPEC.md §6.
 */
import type { SignedDeviceCard } from "../identity/device-card.ts";
import type { DeviceKey } from "../records/shapes.ts";
import {
  type ActOf,
  areKeysTaken,
  mayManage,
  type Refusal,
  refuse,
  refuseCount,
  refuseNeedlessCut,
  refuseOrphan,
  refuseRecipient,
  tooLow,
} from "./refusals.ts";
import { type GroupState, listedDevice, liveDevices, type Member } from "./state.ts";

interface Brought {
  readonly author: Member;
  /** The verified cards that the act brings. */
  readonly devices: readonly SignedDeviceCard[];
}

/** Brought by what starts an epoch. */
interface Starting<Name extends "kit" | "recover"> extends Brought {
  /** The device that signs, or the kit. */
  readonly signer: DeviceKey;
  readonly act: ActOf<Name>;
}

/** Most devices and kits of one member that were taken off the list while it still lists further ones. SPEC.md §6. */
export const RETIRED_MAX = 256;
/** Most devices of one member that are listed while it lists a further one: nobody fills a group alone. SPEC.md §6. */
export const OWN_DEVICES_MAX = 32;

/** A member's device admits another one of the same member. */
export function refuseAdmitDevice(state: GroupState, brought: Brought): Refusal | null {
  return (
    refuseCards(state, { ...brought, kinds: ["device"] }) ??
    refuseCount(state, 1) ??
    refuseListed({ ...brought, max: OWN_DEVICES_MAX }) ??
    refuseRetired(state, { ...brought, max: RETIRED_MAX })
  );
}

/** Refuses one more device of somebody who has very many: a group that is full lets nobody in, and nobody back by a kit. */
function refuseListed({ author, max }: { readonly author: Member; readonly max: number }): Refusal | null {
  if (liveDevices(author).length < max) return null;
  return refuse("limit", `a member has at most ${max} devices`); // check: size
}

/** Refuses one more device or kit of somebody who has gone through very many: each stays in the log for ever. */
function refuseRetired(
  { retired }: GroupState,
  { author, max }: { readonly author: Member; readonly max: number },
): Refusal | null {
  if (retired.filter(({ member }) => member === author.id).length < max) return null;
  return refuse("limit", `a member goes through at most ${max} devices and recovery kits`); // check: size
}

/** A member's device takes others of that member off the list, or its kit; or somebody does who may remove that member. */
export function refuseRemoveDevice(
  state: GroupState,
  options: { readonly author: Member; readonly signer: DeviceKey; readonly act: ActOf<"remove-device"> },
): Refusal | null {
  const { author, signer, act } = options;
  const isInOrder = act.devices.every((key, index) => index === 0 || key > (act.devices[index - 1] ?? ""));
  if (act.devices.length === 0 || !isInOrder) return refuse("malformed", "it names no devices, or not in their order"); // check: canonical
  const owners = act.devices.map((key) => listedDevice(state, key)?.member);
  const [target] = owners;
  if (!target || owners.some((each) => each !== target)) {
    return refuse("not-found", "it names what is no listed device or kit of one member"); // check: key
  }
  if (act.devices.includes(signer)) return refuse("role-too-low", "no device removes itself: leave the group instead"); // check: role
  if (target.id !== author.id && !mayManage(author.role, target.role)) {
    return tooLow(author.role, "remove a device of somebody else", target.role); // check: role
  }
  return refuseOrphan(state, target.id, act.devices) ?? refuseRecipient(state, act.recipient);
}

/** A member's device lists a new kit in place of the old one. */
export function refuseKit(state: GroupState, options: Starting<"kit">): Refusal | null {
  return (
    refuseCards(state, { ...options, kinds: ["kit"] }) ??
    refuseEpoch(state, options) ??
    refuseRetired(state, { ...options, max: RETIRED_MAX })
  );
}

/** A kit lists a new device and a new kit in its own place: the only thing that it can do, and only once. */
export function refuseRecover(state: GroupState, options: Starting<"recover">): Refusal | null {
  return (
    refuseCards(state, { ...options, kinds: ["device", "kit"] }) ??
    refuseEpoch(state, options) ??
    refuseCount(state, 1) ??
    // What a thief of a device has used up must not stand in the kit's way.
    refuseListed({ ...options, max: 2 * OWN_DEVICES_MAX }) ??
    refuseRetired(state, { ...options, max: 2 * RETIRED_MAX })
  );
}

function refuseEpoch(state: GroupState, options: Starting<"kit"> | Starting<"recover">): Refusal | null {
  const keys = options.devices.map(({ card }) => card.keys);
  return refuseNeedlessCut(state, options) ?? refuseRecipient(state, options.act.recipient, keys); // check: key
}

/** The cards prove themselves, are of these kinds, for the author itself, and bring keys that nobody here ever had. */
function refuseCards(
  state: GroupState,
  options: Brought & { readonly kinds: readonly SignedDeviceCard["card"]["kind"][] },
): Refusal | null {
  const { author, devices, kinds } = options;
  if (devices.length !== kinds.length) return refuse("corrupt", "its device card does not prove itself"); // check: signature
  const keys = devices.map(({ card }) => card.keys);
  for (const [index, { card }] of devices.entries()) {
    if (card.kind !== kinds[index]) return refuse("corrupt", `its device card is no ${kinds[index]}'s`); // check: canonical
    if (card.member !== author.id) return refuse("corrupt", "its device card is made for another member"); // check: key
  }
  const all = keys.flatMap(({ verifyingKey, hybrid, classic }) => [verifyingKey, hybrid, classic]);
  if (areKeysTaken(state, keys) || new Set(all).size < all.length) {
    return refuse("exists", "a key of its device card is, or was, listed in this group already"); // check: key
  }
  return null;
}
