/**
 * Who is in the group, as of one entry of its log. Plain data: the fold makes a new state for each entry, and nothing in
 * a state ever changes. SPEC.md §6.
 */
import type { SignedCard } from "../identity/card.ts";
import type { Card, PublicKeys } from "../records/card.ts";
import { type Cut, ROLES, type Role, type Suite } from "../records/entry.ts";
import type { DeviceKey, EpochId, MemberId, RecordDigest } from "../records/shapes.ts";
import type { Growing } from "./growing.ts";
import type { Invitation } from "./invitation-state.ts";

/** One installation, or a recovery kit: everything public about it. */
export interface MemberDevice extends PublicKeys {
  readonly kind: "device" | "kit";
  /** The entry that lists it. */
  readonly since: RecordDigest;
  /** Claimed time of that entry. */
  readonly sinceTime: number;
  /** The device of the same member that admitted it; null for those that came with the member's card. */
  readonly admittedBy: DeviceKey | null;
}

/** A device or kit that was taken from the list while its member stayed. Its keys are never listed again. */
export interface RetiredDevice {
  readonly member: MemberId;
  readonly device: MemberDevice;
  /** The entry that says so. */
  readonly entry: RecordDigest;
  /** Who signed it. */
  readonly by: MemberId;
  /** Claimed time of the entry. */
  readonly time: number;
}

/** A person in the group. */
export interface Member {
  readonly id: MemberId;
  /** As its card says; from others, so never shown unescaped, and not unique. */
  readonly name: string;
  readonly role: Role;
  readonly devices: readonly MemberDevice[];
  /** The account that the provider's folder is shared with, if any. */
  readonly account: string | null;
  /** The entry that admitted this person, the last time. */
  readonly since: RecordDigest;
  /** Claimed time of that entry. */
  readonly sinceTime: number;
  readonly admitted: SignedCard;
  /** When this person's stay ends, milliseconds since 1970; null for who stays. */
  readonly until: number | null;
  /** The stay, by its `since`, of the admin who let this person in; null where an owner did, or has made them an admin. */
  readonly sponsor: RecordDigest | null;
  /** What the entry that admitted this person and all that they have signed since weigh. */
  readonly weight: number;
}

/** How somebody went. A person who was admitted again and went again has two of these. */
export interface Departure {
  readonly member: Member;
  readonly how: "removed" | "left";
  /** The entry that says so. */
  readonly entry: RecordDigest;
  /** Who signed it: the member itself if it left. */
  readonly by: MemberId;
  /** Claimed time of the entry. */
  readonly time: number;
  /** What counts of the member's records; null after a leave that no rotation has followed yet. */
  readonly cut: Cut | null;
}

/** An epoch that an entry names. */
export interface Epoch {
  readonly epoch: EpochId;
  readonly recipient: string;
  readonly entry: RecordDigest;
  readonly author: DeviceKey;
}

/** A key or recipient that was listed once, and whose it was. */
export interface KeyEver {
  readonly key: string;
  readonly member: MemberId;
}

/** The group at one entry. */
export interface GroupState {
  readonly group: RecordDigest;
  readonly suite: Suite;
  readonly settled: boolean;
  readonly lagSeconds: number | null;
  /** The entry that this is the state at. */
  readonly head: RecordDigest;
  /** How many entries lie before it. */
  readonly height: number;
  /** What the entries up to this one weigh. */
  readonly weight: number;
  /** In the order in which they came. */
  readonly members: readonly Member[];
  /** Oldest first. */
  readonly departures: readonly Departure[];
  /** Oldest first. */
  readonly retired: readonly RetiredDevice[];
  /** All that were ever listed, oldest first; those of who came back twice. */
  readonly keysEver: Growing<KeyEver>;
  /** Oldest first; the last one is current. */
  readonly epochs: Growing<Epoch>;
  /** Leaves that no rotation has followed: whoever left still holds the current epoch. */
  readonly owedRotation: readonly RecordDigest[];
  /** Those that are open, oldest first. */
  readonly invitations: readonly Invitation[];
  /** Those that have ended, in that order. */
  readonly endedInvitations: Growing<Invitation>;
}

/** A device and whose it is. */
export interface ListedDevice {
  readonly member: Member;
  readonly device: MemberDevice;
}

