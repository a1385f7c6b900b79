/**
 * Who ought to reach the provider's folder, who does, and what is to be done about it. Pure: what the log says against what
 * the provider says. Nothing here protects contents: keys do.
 */
import type { FolderAccess, FolderRight } from "../ports/store.ts";
import type { Role } from "../records/entry.ts";
import type { DeviceKey, MemberId } from "../records/shapes.ts";
import { allInvitations, openInvitations } from "./invitations.ts";
import { type GroupState, isAtLeast, type Member } from "./state.ts";

/** Somebody with an account at the provider: a member or former one, or whoever an invitation is for. */
export interface AccountHolder {
  /** The member, or the invitation. */
  readonly id: MemberId | DeviceKey;
  /** From others, so never shown unescaped. */
  readonly name: string;
  readonly account: string;
}

/** What is to be changed at the provider. */
export interface FolderActs {
  readonly grants: readonly (AccountHolder & { readonly right: HolderRight })[];
  /** Accounts of people who are out, and of nobody who is in. */
  readonly withdrawals: readonly AccountHolder[];
}

type HolderRight = Exclude<FolderRight, "owner">;

/** Viewers put nothing: they read there too. Everybody else writes records, at least. */
export function rightOf(role: Role): HolderRight {
  return isAtLeast(role, "editor") ? "write" : "read";
}

/** Whether two names are one account: providers do not tell upper case from lower. */
export function isSameAccount(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/** Whether anything of this group's folder follows from its log: somebody's account stands there. */
export function hasAccounts(state: GroupState): boolean {
  const people = [...state.members, ...state.departures.map(({ member }) => member), ...allInvitations(state)];
  return people.some(({ account }) => account !== null);
}

/**
 * What is missing at the provider. Accounts that were never a member's nor invited are left alone, and so is whoever owns
 * the folder.
 *
 * @param options.actual - As the provider lists it; not trusted to be complete or true.
 * @param options.now - This device's clock: an invitation that has expired lets nobody in.
 */
export function folderActs(
  state: GroupState,
  { actual, now }: { readonly actual: readonly FolderAccess[]; readonly now: number },
): FolderActs {
  const rightNow = (account: string) => actual.find((each) => isSameAccount(each.account, account))?.right;
  const wanted = [...membersWithAccounts(state), ...invitedWithAccounts(state, now)];
  const grants = wanted.filter(({ account, right }) => ![right, "owner"].includes(rightNow(account) ?? ""));
  const out = formerHolders(state, now).filter(({ account }) => rightNow(account) !== undefined);
  return { grants, withdrawals: out.filter((each) => !each.isInvited || rightNow(each.account) !== "owner") };
}

function membersWithAccounts(state: GroupState): (AccountHolder & { readonly right: HolderRight })[] {
  return state.members.flatMap(({ id, name, account, role }) =>
    account === null ? [] : [{ id, name, account, right: rightOf(role) }],
  );
}

/** Whoever is invited writes there, whatever their role will be: a join request is a file in the folder. */
function invitedWithAccounts(state: GroupState, now: number): (AccountHolder & { readonly right: HolderRight })[] {
  const found = new Map<string, AccountHolder & { readonly right: HolderRight }>();
  for (const { invitation, name, account, expires } of openInvitations(state)) {
    if (account === null || expires <= now || memberWith(state, account)) continue;
    found.set(account.toLowerCase(), { id: invitation, name, account, right: "write" });
  }
  return [...found.values()];
}

/** Whose accounts are nobody's any more who is in or invited; of each account once. */
function formerHolders(state: GroupState, now: number): (AccountHolder & { readonly isInvited: boolean })[] {
  const invited = allInvitations(state).map((each) => ({ ...each, id: each.invitation, isInvited: true }));
  const departed = state.departures.map(({ member }) => ({ ...member, isInvited: false }));
  const current = new Set(invitedWithAccounts(state, now).map(({ account }) => account.toLowerCase()));
  const found = new Map<string, AccountHolder & { readonly isInvited: boolean }>();
  for (const { id, name, account, isInvited } of [...invited, ...departed]) {
    if (account === null || memberWith(state, account) || current.has(account.toLowerCase())) continue;
    found.set(account.toLowerCase(), { id, name, account, isInvited });
  }
  return [...found.values()];
}

/** The member for whom an account was recorded. */
export function memberWith(state: GroupState, account: string): Member | undefined {
  return state.members.find((member) => member.account !== null && isSameAccount(member.account, account));
}

/** Whether an account is one of those that the group lets in: a member's, or one that is invited. */
export function isWanted(
  state: GroupState,
  { account, now }: { readonly account: string; readonly now: number },
): boolean {
  return (
    memberWith(state, account) !== undefined ||
    invitedWithAccounts(state, now).some((each) => isSameAccount(each.account, account))
  );
}
