/**
 * Records that have not arrived, and that somebody else than their author has seen: signed words prove that they were there.
 * SPEC.md §12.
 *
 * What its author alone names may never have been; and of what nobody names nothing can be known, whether the storage hides it
 * or shows other bytes in its place.
 */
import { ConclaveError } from "../../errors.ts";
import { memberOfDevice } from "../../group/state.ts";
import { type AwaitedRecord, awaited } from "../../history/awaited.ts";
import { vouchers } from "../../history/vouchers.ts";
import type { DeviceKey } from "../../records/shapes.ts";
import { memberNames } from "../people/member-names.ts";
import type { Session } from "../session.ts";
import { overdue } from "./lacking.ts";

/** Awaited records that a member vouches for who has not written them: of one whose author is unknown, two members. */
export function vouchedRecords(session: Session): AwaitedRecord[] {
  const records = awaited(session.index);
  if (records.length === 0) return [];
  const memberOf = (device: DeviceKey) => memberOfDevice(session.view.state, device)?.id;
  const people = vouchers(session.index, memberOf);
  return records.filter(({ digest, device }) => {
    const members = [...(people.get(digest) ?? [])];
    return device === null ? members.length > 1 : members.some((id) => id !== memberOf(device));
  });
}

/** Those that should be here by now. */
export function missingRecords(session: Session): AwaitedRecord[] {
  const long = new Set(overdue(session).flatMap(({ kind, what }) => (kind === "vouched" ? [what] : [])));
  return vouchedRecords(session).filter(({ digest }) => long.has(digest));
}

/** What an awaited record is called, for a person. */
export function describeAwaited(session: Session, { digest, device, number, claimedBy }: AwaitedRecord): string {
  const nameOf = memberNames(session.view.state);
  const name = (key: DeviceKey | null) => (key && nameOf(key)) ?? "somebody";
  const what = device ? `${name(device)}'s record ${number}` : `record ${digest.slice(0, 16)}`;
  return `${what} has not arrived; named by ${claimedBy.map(name).join(", ")}`;
}

/** Why what is shown is not all that there is; undefined while nothing proves that. */
export function whyIncomplete(session: Session): ConclaveError | undefined {
  const missing = missingRecords(session);
  const [first] = missing;
  if (!first) return undefined;
  const more = missing.length > 1 ? `, and ${missing.length - 1} more` : "";
  return new ConclaveError(`something is missing on the storage: ${describeAwaited(session, first)}${more}`, {
    code: "missing",
  }); // check: rollback
}
