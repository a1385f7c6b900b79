/** Blows: entries that take a role away from somebody, or a device. They are what the branches of a fork do to each other. */
import { type Act, ROLES } from "../records/entry.ts";
import type { DeviceKey, MemberId, RecordDigest } from "../records/shapes.ts";
import type { Log } from "./log.ts";
import { listedDevice, memberById } from "./state.ts";
import { keysTakenOff } from "./words.ts";

/** An entry that removes or demotes somebody, or removes some devices of somebody who stays. */
export interface Blow {
  readonly entry: RecordDigest;
  readonly author: MemberId;
  /** Of devices: undefined. */
  readonly target?: MemberId;
  readonly devices?: readonly DeviceKey[];
  readonly removes: boolean;
}

/** All blows of a log. */
export function blowsOf(log: Log): readonly Blow[] {
  const blows: Blow[] = [];
  for (const { verified, digest, parent } of log.nodes.values()) {
    const before = parent === null ? undefined : log.nodes.get(parent)?.state;
    if (!before || verified.entry.type !== "conclave/v1/entry") continue;
    const author = listedDevice(before, verified.entry.device)?.member.id ?? "";
    const { act } = verified.entry;
    if (act.act === "remove") blows.push({ entry: digest, author, target: act.member, removes: true });
    const devices = keysTakenOff(before, verified.entry);
    if (devices.length > 0) blows.push({ entry: digest, author, devices, removes: true });
    if (act.act === "role" && isDemotion(act, memberById(before, act.member)?.role)) {
      blows.push({ entry: digest, author, target: act.member, removes: false });
    }
  }
  return blows;
}

function isDemotion(act: Extract<Act, { act: "role" }>, before: (typeof ROLES)[number] | undefined): boolean {
  return before !== undefined && ROLES.indexOf(act.role) < ROLES.indexOf(before);
}
