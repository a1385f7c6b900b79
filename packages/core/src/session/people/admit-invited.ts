/** Admitting whoever was invited: a duty of every admin's device. SPEC.md §7, §10. */

import { encodeBase64 } from "../../encoding/strict.ts";
import type { ConclaveErrorCode } from "../../errors.ts";
import { usesOf } from "../../group/asking.ts";
import type { Invitation } from "../../group/invitation-state.ts";
import { allInvitations, invitationOf, openInvitations } from "../../group/invitations.ts";
import { mayManage } from "../../group/refusals.ts";
import { type Member, memberById, memberOfDevice } from "../../group/state.ts";
import type { DeviceKey, MemberId } from "../../records/shapes.ts";
import type { Reporting } from "../news.ts";
import type { Session } from "../session.ts";
import { unlessRefused } from "../unless-refused.ts";
import { withdraw } from "./invitations.ts";
import { admitMember, removeMember } from "./membership.ts";
import { type JoinRequest, listRequests } from "./requests.ts";

interface DutyOptions extends Reporting {
  readonly signal?: AbortSignal;
}

/** Admits everybody who holds the secret of an open invitation; one that several use at once is withdrawn. */
export async function admitInvited(session: Session, options: DutyOptions): Promise<void> {
  if (session.view.choice.undecided || !openInvitations(session.view.state).some((each) => isMine(session, each)))
    return;
  const { signal } = options;
  const requests = await listRequests(session, signal ? { signal } : {});
  for (const request of requests) {
    if (request.verdict.state !== "invited") continue;
    // As it is now: the one before may have ended it, or have let in the same person.
    if (memberById(session.view.state, request.card.member)) continue;
    const invitation = invitationOf(session.view.state, request.verdict.invitation.invitation);
    if (!invitation || invitation.end || !isMine(session, invitation)) continue;
    const cards = usesOf(requests, invitation);
    if (cards.length > 1) await voidUses(session, { invitation, cards, ...options });
    else await unlessRefused(REFUSALS, () => admit(session, { invitation, request, ...options }));
  }
}

/** What the rules say against one request holds up nothing else: an admin sees it among the requests. */
const REFUSALS: ReadonlySet<ConclaveErrorCode> = new Set(["exists", "account-taken", "role-too-low", "corrupt"]);

/** Whether this person may let in whoever comes by it. */
function isMine({ view }: Session, { role }: Invitation): boolean {
  return view.me !== undefined && mayManage(view.me.role, role);
}

async function admit(
  session: Session,
  options: DutyOptions & { readonly invitation: Invitation; readonly request: JoinRequest },
): Promise<void> {
  const { invitation, request, onNews, signal } = options;
  const { card, invited } = request;
  if (!invited) return;
  const proof = encodeBase64(invited.signed.signature);
  const call = signal ? { signal } : {};
  await admitMember(session, { card, invitation: invitation.invitation, proof, ...call });
  await session.store.delete(request.key, call);
  const { role, name } = invitation;
  onNews?.({
    kind: "admitted",
    name: card.card.name,
    card: card.member,
    role,
    invitation: invitation.invitation,
    invited: name,
  });
}

async function voidUses(
  session: Session,
  options: DutyOptions & { readonly invitation: Invitation; readonly cards: readonly MemberId[] },
): Promise<void> {
  const { invitation, cards, onNews, signal } = options;
  const key = invitation.invitation;
  await withdraw(session, { invitation: key, cards: cards.slice(0, CARDS_NAMED), ...(signal ? { signal } : {}) });
  onNews?.({ kind: "used-twice", cards, invitation: key, invited: invitation.name });
}

/** How many cards a withdrawal names; further ones are in the requests. */
const CARDS_NAMED = 16;

/**
 * Two admins who had not seen each other may have admitted two cards by one invitation. One of them came in on a branch
 * that lost; nobody can say which of the two was meant, so the other goes too.
 */
export async function removeTwice(session: Session, { onNews, signal }: DutyOptions): Promise<void> {
  for (const member of admittedTwice(session)) {
    const { me } = session.view;
    if (!me || me.id === member.id || !mayManage(me.role, member.role)) continue;
    await removeMember(session, { member, contents: "on-change", ...(signal ? { signal } : {}) });
    onNews?.({ kind: "removed", name: member.name, card: member.id, why: "used-twice" });
  }
}

function admittedTwice({ view }: Session): Member[] {
  const { state, choice } = view;
  if (choice.forks.length === 0 || choice.undecided) return [];
  return allInvitations(state).flatMap(({ invitation, end }) => {
    if (end?.how !== "used") return [];
    const member = memberById(state, end.card);
    // Somebody who was added by hand since was compared.
    return member?.since === end.entry && isUsedElsewhere(view, { invitation, member }) ? [member] : [];
  });
}

/**
 * Whether the invitation let another card in on a branch that lost, by somebody who could remove this member too. Nobody else's
 * word is taken: whoever is out, or was an admin once, could date an admission back to have others removed.
 */
function isUsedElsewhere(
  { log, state }: Session["view"],
  { invitation, member }: { readonly invitation: DeviceKey; readonly member: Member },
): boolean {
  return [...log.nodes.values()].some(({ verified: { entry, card } }) => {
    if (entry.type !== "conclave/v1/entry" || entry.act.act !== "admit" || entry.act.invitation !== invitation)
      return false;
    const author = memberOfDevice(state, entry.device);
    return card?.member !== member.id && author !== undefined && mayManage(author.role, member.role); // check: role
  });
}
