/**
 * A device that came back by a recovery kit knows nothing but what the storage shows, which may be old: it reads, and signs
 * nothing, until a member's address confirms what it was shown. SPEC.md §12.
 */
import { ConclaveError } from "../../errors.ts";
import { listedDevice, liveDevices } from "../../group/state.ts";
import { readMeta, writeMeta } from "../../index/meta.ts";
import type { RecordDigest } from "../../records/shapes.ts";
import type { Session } from "../session.ts";

/**
 * The entry by which this device came back, while nobody has confirmed that they have seen it. Undefined for all other
 * devices, and where no other member has a live device who could.
 */
export function unconfirmedSince(session: Pick<Session, "view" | "index" | "deviceKey">): RecordDigest | undefined {
  const { state, log } = session.view;
  const listed = listedDevice(state, session.deviceKey);
  if (listed?.device.kind !== "device") return undefined;
  const { entry } = log.nodes.get(listed.device.since)?.verified ?? {};
  if (entry?.type !== "conclave/v1/entry" || entry.act.act !== "recover") return undefined;
  const others = state.members.filter((member) => member !== listed.member && liveDevices(member).length > 0);
  return others.length === 0 || readMeta(session.index, "confirmed") !== undefined ? undefined : listed.device.since;
}

/** @throws ConclaveError `unconfirmed` while a recovered device waits for a member's address. */
export function requireConfirmed(session: Pick<Session, "view" | "index" | "deviceKey">): void {
  if (unconfirmedSince(session) === undefined) return;
  throw new ConclaveError(
    "this device came back by a recovery kit, and nobody has confirmed what the storage shows it",
    {
      code: "unconfirmed",
    },
  ); // check: rollback
}

/**
 * Takes the newest entry of a member's address as confirmation: the member's device must have seen this one come back, on
 * the same branch. An address from before, as the kit's own page has one, may be of a storage that was put back since.
 *
 * @param entry - Of an address that a member gave by a way that the person trusts.
 * @throws ConclaveError `rollback` if the entry is none of the branch that this device sees; `unconfirmed` if it is older than what is to be
 *   confirmed.
 */
export function confirmBy(session: Pick<Session, "view" | "index" | "deviceKey">, entry: RecordDigest): void {
  const since = unconfirmedSince(session);
  if (since === undefined) return;
  const { path } = session.view.choice;
  if (!path.includes(entry)) {
    throw new ConclaveError("the storage shows another history than the one that the address is of", {
      code: "rollback",
    }); // check: rollback
  }
  if (path.indexOf(entry) < path.indexOf(since)) {
    throw new ConclaveError("the address is older than what it is to confirm", { code: "unconfirmed" }); // check: rollback
  }
  writeMeta(session.index, "confirmed", entry);
}
