/** What was lost with a branch and is no removal: its author's device signs it again where the group went on. SPEC.md §6. */
import { type LostAct, lostActs } from "../../group/owed.ts";
import { isAtLeast, memberById } from "../../group/state.ts";
import type { Session } from "../session.ts";
import { admitDevice, replaceKit } from "./devices.ts";
import { changeRole, publishAdmission, publishEntry, rotate } from "./membership.ts";
import { owedNow } from "./owed-removals.ts";

interface SignalOption {
  readonly signal?: AbortSignal;
}

/** Most acts of one catching up: each is signed on top of the one before. */
const ACTS_MAX = 256;

/**
 * Signs this person's lost acts again, oldest first, as long as nothing since decides otherwise. Where somebody who was let
 * in on a lost branch alone holds the current key and cannot be let in again, an admin's device starts a new epoch.
 */
export async function signLostActs(session: Session, options: SignalOption = {}): Promise<void> {
  for (let count = 0; count < ACTS_MAX; count++) {
    const { log, choice, me } = session.view;
    if (choice.forks.length === 0 || choice.undecided || !me || owedNow(session).length > 0) return;
    const lost = lostActs(log, choice);
    const own = lost.find(({ again, author }) => again && author === me.id);
    if (own) await signAgain(session, { lost: own, ...options });
    else if (lost.some(({ owesRotation }) => owesRotation) && isAtLeast(me.role, "admin")) {
      await rotate(session, { contents: "on-change", ...options });
    } else return;
  }
}

async function signAgain(session: Session, options: SignalOption & { readonly lost: LostAct }): Promise<void> {
  const { lost, ...call } = options;
  const { act } = lost;
  if (act.act === "rotate") {
    await rotate(session, { contents: act.contents, ...call });
  } else if (act.act === "role") {
    const member = memberById(session.view.state, act.member);
    if (member) await changeRole(session, { member, role: act.role, ...call });
  } else if (act.act === "admit-device" || act.act === "kit") {
    const [brought] = session.view.log.nodes.get(lost.entry)?.verified.devices ?? [];
    if (!brought) throw new Error("a lost act without its device card");
    if (act.act === "kit") await replaceKit(session, { kit: brought, contents: act.contents, ...call });
    else await admitDevice(session, { admitted: brought, ...call });
  } else if (act.act === "add" || act.act === "admit") {
    const card = session.view.log.nodes.get(lost.entry)?.verified.card;
    if (!card) throw new Error("a lost addition without a card");
    await publishAdmission(session, act, { card, ...call });
  } else {
    await publishEntry(session, act, call);
  }
}
