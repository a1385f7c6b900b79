/**
 * Who may do what: the one place for it. The fold judges entries of others by these rules, and drafts refuse by the same
 * ones before anything is signed. SPEC.md §6.
 */
import type { SignedCard } from "../identity/card.ts";
import type { SignedDeviceCard } from "../identity/device-card.ts";
import type { Act } from "../records/entry.ts";
import type { DeviceKey, MemberId } from "../records/shapes.ts";
import { refuseAdmitDevice, refuseKit, refuseRecover, refuseRemoveDevice } from "./device-rules.ts";
import { refuseAdmit, refuseInvite, refuseWithdraw } from "./invitation-rules.ts";
import {
  type ActOf,
  a,
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
import { refuseRoom } from "./room.ts";
import { departureOf, type GroupState, isAtLeast, keysOfCard, listedDevice, type Member, memberById } from "./state.ts";

/** An act that somebody wants to add to the log. */
export interface Proposal {
  readonly device: DeviceKey;
  readonly act: Act;
  /** The verified card of an `add` or `admit`. */
  readonly card: SignedCard | null;
  /** The verified device cards that it brings. */
  readonly devices?: readonly SignedDeviceCard[];
  /** What its entry weighs; left out where the right alone is asked for. */
  readonly weight?: number;
}

/** Why the act may not follow this state; null if it may. */
export function refusalOf(state: GroupState, proposal: Proposal): Refusal | null {
  const { act, weight } = proposal;
  const refusal = refuseAct(state, proposal);
  const author = listedDevice(state, proposal.device)?.member;
  return refusal || !author || weight === undefined ? refusal : refuseRoom(state, { author, act, weight });
}

function refuseAct(state: GroupState, proposal: Proposal): Refusal | null {
  const listed = listedDevice(state, proposal.device);
  if (!listed) return refuse("not-a-member", "its author's device is not listed in the group"); // check: role
  const { act, devices = [] } = proposal;
  const author = listed.member;
  if ((listed.device.kind === "kit") !== (act.act === "recover")) {
    return refuse("role-too-low", "a recovery kit's key signs a recovery, and nothing else does"); // check: role
  }
  switch (act.act) {
    case "admit-device":
      return refuseAdmitDevice(state, { author, devices });
    case "remove-device":
      return refuseRemoveDevice(state, { author, signer: proposal.device, act });
    case "kit":
      return refuseKit(state, { author, signer: proposal.device, act, devices });
    case "recover":
      return refuseRecover(state, { author, signer: proposal.device, act, devices });
    case "add":
      return refuseAdd(author, act) ?? refuseCard(state, proposal.card);
    case "admit":
      return refuseAdmit(state, { author, act, card: proposal.card }) ?? refuseCard(state, proposal.card);
    case "invite":
      return refuseInvite(state, { author, act });
    case "withdraw":
      return refuseWithdraw(state, { author, act });
    case "until":
      return refuseUntil(state, { author, act });
    case "role":
      return refuseRole(state, { author, signer: proposal.device, act });
    case "remove":
      return refuseRemove(state, { author, act });
    case "rotate":
      return refuseRotate(state, { author, signer: proposal.device, act });
    case "leave":
      return refuseOrphan(state, author.id);
  }
}

const KEY_TAKEN = "a key of that card is, or was, another card's in this group: let them make a new identity";

function refuseAdd(author: Member, act: ActOf<"add">): Refusal | null {
  return mayManage(author.role, act.role) ? null : tooLow(author.role, `add ${a(act.role)}`, act.role); // check: role
}

/** Whether this card may become a member's. */
function refuseCard(state: GroupState, card: SignedCard | null): Refusal | null {
  if (!card) return refuse("corrupt", "its card does not prove itself"); // check: signature
  if (memberById(state, card.member)) return refuse("exists", "that card is a member's already"); // check: key
  if (isAnyKeyTaken(state, card)) return refuse("exists", KEY_TAKEN); // check: key
  return refuseCount(state, keysOfCard(card.card).length);
}

function refuseRole(
  state: GroupState,
  options: { readonly author: Member; readonly signer: DeviceKey; readonly act: ActOf<"role"> },
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
  const needless = refuseNeedlessCut(state, options);
  if (needless) return needless;
  return act.role === "owner" ? null : refuseOrphan(state, target.id);
}

function refuseUntil(
  state: GroupState,
  options: { readonly author: Member; readonly act: ActOf<"until"> },
): Refusal | null {
  const { author, act } = options;
  const target = memberById(state, act.member);
  if (!target) return notMember(state, act.member);
  if (!mayManage(author.role, target.role)) {
    return tooLow(author.role, `say when the stay of ${a(target.role)} ends`, target.role); // check: role
  }
  return target.until === act.until ? refuse("exists", "that member's stay ends then already") : null;
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
  options: { readonly author: Member; readonly signer: DeviceKey; readonly act: ActOf<"rotate"> },
): Refusal | null {
  const { author, act } = options;
  if (!isAtLeast(author.role, "admin")) return tooLow(author.role, "start a new epoch", "viewer"); // check: role
  return refuseNeedlessCut(state, options) ?? refuseRecipient(state, act.recipient);
}

/**
 * Whether a key of the card was ever listed, or named as an epoch's recipient. The identical card of somebody who is out
 * is no other card: that person may be admitted again, with the same keys and under the same id. Nothing of an earlier
 * stay comes back with it: what was cut stays cut, and the identities of epochs between are granted or not as to anybody.
 */
export function isAnyKeyTaken(state: GroupState, card: SignedCard): boolean {
  return areKeysTaken(state, keysOfCard(card.card), card.member);
}

function notMember(state: GroupState, id: MemberId): Refusal {
  return departureOf(state, id)
    ? refuse("not-found", "that member is out of the group already")
    : refuse("not-found", "there is no such member");
}
