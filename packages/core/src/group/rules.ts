/**
 * Who may do what: the one place for it. The fold judges entries of others by these rules, and drafts refuse by the same
 * ones before anything is signed. SPEC.md §6.
 */
import { STANZAS_MAX } from "../age/header.ts";
import { suiteOf } from "../age/suite.ts";
import type { ConclaveErrorCode } from "../errors.ts";
import type { SignedCard } from "../identity/card.ts";
import type { Act, Role } from "../records/entry.ts";
import type { DeviceKey, MemberId } from "../records/shapes.ts";
import {
  departureOf,
  devicesOfCard,
  type GroupState,
  isAtLeast,
  listedDevice,
  listedDevices,
  type Member,
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

/** An act that somebody wants to add to the log. */
export interface Proposal {
  readonly device: DeviceKey;
  readonly act: Act;
  /** The verified card of an `add`. */
  readonly card: SignedCard | null;
}

/** Why the act may not follow this state; null if it may. */
export function refusalOf(state: GroupState, proposal: Proposal): Refusal | null {
  const listed = listedDevice(state, proposal.device);
  if (!listed) return refuse("not-a-member", "its author's device is not listed in the group"); // check: role
  if (listed.device.kind === "kit") return refuse("role-too-low", "a recovery kit's key signs nothing but a recovery"); // check: role
  const author = listed.member;
  switch (proposal.act.act) {
    case "add":
      return refuseAdd(state, { author, act: proposal.act, card: proposal.card });
    case "role":
      return refuseRole(state, { author, act: proposal.act });
    case "remove":
      return refuseRemove(state, { author, act: proposal.act });
    case "rotate":
      return refuseRotate(state, { author, act: proposal.act });
    case "leave":
      return refuseOrphan(state, author.id);
  }
}

const KEY_TAKEN = "a key of that card is, or was, another card's in this group: let them make a new identity";

type ActOf<Name extends Act["act"]> = Extract<Act, { act: Name }>;

/** Owners manage everybody, admins manage editors and viewers, others nobody. */
export function mayManage(author: Role, role: Role): boolean {
  return author === "owner" || (author === "admin" && !isAtLeast(role, "admin"));
}

function refuseAdd(
  state: GroupState,
  options: { readonly author: Member; readonly act: ActOf<"add">; readonly card: SignedCard | null },
): Refusal | null {
  const { author, act, card } = options;
  if (!mayManage(author.role, act.role)) return tooLow(author.role, `add ${a(act.role)}`, act.role); // check: role
  if (!card) return refuse("corrupt", "its card does not prove itself"); // check: signature
  if (memberById(state, card.member)) return refuse("exists", "that card is a member's already"); // check: key
  if (isAnyKeyTaken(state, card)) return refuse("exists", KEY_TAKEN); // check: key
  if (listedDevices(state).length + devicesOfCard(card.card).length > DEVICES_MAX) {
    return refuse("limit", `a group has at most ${DEVICES_MAX} devices and recovery kits`); // check: size
  }
  return null;
}

function refuseRole(
  state: GroupState,
  options: { readonly author: Member; readonly act: ActOf<"role"> },
): Refusal | null {
  const { author, act } = options;
  const target = memberById(state, act.member);
  if (!target) return notMember(state, act.member);
  if (target.role === act.role) return refuse("exists", `that member is ${a(act.role)} already`);
  for (const role of [target.role, act.role]) {
    if (!mayManage(author.role, role)) {
      return tooLow(author.role, `make ${a(target.role)} ${a(act.role)}`, role); // check: role
    }
  }
  if (act.cut.length > 0 && cutTargets(state, act).length === 0) return needlessCut();
  return act.role === "owner" ? null : refuseOrphan(state, target.id);
}

function refuseRemove(
  state: GroupState,
  options: { readonly author: Member; readonly act: ActOf<"remove"> },
): Refusal | null {
  const { author, act } = options;
  if (act.member === author.id) return refuse("role-too-low", "nobody removes themselves: leave the group instead"); // check: role
  const target = memberById(state, act.member);
  if (!target) return notMember(state, act.member);
  if (!mayManage(author.role, target.role)) return tooLow(author.role, `remove ${a(target.role)}`, target.role); // check: role
  return refuseOrphan(state, target.id) ?? refuseRecipient(state, act.recipient);
}

function refuseRotate(
  state: GroupState,
  options: { readonly author: Member; readonly act: ActOf<"rotate"> },
): Refusal | null {
  const { author, act } = options;
  if (!isAtLeast(author.role, "admin")) return tooLow(author.role, "start a new epoch", "viewer"); // check: role
  if (act.cut.length > 0 && cutTargets(state, act).length === 0) return needlessCut();
  return refuseRecipient(state, act.recipient);
}

/** Refuses what would leave the group without an owner's live device. */
function refuseOrphan(state: GroupState, without: MemberId): Refusal | null {
  const owners = state.members.filter((member) => member.role === "owner" && member.id !== without);
  if (owners.some((owner) => owner.devices.some((device) => device.kind === "device"))) return null;
  return refuse("last-owner", "the group would be left without an owner: make somebody else an owner first"); // check: role
}

/** The recipient of a new epoch: of the group's suite, and nobody has ever held its identity. */
export function refuseRecipient(state: GroupState, recipient: string): Refusal | null {
  if (suiteOf(recipient) !== state.suite) {
    return refuse("unsupported", `its epoch's recipient is not of the group's suite, ${state.suite}`); // check: downgrade
  }
  if (state.epochs.some((epoch) => epoch.recipient === recipient) || everListedKeys(state).has(recipient)) {
    return refuse("exists", "its epoch's recipient was used before"); // check: key
  }
  return null;
}

/**
 * Whether a key of the card was ever listed, or named as an epoch's recipient. The identical card of somebody who is out
 * is no other card: that person may be admitted again, with the same keys and under the same id. Nothing of an earlier
 * stay comes back with it: what was cut stays cut, and the identities of epochs between are granted or not as to anybody.
 */
export function isAnyKeyTaken(state: GroupState, card: SignedCard): boolean {
  const taken = everListedKeys(state, card.member);
  for (const epoch of state.epochs) taken.add(epoch.recipient);
  return devicesOfCard(card.card).some((keys) =>
    [keys.verifyingKey, keys.hybrid, keys.classic].some((key) => taken.has(key)),
  );
}

function everListedKeys(state: GroupState, except?: MemberId): Set<string> {
  const people = [...state.members, ...state.departures.map((departure) => departure.member)];
  const devices = people.filter((person) => person.id !== except).flatMap((person) => person.devices);
  return new Set(devices.flatMap((device) => [device.verifyingKey, device.hybrid, device.classic]));
}

/**
 * Whose records the cut of an act bounds: whom it removes, whom it leaves without the right to write, and, where it
 * starts an epoch, whoever left before and has no cut yet.
 */
export function cutTargets(state: GroupState, act: Act): readonly MemberId[] {
  if (act.act === "role") {
    const target = memberById(state, act.member);
    return target && isAtLeast(target.role, "editor") && !isAtLeast(act.role, "editor") ? [target.id] : [];
  }
  if (act.act !== "remove" && act.act !== "rotate") return [];
  const left = state.departures.filter((departure) => departure.cut === null).map((departure) => departure.member.id);
  return act.act === "remove" ? [act.member, ...left] : left;
}

function notMember(state: GroupState, id: MemberId): Refusal {
  return departureOf(state, id)
    ? refuse("not-found", "that member is out of the group already")
    : refuse("not-found", "there is no such member");
}

function needlessCut(): Refusal {
  return refuse("malformed", "it cuts records of nobody"); // check: canonical
}

function tooLow(author: Role, what: string, managed: Role): Refusal {
  const needed = isAtLeast(managed, "admin") ? "an owner" : "an admin or owner";
  return refuse("role-too-low", `${a(author)} may not ${what}: that needs ${needed}`);
}

function a(role: Role): string {
  return role === "viewer" ? "a viewer" : `an ${role}`;
}

function refuse(code: ConclaveErrorCode, reason: string): Refusal {
  return { code, reason };
}
