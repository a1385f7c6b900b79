/** Who may invite, withdraw and admit. SPEC.md §6. */
import type { SignedCard } from "../identity/card.ts";
import type { Act } from "../records/entry.ts";
import type { DeviceKey, MemberId } from "../records/shapes.ts";
import type { Invitation } from "./invitation-state.ts";
import { invitationOf, openInvitations } from "./invitations.ts";
import { type ActOf, a, mayManage, type Refusal, refuse, tooLow } from "./refusals.ts";
import { departureOf, type GroupState, listedDevice, type Member } from "./state.ts";

/** Most invitations that are open at once. */
export const INVITATIONS_MAX = 256;

interface Asked<Name extends Act["act"]> {
  readonly author: Member;
  readonly act: ActOf<Name>;
}

/** Nobody invites to a role that they could not give by hand. */
export function refuseInvite(state: GroupState, { author, act }: Asked<"invite">): Refusal | null {
  if (!mayManage(author.role, act.role)) return tooLow(author.role, `invite ${a(act.role)}`, act.role); // check: role
  if (invitationOf(state, act.invitation) || listedDevice(state, act.invitation)) {
    return refuse("exists", "its key was used before"); // check: key
  }
  if (openInvitations(state).length >= INVITATIONS_MAX) {
    return refuse("limit", `a group has at most ${INVITATIONS_MAX} open invitations`); // check: size
  }
  return null;
}

/** Whoever made it withdraws it, and whoever could have made it. */
export function refuseWithdraw(state: GroupState, { author, act }: Asked<"withdraw">): Refusal | null {
  const invitation = invitationOf(state, act.invitation);
  if (!invitation) return refuse("not-found", "there is no such invitation");
  if (invitation.end) return refuse("exists", endedAs(invitation));
  if (invitation.maker !== author.id && !mayManage(author.role, invitation.role)) {
    return tooLow(author.role, `withdraw an invitation of ${a(invitation.role)}`, invitation.role); // check: role
  }
  return null;
}

/** The right is asked for again, of whoever admits: the secret alone gives none. */
export function refuseAdmit(
  state: GroupState,
  options: Asked<"admit"> & { readonly card: SignedCard | null },
): Refusal | null {
  const { author, act, card } = options;
  const invitation = invitationOf(state, act.invitation);
  if (!invitation) return refuse("not-found", "there is no such invitation"); // check: key
  if (invitation.end) return refuse("exists", endedAs(invitation)); // check: role
  if (!mayManage(author.role, invitation.role)) {
    return tooLow(author.role, `admit ${a(invitation.role)}`, invitation.role); // check: role
  }
  return card ? refuseReturn(state, card.member) : null;
}

/** Whoever was removed comes back only by somebody's decision about that very person. */
function refuseReturn(state: GroupState, card: MemberId): Refusal | null {
  if (departureOf(state, card)?.how !== "removed") return null;
  return refuse("removed", "that card is of somebody who was removed: an admin has to add them by hand"); // check: role
}

/** Why an invitation lets nobody in any more, in words for whoever reads of a refusal. */
export function endedAs({ end }: Invitation): string {
  switch (end?.how) {
    case undefined:
      return "the invitation is open";
    case "used":
      return "the invitation was used already";
    case "withdrawn":
      return end.cards.length === 0
        ? "the invitation was withdrawn"
        : "the invitation is void: several used it at once";
    case "maker":
      return "the invitation ended when its maker lost the right to it";
    case "epoch":
      return "the invitation ended when the group's key changed";
  }
}

/** The key of an invitation as people are shown it, and may type the beginning of. */
export function invitationId(invitation: DeviceKey): string {
  return invitation.slice(0, 16);
}
