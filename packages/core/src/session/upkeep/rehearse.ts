/** A removal in rehearsal: what it would move and cut, from the index alone. Nothing is changed. */
import { newEpochIdentity } from "../../age/epoch-identity.ts";
import { draftRemove } from "../../group/draft.ts";
import { cutTargets } from "../../group/refusals.ts";
import type { Member } from "../../group/state.ts";
import { cutHeads } from "../../history/cut-heads.ts";
import { writerHeads } from "../../history/frontier.ts";
import { CUT_MAX } from "../../records/entry.ts";
import type { DeviceKey } from "../../records/shapes.ts";
import type { Session } from "../session.ts";
import type { Amount } from "./reencrypt.ts";

/** The newest record of a writer that would still count. */
export interface RehearsedCut {
  readonly device: DeviceKey;
  readonly number: number;
}

export interface Rehearsal {
  /** Devices and kits that would lose the group. */
  readonly devices: number;
  /** What would be sealed anew. */
  readonly contents: Amount;
  /** Calls to the storage, about. */
  readonly requests: number;
  /** Whose records would end where; what this device has not read would not count. */
  readonly cut: readonly RehearsedCut[];
}

/** Files of records in the current epoch are bundled anew, so many go into one. */
const RECORDS_FILES_PER_BUNDLE = 64;

/**
 * What `removeMember` and `reencrypt` would do now.
 *
 * @throws ConclaveError as `removeMember`: `role-too-low`, `last-owner`.
 */
export async function rehearseRemoval(session: Session, options: { readonly member: Member }): Promise<Rehearsal> {
  const { member } = options;
  const { index, view, deviceKey } = session;
  const { recipient } = await newEpochIdentity(view.state.suite);
  const act = { member: member.id, cut: [], recipient, contents: "now", owed: null } as const;
  draftRemove(view.state, { ...act, device: deviceKey });
  const keys = cutTargets(view.state, { act: "remove", ...act }, deviceKey);
  const contents = amountHeld(session);
  const records = index.get<{ n: number }>("SELECT count(*) AS n FROM files WHERE kind = 'records' AND state = 'read'");
  const files = records?.n ?? 0;
  return {
    devices: member.devices.length,
    contents,
    // Objects are read, put and deleted; of the rest: recipient, grant, entry, notice, bundles, listing, receipt.
    requests: 3 * contents.objects + Math.ceil(files / RECORDS_FILES_PER_BUNDLE) + files + 6,
    cut: cutHeads(index, writerHeads(index, keys), CUT_MAX).map(({ device, number }) => ({ device, number })),
  };
}

/** All objects that records place somewhere and nobody has deleted. */
function amountHeld({ index }: Session): Amount {
  const row = index.get<{ objects: number; bytes: number | null }>(
    `SELECT count(*) AS objects, sum(length) AS bytes FROM
     (SELECT max(length) AS length FROM locations WHERE gone = 0 GROUP BY epoch, object)`,
  );
  return { objects: row?.objects ?? 0, bytes: row?.bytes ?? 0 };
}
