/** What a log has room for: SPEC.md §6, "Room". */
import type { Act } from "../../src/records/entry.ts";
import { type Group, must, rank, type Signer } from "./group.ts";

/** In bytes, and in parts of what is left. Tests hold both sides to smaller ones, so that short logs come near them. */
export const LIMITS = { total: 33_554_432, left: 32_505_856, leastWeight: 2048, adminTimes: 2, memberPart: 1 / 64 };

/** "The bytes of its record (§4), but at least 2,048." */
export function weigh(line: Uint8Array): number {
  return Math.max(LIMITS.leastWeight, line.length + 1 + 88 + 1);
}

/** An entry that stands where `before` is. */
interface Asked {
  readonly act: Act;
  readonly by: Signer;
  readonly weight: number;
}

/** The stay that sponsors whoever an `add` or `admit` lets in. */
export function sponsorOf(before: Group, { act, by }: Pick<Asked, "act" | "by">): string | undefined {
  if (act.act === "add") return by.role === "admin" ? before.stays.get(by.id) : undefined;
  if (act.act !== "admit") return undefined;
  const maker = before.invitations.get(act.invitation)?.maker ?? "";
  return before.roleOf(maker) === "admin" ? before.stays.get(maker) : undefined;
}

export function hasRoom(before: Group, asked: Asked): void {
  const { act, by, weight } = asked;
  const total = before.total + weight;
  const isLast = act.act === "leave" || (by.role === "owner" && isFewer(before, act));
  must(total <= (isLast ? LIMITS.total : LIMITS.left));
  if (!isLast) hasShare(before, asked, LIMITS.left - total);
}

function hasShare(before: Group, asked: Asked, left: number): void {
  const { act, by, weight } = asked;
  const own = before.stays.get(by.id);
  const isAdmission = act.act === "add" || act.act === "admit";
  const sponsor = isAdmission ? sponsorOf(before, asked) : before.sponsors.get(own ?? "");
  const times = act.act === "recover" || isAgainstOwn(before, asked) ? 2 : 1;
  const atMost = (stay: string | undefined, most: number): void => {
    if (stay === undefined || isOwners(before, stay)) return;
    must(before.accountOf(stay) + weight <= times * most);
  };
  const admins = LIMITS.adminTimes * left;
  if (isAdmission) atMost(sponsor, admins);
  else if (by.role === "admin") atMost(own, admins);
  else {
    atMost(own, LIMITS.memberPart * left);
    atMost(sponsor, admins);
  }
}

function isFewer(before: Group, act: Act): boolean {
  if (act.act === "role") return rank(act.role) < rank(before.roleOf(act.member));
  return ["remove", "remove-device", "rotate", "recover"].includes(act.act);
}

function isAgainstOwn(before: Group, { act, by }: Asked): boolean {
  return act.act === "remove-device" && before.holder(act.devices[0] ?? "")?.id === by.id;
}

function isOwners(before: Group, stay: string): boolean {
  return [...before.stays].some(([member, each]) => each === stay && before.roleOf(member) === "owner");
}
