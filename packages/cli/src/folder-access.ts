/** The provider's half of admitting and removing, as commands tell of it. */
import { isSameAccount, type Member, type Session, settleFolderAccess } from "@conclave/core";
import type { Context } from "./context.ts";

/** `none`: the storage knows no people, or no account is known of this person. */
export type GrantedAccess = "granted" | "none" | "failed";
export type WithdrawnAccess = "withdrawn" | "none" | "failed";

/** Lets a new member, or whoever is invited, into the provider's folder. */
export async function letIn(
  context: Context,
  { session, account }: { readonly session: Session; readonly account: string | undefined },
): Promise<GrantedAccess> {
  if (account === undefined) return "none";
  if (!session.store.sharing) {
    context.warn("this storage cannot share its folder by itself: share it with them there");
    return "none";
  }
  const { gaps } = await settleFolderAccess(session, { signal: context.signal });
  const gap = gaps.find((each) => isSameAccount(each.account, account));
  if (!gap) return "granted";
  context.warn(
    `the folder could not be shared with ${account} (${gap.why}); each later command of an admin tries again`,
  );
  return "failed";
}

/** Shuts somebody from the provider's folder who is out, or not invited any more. */
export async function shutOut(
  context: Context,
  { session, holder }: { readonly session: Session; readonly holder: Pick<Member, "id" | "name" | "account"> },
): Promise<WithdrawnAccess> {
  const { id, account, name } = holder;
  if (account === null || !session.store.sharing) {
    context.note(`${name} may still reach the folder itself: withdraw their access to it at the provider`);
    return "none";
  }
  const { gaps } = await settleFolderAccess(session, { signal: context.signal });
  const gap = gaps.find((each) => each.holder === id || isSameAccount(each.account, account));
  if (!gap) return "withdrawn";
  context.warn(
    `${account} still reaches the folder itself (${gap.why}); each later command of an admin tries again, and "conclave status" says so until then`,
  );
  return "failed";
}
