/** Acts of a member's devices on each other, and on the member's recovery kit. SPEC.md §6. */
import { draftAdmitDevice, draftKit, draftRemoveDevice } from "../../group/draft.ts";
import type { SignedDeviceCard } from "../../identity/device-card.ts";
import type { ContentsMode } from "../../records/entry.ts";
import type { DeviceKey, RecordDigest } from "../../records/shapes.ts";
import type { Session } from "../session.ts";
import { grantTo, type NewEpoch, publishEntry, startEpoch } from "./membership.ts";

interface SignalOption {
  readonly signal?: AbortSignal;
}

/** Admits a further device of this device's own member: one entry, and one grant to it. */
export async function admitDevice(
  session: Session,
  options: SignalOption & { readonly admitted: SignedDeviceCard },
): Promise<void> {
  const { admitted, signal } = options;
  const act = draftAdmitDevice(session.view.state, { device: session.deviceKey, admitted });
  const after = grantTo(session, admitted.card.keys.verifyingKey);
  await publishEntry(session, act, { ...(signal ? { signal } : {}), after });
}

/** Removes devices of one member, who stays, and starts a new epoch, as a removal does. */
export async function removeDevices(
  session: Session,
  options: SignalOption & {
    readonly devices: readonly DeviceKey[];
    readonly contents: ContentsMode;
    /** The removal on a lost branch that this one signs again. */
    readonly owed?: RecordDigest;
  },
): Promise<NewEpoch> {
  const { devices, contents, owed = null } = options;
  return startEpoch(session, options, (state, given) =>
    draftRemoveDevice(state, { ...given, devices, contents, owed }),
  );
}

/** Lists a new kit in place of this member's old one, which from then on opens nothing new, and starts a new epoch. */
export async function replaceKit(
  session: Session,
  options: SignalOption & { readonly kit: SignedDeviceCard; readonly contents: ContentsMode },
): Promise<NewEpoch> {
  const { kit, contents } = options;
  return startEpoch(session, options, (state, given) => draftKit(state, { ...given, kit, contents }));
}
