/**
 * Who ought to reach the provider's folder, who does, and what is to be done about it. Pure: what the log says against what
 * the provider says. Nothing here protects contents: keys do.
 */
import type { FolderAccess, FolderRight } from "../ports/store.ts";
import type { Role } from "../records/entry.ts";
import { type GroupState, isAtLeast, type Member } from "./state.ts";

/** What is to be changed at the provider. */
export interface FolderActs {
  readonly grants: readonly { readonly member: Member; readonly account: string; readonly right: MemberRight }[];
  /** Accounts of people who are out, and of nobody who is in. */
  readonly withdrawals: readonly { readonly member: Member; readonly account: string }[];
}

type MemberRight = Exclude<FolderRight, "owner">;

/** Viewers put nothing: they read there too. Everybody else writes records, at least. */
export function rightOf(role: Role): MemberRight {
  return isAtLeast(role, "editor") ? "write" : "read";
}

/** Whether two names are one account: providers do not tell upper case from lower. */
export function isSameAccount(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/** Whether anything of this group's folder follows from its log: somebody's account stands there. */
export function hasAccounts(state: GroupState): boolean {
  return [...state.members, ...state.departures.map(({ member }) => member)].some(({ account }) => account !== null);
}

/**
 * What is missing at the provider. Accounts that were never a member's are left alone, and so is whoever owns the folder.
 *
 * @param actual - As the provider lists it; not trusted to be complete or true.
 */
export function folderActs(state: GroupState, actual: readonly FolderAccess[]): FolderActs {
  const rightNow = (account: string) => actual.find((each) => isSameAccount(each.account, account))?.right;
  const grants = state.members.flatMap((member) => {
    if (member.account === null) return [];
    const [right, now] = [rightOf(member.role), rightNow(member.account)];
    return now === right || now === "owner" ? [] : [{ member, account: member.account, right }];
  });
  return { grants, withdrawals: formerAccounts(state).filter(({ account }) => rightNow(account) !== undefined) };
}

/** Accounts of people who are out; of each account once. */
function formerAccounts(state: GroupState): { readonly member: Member; readonly account: string }[] {
  const found = new Map<string, { member: Member; account: string }>();
  for (const { member } of state.departures) {
    const { account } = member;
    if (account === null || memberWith(state, account)) continue;
    found.set(account.toLowerCase(), { member, account });
  }
  return [...found.values()];
}

/** The member for whom an account was recorded. */
export function memberWith(state: GroupState, account: string): Member | undefined {
  return state.members.find((member) => member.account !== null && isSameAccount(member.account, account));
}
