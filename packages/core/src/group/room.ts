/**
 * How much of the log is whose. The log never gets shorter and travels in every grant, so nobody below owner may fill it:
 * each has a part of what is left, so that something is left after any number of them. SPEC.md §6.
 */
import type { Act, Role } from "../records/entry.ts";
import type { RecordDigest } from "../records/shapes.ts";
import type { SignedLine } from "../records/signed-line.ts";
import { invitationOf } from "./invitations.ts";
import { ADMIN_SHARE, ENTRY_WEIGHT_MIN, LAST_ROOM, LOG_WEIGHT_MAX, MEMBER_SHARE } from "./log-limits.ts";
import { type Refusal, refuse } from "./refusals.ts";
import { type GroupState, isAtLeast, type Member, memberById, memberOfDevice } from "./state.ts";

/** Bytes of a record beside its line: two line feeds and a signature in base64. */
const RECORD_BYTES = 90;

/** What an entry weighs: the bytes of its record, and never very few. */
export function weightOf({ line }: Pick<SignedLine, "line">): number {
  return Math.max(ENTRY_WEIGHT_MIN, line.length + RECORD_BYTES);
}

/** What somebody's entries weigh, and as whose they are measured. */
export interface Share {
  readonly as: "admin" | "member";
  readonly weight: number;
}

/** What decides whether there is room for an entry, in numbers alone. */
export interface RoomAsked {
  /** What all entries up to this one weigh, with it. */
  readonly total: number;
  /** Whether it may use the last of the room, and nobody's share is asked. */
  readonly isLast: boolean;
  /** Whether it may have twice the room that others have: what must not be in a thief's hand. */
  readonly isEased: boolean;
  /** With the entry. */
  readonly shares: readonly Share[];
}

/** Why there is no room: the log is full, or somebody's share of it is. */
export function lackOf({ total, isLast, isEased, shares }: RoomAsked): "log" | Share["as"] | null {
  const left = LOG_WEIGHT_MAX - LAST_ROOM - total;
  if (isLast) return left + LAST_ROOM >= 0 ? null : "log";
  if (left < 0) return "log";
  return shares.find((share) => share.weight > shareMax(share.as, left) * (isEased ? 2 : 1))?.as ?? null;
}

function shareMax(as: Share["as"], left: number): number {
  return left * (as === "admin" ? ADMIN_SHARE : MEMBER_SHARE);
}

/** An entry to be measured: who signs it, what it does, and what it weighs. */
export interface Weighed {
  readonly author: Member;
  readonly act: Act;
  readonly weight: number;
}

const LACKS = {
  log: "the group's log is full: an owner may still remove, demote and change the key, and members may leave",
  admin: "it is of an admin, or of somebody let in by one, who has filled an admin's part of the group's log",
  member: "its author has filled a member's part of the group's log",
} as const;

/** Refuses what the log has no room for, whoever has the right to it. */
export function refuseRoom(state: GroupState, weighed: Weighed): Refusal | null {
  const lack = lackOf({
    total: state.weight + weighed.weight,
    isLast: isLast(state, weighed),
    isEased: isEased(state, weighed),
    shares: sharesOf(state, weighed),
  });
  return lack === null ? null : refuse("log-full", LACKS[lack]); // check: size
}

/** What makes the group smaller or safer by an owner's word, and everybody's own leave. */
function isLast(state: GroupState, { author, act }: Weighed): boolean {
  if (act.act === "leave") return true;
  if (author.role !== "owner") return false;
  if (act.act === "role") return !isAtLeast(act.role, memberById(state, act.member)?.role ?? "viewer");
  return act.act === "remove" || act.act === "remove-device" || act.act === "rotate" || act.act === "recover";
}

/** What a member does against the thief of a device, who may have filled the member's share. */
function isEased(state: GroupState, { author, act }: Weighed): boolean {
  if (act.act === "recover") return true;
  return act.act === "remove-device" && memberOfDevice(state, act.devices[0] ?? "")?.id === author.id;
}

/** Whose shares an entry takes from, as they stand with it. */
function sharesOf(state: GroupState, weighed: Weighed): Share[] {
  const { author, act, weight } = weighed;
  const share = (as: Share["as"], stay: RecordDigest) => ({ as, weight: accountOf(state, stay) + weight });
  const isAdmission = act.act === "add" || act.act === "admit";
  const sponsor = isAdmission ? sponsorOf(state, weighed) : author.sponsor;
  const sponsors = sponsor === null || isOwners(state, sponsor) ? [] : [share("admin", sponsor)];
  if (isAdmission) return sponsors;
  if (author.role === "owner") return [];
  return author.role === "admin" ? [share("admin", author.since)] : [share("member", author.since), ...sponsors];
}

/** The stay of the admin who lets somebody in: who adds them, or has made the invitation that they come by; null for owners. */
export function sponsorOf(state: GroupState, { author, act }: Pick<Weighed, "author" | "act">): RecordDigest | null {
  const maker = act.act === "admit" ? memberById(state, invitationOf(state, act.invitation)?.maker ?? "") : author;
  return maker && maker.role !== "owner" ? maker.since : null;
}

function isOwners(state: GroupState, stay: RecordDigest): boolean {
  return state.members.some(({ since, role }) => since === stay && role === "owner");
}

/** What is on the account of a stay, named by the entry that began it: its own entries, and those of whom it let in. */
function accountOf(state: GroupState, stay: RecordDigest): number {
  const stays = [...state.members, ...state.departures.map(({ member }) => member)];
  return stays.reduce(
    (sum, { since, sponsor, weight }) => (since === stay || sponsor === stay ? sum + weight : sum),
    0,
  );
}

/** How much of what they may a member has filled, from 0 to 1 and a little more; nothing for owners. */
export function shareFilled(state: GroupState, { role, since }: Pick<Member, "role" | "since">): number {
  if (role === "owner") return 0;
  const left = Math.max(0, LOG_WEIGHT_MAX - LAST_ROOM - state.weight);
  return accountOf(state, since) / shareMax(sharedAs(role), left);
}

function sharedAs(role: Role): Share["as"] {
  return role === "admin" ? "admin" : "member";
}
