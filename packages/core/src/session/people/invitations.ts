/** Inviting by a secret, taking it back, and what its maker is told. SPEC.md §6, §7. */
import { ConclaveError } from "../../errors.ts";
import { draftInvite, draftUntil, draftWithdraw } from "../../group/draft.ts";
import { INVITATION_SECRET_BYTES, invitationKey } from "../../group/invitation.ts";
import type { Invitation } from "../../group/invitation-state.ts";
import { allInvitations, openInvitations } from "../../group/invitations.ts";
import type { Member } from "../../group/state.ts";
import type { Role } from "../../records/entry.ts";
import type { DeviceKey, MemberId } from "../../records/shapes.ts";
import type { Reporting } from "../news.ts";
import type { Session } from "../session.ts";
import { publishEntry } from "./membership.ts";

interface SignalOption {
  readonly signal?: AbortSignal;
}

/** Most days for which an invitation may stand: a code that lies about for longer is found. */
export const INVITATION_DAYS_MAX = 90;
const DAY_MS = 24 * 3600 * 1000;

/** A fresh invitation. */
export interface NewInvitation {
  readonly invitation: DeviceKey;
  /** 16 random bytes, secret: for whoever is invited, and kept nowhere. */
  readonly secret: Uint8Array<ArrayBuffer>;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/**
 * Prepares a place for whoever will hold the secret.
 *
 * @param options.name - What the maker calls them; stands in the log.
 * @param options.forMs - How long it stands, by this device's clock, at most {@link INVITATION_DAYS_MAX} days.
 * @throws ConclaveError `role-too-low`, `limit`; `StoreError` as the store.
 */
export async function invite(
  session: Session,
  options: SignalOption & {
    readonly name: string;
    readonly role: Role;
    readonly forMs: number;
    readonly account?: string;
    readonly until?: number;
  },
): Promise<NewInvitation> {
  const { name, role, forMs, account = null, until = null, signal } = options;
  if (!(forMs > 0 && forMs <= INVITATION_DAYS_MAX * DAY_MS)) {
    throw new ConclaveError(`an invitation stands for ${INVITATION_DAYS_MAX} days at most`, { code: "limit" }); // check: size
  }
  const secret = session.crypto.randomBytes(INVITATION_SECRET_BYTES);
  const { invitation } = invitationKey(secret);
  const expires = session.clock.now() + forMs;
  const { state } = session.view;
  const act = draftInvite(state, { device: session.deviceKey, invitation, name, role, account, until, expires });
  await publishEntry(session, act, signal ? { signal } : {});
  return { invitation, secret, expires };
}

/**
 * Takes an open invitation back.
 *
 * @param options.cards - Those that used it at once, if that is why; each is a card's digest.
 */
export async function withdraw(
  session: Session,
  options: SignalOption & { readonly invitation: DeviceKey; readonly cards?: readonly MemberId[] },
): Promise<void> {
  const { invitation, cards = [], signal } = options;
  const act = draftWithdraw(session.view.state, { device: session.deviceKey, invitation, cards });
  await publishEntry(session, act, signal ? { signal } : {});
}

/** Says when a member's stay ends: milliseconds since 1970, or null for never. */
export async function changeUntil(
  session: Session,
  options: SignalOption & { readonly member: Member; readonly until: number | null },
): Promise<void> {
  const { member, until, signal } = options;
  const act = draftUntil(session.view.state, { device: session.deviceKey, member: member.id, until });
  await publishEntry(session, act, signal ? { signal } : {});
}

/** Least part of an invitation's key that is looked up: fewer digits are met by chance. */
const ID_PREFIX_LENGTH = 8;

/**
 * The open invitation that somebody means: by the beginning of its id, or by name if only one has it.
 *
 * @throws ConclaveError `not-found` if none or several fit.
 */
export function findInvitation(session: Session, wanted: string): Invitation {
  const plain = wanted.toLowerCase();
  const open = openInvitations(session.view.state);
  const found = open.filter(
    ({ invitation, name }) => name === wanted || (plain.length >= ID_PREFIX_LENGTH && invitation.startsWith(plain)),
  );
  const [only] = found;
  if (only && found.length === 1) return only;
  const what = found.length === 0 ? "no open invitation fits" : "several open invitations fit; name one by its id";
  throw new ConclaveError(`${what}: ${wanted}`, { code: "not-found" });
}

/** Tells a maker of each use of an invitation of theirs, once on each device. */
export function tellMaker(session: Session, { onNews }: Reporting): void {
  const { state, me } = session.view;
  if (!me || !onNews) return;
  for (const each of allInvitations(state)) {
    if (each.maker !== me.id || each.end === null || !isFirst(session, each.invitation)) continue;
    tell(session, each, onNews);
  }
}

function isFirst({ index }: Session, invitation: DeviceKey): boolean {
  return index.transaction(() => {
    if (index.get("SELECT 1 FROM told WHERE invitation = ?", invitation) !== undefined) return false;
    index.run("INSERT INTO told(invitation) VALUES(?)", invitation);
    return true;
  });
}

function tell(session: Session, each: Invitation, onNews: NonNullable<Reporting["onNews"]>): void {
  const { invitation, name: invited, role, end } = each;
  if (end?.how === "used" && end.by !== session.view.me?.id) {
    const name = nameOf(session, end.card) ?? invited;
    onNews({ kind: "used", name, card: end.card, role, invitation, invited });
  }
  if (end?.how === "withdrawn" && end.cards.length > 0 && end.by !== session.view.me?.id) {
    onNews({ kind: "used-twice", cards: end.cards, invitation, invited });
  }
}

function nameOf({ view }: Session, id: MemberId): string | undefined {
  const people = [...view.state.members, ...view.state.departures.map(({ member }) => member)];
  return people.find((member) => member.id === id)?.name;
}
