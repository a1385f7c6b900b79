import type { Session } from "../session.ts";

/** Whether nothing of a group that was just founded has reached its storage: then it is nowhere but here. */
export function isNothingPut(session: Pick<Session, "index">): boolean {
  // The recipient of the first epoch goes first.
  return (
    session.index.get("SELECT 1 FROM outbox WHERE kind = 'recipient' AND epoch = (SELECT epoch FROM identities)") !==
    undefined
  );
}

/** Whether a founding was broken off: what says to everybody that a group lies there is still to be put. */
export function isFoundingUnfinished(session: Pick<Session, "index">): boolean {
  return session.index.get("SELECT 1 FROM outbox WHERE kind = 'plain'") !== undefined;
}