const deviceIndexes = new WeakMap<GroupState, ReadonlyMap<DeviceKey, ListedDevice>>();

function deviceIndex(state: GroupState): ReadonlyMap<DeviceKey, ListedDevice> {
  let index = deviceIndexes.get(state);
  if (!index) {
    index = new Map(listedDevices(state).map((listed) => [listed.device.verifyingKey, listed]));
    deviceIndexes.set(state, index);
  }
  return index;
}

/** Every device and kit of every member, in the order in which they came. */
export function listedDevices(state: GroupState): ListedDevice[] {
  return state.members.flatMap((member) => member.devices.map((device) => ({ member, device })));
}

/** The listed device or kit with that verifying key. */
export function listedDevice(state: GroupState, key: DeviceKey): ListedDevice | undefined {
  return deviceIndex(state).get(key);
}

/** The member whose listed *device* has that key: a kit's key signs nothing that counts. */
export function memberOfDevice(state: GroupState, key: DeviceKey): Member | undefined {
  const listed = listedDevice(state, key);
  return listed?.device.kind === "device" ? listed.member : undefined;
}

/** The member of that id, if it is in the group now. */
export function memberById(state: GroupState, id: MemberId): Member | undefined {
  return state.members.find((member) => member.id === id);
}

/** How that person went the last time; undefined for members and for people who never were any. */
export function departureOf(state: GroupState, id: MemberId): Departure | undefined {
  if (memberById(state, id)) return undefined;
  return state.departures.findLast((departure) => departure.member.id === id);
}

/** People who are out, each with the last time that they went. */
export function formerMembers(state: GroupState): Departure[] {
  const last = new Map(state.departures.map((departure) => [departure.member.id, departure]));
  return [...last.values()].filter((departure) => !memberById(state, departure.member.id));
}

/** The epoch that everything new is sealed to. */
export function currentEpoch(state: GroupState): Epoch {
  const epoch = state.epochs.at(-1);
  if (!epoch) throw new Error("a group without an epoch"); // The first entry names one.
  return epoch;
}

/** Whether `role` includes what `wanted` may do. */
export function isAtLeast(role: Role, wanted: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}

/** The live devices of a member: a kit is none. */
export function liveDevices(member: Member): readonly MemberDevice[] {
  return member.devices.filter(({ kind }) => kind === "device");
}

/** Every device that these people have or ever had, kits too. */
export function devicesEver(state: GroupState, members: readonly MemberId[]): DeviceKey[] {
  const people = [...state.members, ...state.departures.map(({ member }) => member)];
  const devices = people.filter(({ id }) => members.includes(id)).flatMap((each) => each.devices);
  const retired = state.retired.filter(({ member }) => members.includes(member)).map(({ device }) => device);
  return [...new Set([...devices, ...retired].map(({ verifyingKey }) => verifyingKey))];
}

/**
 * These devices of a member, as far as they are listed, and whatever devices they admitted, and those admitted in turn: also
 * by one that is off the list by now, else a thief's would stay who takes off what stands between. The kit goes with the
 * device that listed it, or came back with it: whoever held the device may have its words.
 */
export function withAdmitted(
  { retired }: GroupState,
  { member, devices }: { readonly member: Member; readonly devices: readonly DeviceKey[] },
): MemberDevice[] {
  const all = new Set(devices);
  const known = [...retired.map(({ device }) => device), ...member.devices];
  for (let before = -1; before < all.size; ) {
    before = all.size;
    for (const { admittedBy, verifyingKey, since } of known) {
      if (admittedBy === null) continue; // Of the person's own card.
      const hasCompany = known.some((each) => each.since === since && all.has(each.verifyingKey));
      if (all.has(admittedBy) || hasCompany) all.add(verifyingKey); // check: role
    }
  }
  return member.devices.filter(({ verifyingKey }) => all.has(verifyingKey));
}

/** The three names of one device or kit. */
export function keysOf({ verifyingKey, hybrid, classic }: PublicKeys): readonly string[] {
  return [verifyingKey, hybrid, classic];
}

/** The keys that a card brings: of the person's first device, and of the recovery kit. */
export function keysOfCard(card: Card): readonly (PublicKeys & Pick<MemberDevice, "kind">)[] {
  return [
    { ...card.device, kind: "device" },
    { ...card.kit, kind: "kit" },
  ];
}
