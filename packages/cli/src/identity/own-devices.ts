/** This person's devices, gathered from all of their groups. */
import { judgedChanges, liveDevices, type Member, type MemberDevice, type Session } from "@conclave/core";

/** One device, with where it is listed. */
export interface OwnDevice {
  readonly name: string;
  /** Its verifying key, in hexadecimal. */
  readonly key: string;
  readonly groups: readonly string[];
  /** Claimed times, milliseconds since 1970. */
  readonly since: number;
  readonly seen: number;
  readonly isThis: boolean;
}

/** Adds one group's devices to those of other groups. */
export function gatherDevices(
  known: Map<string, OwnDevice>,
  { session, member, group }: { readonly session: Session; readonly member: Member; readonly group: string },
): void {
  for (const device of liveDevices(member)) {
    const before = known.get(device.verifyingKey);
    known.set(device.verifyingKey, {
      name: device.label,
      key: device.verifyingKey,
      groups: [...(before?.groups ?? []), group],
      since: Math.min(before?.since ?? Number.MAX_SAFE_INTEGER, device.sinceTime),
      seen: Math.max(before?.seen ?? 0, lastSeen(session, device)),
      isThis: device.verifyingKey === session.deviceKey,
    });
  }
}

/** The newest time that the device has put on anything that it signed. */
function lastSeen(session: Session, device: MemberDevice): number {
  let seen = device.sinceTime;
  for (const { verified } of session.view.log.nodes.values()) {
    if (verified.entry.device === device.verifyingKey) seen = Math.max(seen, verified.entry.time);
  }
  for (const { record } of judgedChanges(session)) {
    if (record.device === device.verifyingKey) seen = Math.max(seen, record.time);
  }
  return seen;
}

/** What of a verifying key is shown, and is enough to mean it. */
export const KEY_DIGITS = 16;
/** Fewer digits of a key are met by chance. */
const PREFIX_LENGTH_MIN = 8;

/** The devices that somebody means: by name, or by the beginning of their keys. */
export function devicesCalled<Device extends { readonly name: string; readonly key: string }>(
  devices: readonly Device[],
  typed: string,
): Device[] {
  const plain = plainKey(typed);
  const byKey = devices.filter(({ key }) => plain.length >= PREFIX_LENGTH_MIN && key.startsWith(plain));
  return byKey.length > 0 ? byKey : devices.filter(({ name }) => name === typed);
}

/** Digits of a key as somebody typed them, without what parts them. */
export function plainKey(typed: string): string {
  return typed.replaceAll(/[\s-]/g, "").toLowerCase();
}
