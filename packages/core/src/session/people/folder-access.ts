/**
 * The provider's folder follows the log: members are let in, whoever is out is shut out. Nothing that was to be done is
 * noted down: it follows from the log and from what the provider lists, so whoever may do it finishes it at any time.
 */
import { ConclaveError } from "../../errors.ts";
import {
  type AccountHolder,
  folderActs,
  hasAccounts,
  isSameAccount,
  isWanted,
  memberWith,
} from "../../group/folder-rights.ts";
import { isAtLeast } from "../../group/state.ts";
import { readMeta, writeMeta } from "../../index/meta.ts";
import { type FolderAccess, type FolderSharing, StoreError } from "../../ports/store.ts";
import { isDecided } from "../reading/decided.ts";
import type { Session } from "../session.ts";

interface SignalOption {
  readonly signal?: AbortSignal;
}

/** Half of a change that the provider has not made. */
export interface AccessGap {
  readonly act: "grant" | "withdraw";
  readonly account: string;
  /** The person's name; from others, so never shown unescaped. */
  readonly name: string;
  /** The member, or the invitation. */
  readonly holder: string;
  /** Why not, for a person. */
  readonly why: string;
}

/** What was done at the provider, and what could not be. */
export interface AccessChanges {
  readonly granted: readonly string[];
  readonly withdrawn: readonly string[];
  readonly gaps: readonly AccessGap[];
}

/** What was known of the folder when it was last compared with the log. */
interface Known {
  readonly head: string;
  readonly at: number;
  readonly gaps: readonly AccessGap[];
}

/** How long a folder that fits the log is believed to go on doing so, in milliseconds: its owner may share it by hand. */
const BELIEVED_MS = 60 * 60_000;

const NOTHING: AccessChanges = { granted: [], withdrawn: [], gaps: [] };

/**
 * Brings the provider's folder in step with the log, as far as this account may.
 *
 * What the provider refuses, or cannot do now, is a gap and no error: the group's own lock is the key, and it holds already.
 */
export async function settleFolderAccess(session: Session, options: SignalOption = {}): Promise<AccessChanges> {
  const { sharing } = session.store;
  if (!sharing || !mayTend(session) || !hasAccounts(session.view.state)) return NOTHING;
  const changes = await change(session, sharing, options);
  const known: Known = { head: session.view.state.head, at: session.clock.now(), gaps: changes.gaps };
  writeMeta(session.index, "access", JSON.stringify(known));
  return changes;
}

/** As {@link settleFolderAccess}, in passing: only where something is to be done, or may have come to be. */
export async function tendFolderAccess(session: Session, options: SignalOption = {}): Promise<void> {
  const known = knownAccess(session);
  const isKnown = known?.head === session.view.state.head && known.gaps.length === 0;
  const age = session.clock.now() - (known?.at ?? 0);
  if (isKnown && age >= 0 && age < BELIEVED_MS) return;
  await settleFolderAccess(session, options);
}

/** What the provider had not done when this device last looked. */
export function accessGaps(session: Session): readonly AccessGap[] {
  const known = knownAccess(session);
  return known?.head === session.view.state.head ? known.gaps : [];
}

/** Who reaches the folder, beside who is in; undefined where the storage knows no people, or does not say. */
export async function folderReach(
  session: Session,
  options: SignalOption = {},
): Promise<{ readonly actual: readonly FolderAccess[]; readonly strangers: readonly FolderAccess[] } | undefined> {
  const { sharing } = session.store;
  if (!sharing) return undefined;
  try {
    const actual = await sharing.list(options);
    const own = await sharing.account(options);
    const now = session.clock.now();
    const strangers = actual.filter(
      ({ account, right }) =>
        right !== "owner" && !isWanted(session.view.state, { account, now }) && !isSameAccount(account, own),
    );
    return { actual, strangers };
  } catch (error) {
    // Whoever may only read may not see with whom the folder is shared.
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

/**
 * Two people with one account cannot be told apart by the provider: shutting one out shuts out both.
 *
 * @throws ConclaveError `account-taken`.
 */
export async function requireFreeAccount(
  session: Session,
  options: SignalOption & { readonly account: string; readonly member: string },
): Promise<void> {
  const { account, member, ...rest } = options;
  const holder = memberWith(session.view.state, account);
  if (holder && holder.id !== member) throw taken(account, holder.name);
  const own = await session.store.sharing?.account(rest);
  if (own !== undefined && isSameAccount(own, account)) throw taken(account, "you");
}

function taken(account: string, by: string): ConclaveError {
  return new ConclaveError(`the account ${account} is in this group already, with ${by}`, { code: "account-taken" });
}

function mayTend(session: Session): boolean {
  const { me } = session.view;
  return me !== undefined && isAtLeast(me.role, "admin") && isDecided(session);
}

function knownAccess(session: Session): Known | undefined {
  const text = readMeta<string>(session.index, "access");
  return text === undefined ? undefined : (JSON.parse(text) as Known);
}

async function change(session: Session, sharing: FolderSharing, options: SignalOption): Promise<AccessChanges> {
  const [granted, withdrawn, gaps] = [[] as string[], [] as string[], [] as AccessGap[]];
  const { state } = session.view;
  const attempt = async (
    act: AccessGap["act"],
    { id, name, account }: AccountHolder,
    work: () => Promise<string | undefined>,
  ): Promise<void> => {
    const why = await refusalOf(work);
    if (why === undefined) (act === "grant" ? granted : withdrawn).push(account);
    else gaps.push({ act, account, name, holder: id, why });
  };
  let actual: readonly FolderAccess[] = [];
  const unlisted = await refusalOf(async () => {
    actual = await sharing.list(options);
    return undefined;
  });
  if (unlisted !== undefined) return { granted, withdrawn, gaps: unknownGaps(session, unlisted) };
  const { grants, withdrawals } = folderActs(state, { actual, now: session.clock.now() });
  // One after another: Drive does not support several changes of one folder's permissions at once.
  for (const each of withdrawals) await attempt("withdraw", each, () => withdraw(sharing, each.account, options));
  for (const each of grants) {
    await attempt("grant", each, async () => {
      await sharing.grant(each.account, each.right, options);
      return undefined;
    });
  }
  return { granted, withdrawn, gaps };
}

/** Never the account that this device itself works with: somebody who is out had the same one. */
async function withdraw(sharing: FolderSharing, account: string, options: SignalOption): Promise<string | undefined> {
  if (isSameAccount(await sharing.account(options), account)) return "it is the account that you use yourself";
  const result = await sharing.withdraw(account, options);
  return result === "refused" ? "it owns the folder, or your account may not share it" : undefined;
}

/** Nothing is known of the folder: whoever went last may still be in it. */
function unknownGaps({ view: { state } }: Session, why: string): AccessGap[] {
  const member = state.departures.at(-1)?.member;
  if (!member?.account || memberWith(state, member.account)) return [];
  return [{ act: "withdraw", account: member.account, name: member.name, holder: member.id, why }];
}

/** Why something was not done, for a person; undefined if it was. */
async function refusalOf(work: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return error.message;
  }
}
