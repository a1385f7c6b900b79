/** What to make of a request: who may come in without anybody's word, who waits for it, and who is refused. SPEC.md §7. */
import type { MemberId } from "../records/shapes.ts";
import { endedAs } from "./invitation-rules.ts";
import type { Invitation } from "./invitation-state.ts";
import { invitationOf } from "./invitations.ts";
import { type Asking, requestState } from "./request.ts";
import { isAnyKeyTaken } from "./rules.ts";
import { departureOf, type GroupState } from "./state.ts";

/** A verdict on one request. None of them gives any key away. */
export type AskingVerdict =
  /** It was answered. */
  | { readonly state: "member" }
  /** For an admin, who compares fingerprints. */
  | { readonly state: "waiting" }
  /** For an admin's device: the invitation stands for the comparing. */
  | { readonly state: "invited"; readonly invitation: Invitation }
  /** `removed` says that it is of somebody who was thrown out, or uses such a person's keys. */
  | { readonly state: "refused"; readonly reason: string; readonly removed: boolean; readonly invitation?: Invitation };

/**
 * Judges one request by itself.
 *
 * @param now - By this device's clock: the only one that says whether an invitation has expired.
 */
export function judgeAsking(state: GroupState, asking: Asking, now: number): AskingVerdict {
  const { card, invited } = asking;
  const plain = requestState(state, card);
  if (plain === "member") return { state: "member" };
  const how = departureOf(state, card.member)?.how;
  if (plain === "refused" && (how !== "left" || !invited)) return refused(outReason(how), how !== "left");
  // Whoever has left may come back, but for a key that was taken off the list meanwhile, or is another's.
  if (isAnyKeyTaken(state, card)) return refused(outReason(undefined), false); // check: key
  if (!invited) return { state: "waiting" };
  const invitation = invitationOf(state, invited.invitation);
  if (!invitation) return refused("there is no such invitation in this group", false);
  if (invitation.end) return refused(endedAs(invitation), false, invitation);
  if (now >= invitation.expires) return refused(expiredReason(invitation, now), false, invitation); // check: role
  return { state: "invited", invitation };
}

function refused(reason: string, removed: boolean, invitation?: Invitation): AskingVerdict {
  return { state: "refused", reason, removed, ...(invitation ? { invitation } : {}) };
}

function outReason(how: "removed" | "left" | undefined): string {
  if (how === "removed") return "it is of somebody who was removed";
  return how === "left"
    ? "it is of somebody who has left"
    : "it uses keys that are, or were, another card's in this group";
}

/** Both dates: a clock that is wrong shows by them. */
function expiredReason({ expires }: Invitation, now: number): string {
  const day = (time: number): string => new Date(time).toISOString().slice(0, 16).replace("T", " ");
  return `the invitation expired on ${day(expires)}, and it is ${day(now)} UTC by this device's clock`;
}

/** Cards that use one invitation at once: of several nobody can say whom it was for. */
export function usesOf(
  requests: readonly { readonly card: { readonly member: MemberId }; readonly verdict: AskingVerdict }[],
  invitation: Invitation,
): readonly MemberId[] {
  const cards = requests.flatMap(({ card, verdict }) =>
    verdict.state === "invited" && verdict.invitation.invitation === invitation.invitation ? [card.member] : [],
  );
  return [...new Set(cards)].sort();
}
