/**
 * Several processes of one home share an index. What one of them has taken in of the log, a new epoch above all, binds the
 * others from then on: nothing is sealed to a key that this device has seen end. SPEC.md §12.
 */
import { ConclaveError } from "../../errors.ts";
import { countEntries } from "../../index/log-store.ts";
import type { EpochId, RecordDigest } from "../../records/shapes.ts";
import type { Session } from "../session.ts";
import { takeView } from "./refresh.ts";

/** Whether another process has taken in entries that this session has not looked at. */
export function isBehind({ index, view }: Session): boolean {
  return countEntries(index) !== view.entries; // check: epoch
}

/** Looks at what another process has taken in, if anything. */
export function keepAbreast(session: Session): void {
  if (isBehind(session)) takeView(session);
}

/** @throws ConclaveError `overtaken` if another process has taken in that the epoch is over. */
export function requireStill(session: Session, epoch: EpochId): void {
  keepAbreast(session);
  if (session.view.current.epoch !== epoch) throw overtaken("the group's key has changed"); // check: epoch
}

/** @throws ConclaveError `overtaken` if another process has taken in what makes this entry the newest no more. */
export function requireHead({ view }: Session, head: RecordDigest): void {
  if (view.state.head !== head) throw overtaken("the group has changed"); // check: link
}

function overtaken(what: string): ConclaveError {
  return new ConclaveError(`${what} meanwhile, by what another conclave on this machine did or saw`, {
    code: "overtaken",
  });
}
