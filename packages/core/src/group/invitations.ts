/** What acts make of a group's invitations: each is open until it ends, and then for good. SPEC.md §6. */
import type { Act } from "../records/entry.ts";
import type { DeviceKey, MemberId, RecordDigest } from "../records/shapes.ts";
import type { Invitation, InvitationEnd } from "./invitation-state.ts";
import { mayManage } from "./refusals.ts";
import { type GroupState, memberById } from "./state.ts";

/** The invitation of that key, open or not. */
export function invitationOf(state: GroupState, key: DeviceKey): Invitation | undefined {
  return state.invitations.find(({ invitation }) => invitation === key) ?? state.endedInvitations.get(key);
}

/** Invitations that nobody has used or withdrawn; some may have expired. */
export function openInvitations(state: GroupState): readonly Invitation[] {
  return state.invitations;
}

/** All that there ever were, oldest first. */
export function allInvitations(state: GroupState): readonly Invitation[] {
  return [...state.endedInvitations, ...state.invitations].sort((left, right) => left.height - right.height);
}

interface Step {
  readonly act: Act;
  readonly entry: RecordDigest;
  readonly author: MemberId;
  readonly time: number;
  /** The card that is admitted. */
  readonly card: MemberId | undefined;
}

/** The group's invitations after an act. `state` is the one that the act's other effects have made. */
export function invitationsAfter(state: GroupState, step: Step): Pick<GroupState, "invitations" | "endedInvitations"> {
  const { act, author, entry, time } = step;
  if (act.act === "invite") {
    const { invitation, name, role, account, until, expires } = act;
    const made = { invitation, name, role, account, until, expires, maker: author, entry, time, end: null };
    return {
      invitations: [...state.invitations, { ...made, height: state.height }],
      endedInvitations: state.endedInvitations,
    };
  }
  const after = state.invitations.map((each) => {
    const end = endOf(state, { each, step });
    return end ? { ...each, end: { ...end, entry, by: author } } : each;
  });
  const ended = after.filter(({ end }) => end !== null);
  return {
    invitations: ended.length === 0 ? state.invitations : after.filter(({ end }) => end === null),
    endedInvitations: ended.reduce((all, each) => all.with(each), state.endedInvitations),
  };
}

function endOf(state: GroupState, options: { readonly each: Invitation; readonly step: Step }): InvitationEnd | null {
  const { each, step } = options;
  const { act, card } = step;
  if (act.act === "admit" && act.invitation === each.invitation) return { how: "used", card: card ?? "" };
  if (act.act === "withdraw" && act.invitation === each.invitation) {
    return { how: "withdrawn", cards: act.cards };
  }
  // Whoever is out since could have seen the secret.
  if ("recipient" in act) return { how: "epoch" }; // check: epoch
  const maker = memberById(state, each.maker);
  return maker && mayManage(maker.role, each.role) ? null : { how: "maker" }; // check: role
}
