import type { Session } from "../session.ts";

/** Whether old objects may be deleted: what was put is known to have left this machine, and everybody can have seen it. */
export function isSettled(session: Session, saidSettled = false): boolean {
  if (saidSettled) return true;
  const { state, current } = session.view;
  if (!state.settled && !session.store.traits.settled) return false;
  const lagSeconds = state.lagSeconds ?? (state.settled ? 0 : session.store.traits.lagSeconds);
  const seen = session.index.get<{ seen: number }>("SELECT seen FROM epochs WHERE epoch = ?", current.epoch)?.seen;
  return lagSeconds === 0 || (seen !== undefined && session.clock.now() - seen >= lagSeconds * 1000);
}
