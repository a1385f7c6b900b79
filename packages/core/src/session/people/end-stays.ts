/** Guests: whoever's stay has ended is removed by the first admin's device that runs after that. SPEC.md §10. */
import { mayManage } from "../../group/refusals.ts";
import type { Member } from "../../group/state.ts";
import type { Reporting } from "../news.ts";
import type { Session } from "../session.ts";
import { removeMember } from "./membership.ts";

/** Members whose stay has ended by this device's clock, and whom this person may remove. */
export function overstayed({ view, clock }: Pick<Session, "view" | "clock">): readonly Member[] {
  const { me, state, choice } = view;
  if (!me || choice.undecided) return [];
  const now = clock.now();
  return state.members.filter(
    ({ id, role, until }) => until !== null && now >= until && id !== me.id && mayManage(me.role, role),
  );
}

/** Removes them, one new epoch each. Their contents are re-encrypted with the next re-encryption. */
export async function endStays(
  session: Session,
  options: Reporting & { readonly signal?: AbortSignal },
): Promise<void> {
  const { onNews, signal } = options;
  for (let [member] = overstayed(session); member; [member] = overstayed(session)) {
    await removeMember(session, { member, contents: "on-change", ...(signal ? { signal } : {}) });
    onNews?.({ kind: "removed", name: member.name, card: member.id, why: "until" });
  }
}
