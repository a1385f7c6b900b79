/** What devices have said of the log, and whose words these are: what the choice of branch goes by. SPEC.md §6. */
import type { Entry } from "../records/entry.ts";
import type { DeviceKey, MemberId, RecordDigest } from "../records/shapes.ts";
import type { Log } from "./log.ts";
import { type GroupState, listedDevice, memberOfDevice } from "./state.ts";

/** A device, and an entry that it has named as the newest it knew. */
export interface Word {
  readonly device: DeviceKey;
  readonly entry: RecordDigest;
}

/** A word that counts, and whose it is. */
export interface CountingWord {
  readonly member: MemberId;
  readonly entry: RecordDigest;
  /** Whether no device has said it but disowned ones. */
  readonly isDisowned: boolean;
}

/** Words whose device was listed where it spoke, once each; the parents of entries are words as well. */
export function countingWords(log: Log, said: Iterable<Word>): readonly CountingWord[] {
  const counting = new Map<string, CountingWord>();
  const disowned = disownedDevices(log);
  const take = ({ device, entry }: Word): void => {
    const state = log.nodes.get(entry)?.state;
    const member = state ? memberOfDevice(state, device) : undefined; // check: role
    if (!member) return;
    const key = `${member.id} ${entry}`;
    const isDisowned = disowned.has(device) && counting.get(key)?.isDisowned !== false; // check: role
    counting.set(key, { member: member.id, entry, isDisowned });
  };
  for (const word of said) take(word);
  for (const { verified, parent } of log.nodes.values()) {
    if (parent !== null) take({ device: verified.entry.device, entry: parent });
  }
  return [...counting.values()];
}

/**
 * Devices and kits that another device of the same person has taken off the list, on whatever branch, and whatever these
 * have listed elsewhere: a thief's words are not the person's. What others removed still speaks for the past, else an admin
 * could silence voices.
 */
export function disownedDevices(log: Log): ReadonlySet<DeviceKey> {
  const disowned = new Set<DeviceKey>();
  for (const { verified, parent } of log.nodes.values()) {
    const before = parent === null ? undefined : log.nodes.get(parent)?.state;
    if (!before || verified.entry.type !== "conclave/v1/entry") continue;
    const author = memberOfDevice(before, verified.entry.device);
    if (!author) continue; // A kit at work: its one entry disowns nothing.
    for (const key of keysTakenOff(before, verified.entry)) {
      if (listedDevice(before, key)?.member === author) disowned.add(key); // check: role
    }
  }
  return withListed(log, disowned);
}

/** The same with all that they have listed, and what that has listed in turn. */
function withListed(log: Log, devices: Set<DeviceKey>): ReadonlySet<DeviceKey> {
  const listings = [...log.nodes.values()].flatMap(({ verified }) =>
    verified.devices.map(({ card }) => ({ by: verified.entry.device, key: card.keys.verifyingKey })),
  );
  for (let before = -1; before < devices.size; ) {
    before = devices.size;
    for (const { by, key } of listings) if (devices.has(by)) devices.add(key); // check: role
  }
  return devices;
}

/** What an entry takes off the list of a member who stays: devices, or the kit that a new one replaces. */
export function keysTakenOff(before: GroupState, { act, device }: Entry): readonly DeviceKey[] {
  if (act.act === "remove-device") return act.devices;
  if (act.act !== "kit" && act.act !== "recover") return [];
  const devices = listedDevice(before, device)?.member.devices ?? [];
  return devices.filter(({ kind }) => kind === "kit").map(({ verifyingKey }) => verifyingKey);
}
