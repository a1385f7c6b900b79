/**
 * Acts that this device wants to sign, refused before anything is signed by the same rules by which others would ignore
 * them. SPEC.md §6.
 */
import { encodeBase64, writeLine } from "../encoding/strict.ts";
import { ConclaveError } from "../errors.ts";
import type { SignedCard } from "../identity/card.ts";
import type { SignedDeviceCard } from "../identity/device-card.ts";
import type { Act, ContentsMode, Cut, Entry, Found, Role, Suite } from "../records/entry.ts";
import type { DeviceKey, MemberId, RecordDigest, WriterId } from "../records/shapes.ts";
import { weightOf } from "./room.ts";
import { refusalOf } from "./rules.ts";
import type { GroupState } from "./state.ts";

/** What every draft needs: who signs. */
interface Signer {
  /** This device's verifying key. */
  readonly device: DeviceKey;
}

/**
 * Admits a person. Fingerprints were compared before, or an invitation stands for that.
 *
 * @throws ConclaveError `role-too-low`, `exists` for a card or key that is or was in the group, `limit`.
 */
export function draftAdd(
  state: GroupState,
  options: Signer & {
    readonly card: SignedCard;
    readonly role: Role;
    readonly account?: string | null;
    /** When the stay ends, milliseconds since 1970; null for never. */
    readonly until?: number | null;
  },
): Act {
  const { card, role, account = null, until = null } = options;
  return permitted(state, { ...options, act: { act: "add", ...inside(card), role, account, until } });
}

/**
 * Admits whoever has signed with an invitation's key. Whether it has expired is for the caller to ask, of its own clock.
 *
 * @throws ConclaveError as {@link draftAdd}; `not-found` and `exists` for an invitation that there is not, or that has ended;
 *   `removed` for a card of somebody who was removed.
 */
export function draftAdmit(
  state: GroupState,
  options: Signer & { readonly card: SignedCard; readonly invitation: DeviceKey; readonly proof: string },
): Act {
  const { card, invitation, proof } = options;
  return permitted(state, { ...options, act: { act: "admit", ...inside(card), invitation, proof } });
}

/** A card as entries carry it. */
function inside({ signed }: SignedCard): { readonly card: string; readonly signature: string } {
  return { card: new TextDecoder().decode(signed.line), signature: encodeBase64(signed.signature) };
}

/**
 * Prepares a place for whoever will hold a secret.
 *
 * @throws ConclaveError `role-too-low`, `exists` for a key that was used before, `limit`.
 */
export function draftInvite(state: GroupState, options: Signer & Omit<Extract<Act, { act: "invite" }>, "act">): Act {
  const { invitation, name, role, account, until, expires } = options;
  return permitted(state, { ...options, act: { act: "invite", invitation, name, role, account, until, expires } });
}

/** Takes an open invitation back. Refuses with `not-found`, `exists` if it has ended, `role-too-low`. */
export function draftWithdraw(
  state: GroupState,
  options: Signer & { readonly invitation: DeviceKey; readonly cards: readonly MemberId[] },
): Act {
  const { invitation, cards } = options;
  return permitted(state, { ...options, act: { act: "withdraw", invitation, cards } });
}

/** Says when a member's stay ends. Refuses with `role-too-low`, `not-found`, `exists` if it ends then already. */
export function draftUntil(
  state: GroupState,
  options: Signer & { readonly member: MemberId; readonly until: number | null },
): Act {
  const { member, until } = options;
  return permitted(state, { ...options, act: { act: "until", member, until } });
}

/**
 * Removes a member and starts a new epoch.
 *
 * @param options.cut - Newest records of each writer of whom `cutTargets` names, as far as this device has read.
 * @param options.recipient - Of a fresh epoch identity.
 * @param options.owed - The removal on a lost branch that this one signs again.
 * @throws ConclaveError `role-too-low`, `not-found`, `last-owner`, and `exists` or `unsupported` for the recipient.
 */
export function draftRemove(
  state: GroupState,
  options: Signer & {
    readonly member: MemberId;
    readonly cut: Cut;
    readonly recipient: string;
    readonly contents: ContentsMode;
    readonly owed?: RecordDigest | null;
  },
): Act {
  const { member, cut, recipient, contents, owed = null } = options;
  return permitted(state, { ...options, act: { act: "remove", member, cut, recipient, contents, owed } });
}

/**
 * Changes a member's role.
 *
 * @param options.cut - As for a removal, where the member loses the right to write; else empty.
 * @throws ConclaveError `role-too-low`, `not-found`, `last-owner`, `exists` if the member has that role.
 */
export function draftRole(
  state: GroupState,
  options: Signer & { readonly member: MemberId; readonly role: Role; readonly cut: Cut },
): Act {
  const { member, role, cut } = options;
  return permitted(state, { ...options, act: { act: "role", member, role, cut } });
}

/** Leaves the group; an admin's device then starts a new epoch. Refuses with `last-owner`. */
export function draftLeave(state: GroupState, options: Signer): Act {
  return permitted(state, { ...options, act: { act: "leave" } });
}

/**
 * Starts a new epoch without removing anybody: after a leave, or on wish.
 *
 * @param options.cut - Newest records of the writers of those who left (`cutTargets`); else empty.
 * @throws ConclaveError `role-too-low`, and `exists` or `unsupported` for the recipient.
 */
export function draftRotate(
  state: GroupState,
  options: Signer & { readonly cut: Cut; readonly recipient: string; readonly contents: ContentsMode },
): Act {
  const { cut, recipient, contents } = options;
  return permitted(state, { ...options, act: { act: "rotate", cut, recipient, contents } });
}

/** Admits a further device of the signer's member; refuses with `exists` for keys that are or were in the group, `limit`. */
export function draftAdmitDevice(state: GroupState, options: Signer & { readonly admitted: SignedDeviceCard }): Act {
  const act = { act: "admit-device", ...carried(options.admitted, ["device", "signature"]) } as const;
  return permitted(state, { device: options.device, act, devices: [options.admitted] });
}

/**
 * Takes devices of one member off the list and starts a new epoch.
 *
 * @param options.cut - Newest records of their writers (`cutTargets`), as far as this device has read.
 * @param options.owed - The removal on a lost branch that this one signs again.
 * @throws ConclaveError `role-too-low`, `not-found`, `last-owner`.
 */
export function draftRemoveDevice(
  state: GroupState,
  options: Signer & {
    readonly devices: readonly DeviceKey[];
    readonly cut: Cut;
    readonly recipient: string;
    readonly contents: ContentsMode;
    readonly owed?: RecordDigest | null;
  },
): Act {
  const { device, cut, recipient, contents, owed = null } = options;
  const devices = [...options.devices].sort();
  return permitted(state, { device, act: { act: "remove-device", devices, cut, recipient, contents, owed } });
}

/** Lists a new kit of the signer's member in place of the old one, and starts a new epoch. */
export function draftKit(
  state: GroupState,
  options: Signer & {
    readonly kit: SignedDeviceCard;
    readonly cut: Cut;
    readonly recipient: string;
    readonly contents: ContentsMode;
  },
): Act {
  const { device, kit, cut, recipient, contents } = options;
  const act = { act: "kit", ...carried(kit, ["kit", "signature"]), cut, recipient, contents } as const;
  return permitted(state, { device, act, devices: [kit] });
}

/** Uses a kit up: lists a new device and a new kit in its place, and starts a new epoch. The signer is the old kit. */
export function draftRecover(
  state: GroupState,
  options: Signer & {
    readonly admitted: SignedDeviceCard;
    readonly kit: SignedDeviceCard;
    readonly cut: Cut;
    readonly recipient: string;
    readonly contents: ContentsMode;
  },
): Act {
  const { device, admitted, kit, cut, recipient, contents } = options;
  const cards = { ...carried(admitted, ["device", "deviceSignature"]), ...carried(kit, ["kit", "kitSignature"]) };
  const act = { act: "recover", ...cards, cut, recipient, contents } as const;
  return permitted(state, { device, act, devices: [admitted, kit] });
}

/** A device card as an act carries it, under the act's own names for line and signature. */
function carried<Line extends string, Signature extends string>(
  { signed }: SignedDeviceCard,
  [line, signature]: readonly [Line, Signature],
): { readonly [Name in Line | Signature]: string } {
  const values = { [line]: new TextDecoder().decode(signed.line), [signature]: encodeBase64(signed.signature) };
  return values as { [Name in Line | Signature]: string };
}

function permitted(
  state: GroupState,
  options: Signer & { readonly act: Act; readonly card?: SignedCard; readonly devices?: readonly SignedDeviceCard[] },
): Act {
  const { device, act, card = null, devices = [] } = options;
  const refusal = refusalOf(state, { device, act, card, devices, weight: weightAtMost(state, { device, act }) }); // check: role
  if (refusal) throw new ConclaveError(`${WORDS[act.act]}: ${refusal.reason}`, { code: refusal.code });
  return act;
}

/** What the entry will weigh at most: where it stands in its writer's chain is known only when it is signed. */
function weightAtMost(state: GroupState, { device, act }: Signer & { readonly act: Act }): number {
  const [digest, writer] = ["0".repeat(64), "0".repeat(32)];
  const place = { device, writer, number: Number.MAX_SAFE_INTEGER, previous: digest };
  return weightOf({ line: writeLine(entryOf(state, { place, act, time: Number.MAX_SAFE_INTEGER })) });
}

const WORDS: Readonly<Record<Act["act"], string>> = {
  add: "adding a member",
  admit: "admitting whoever was invited",
  invite: "inviting somebody",
  withdraw: "withdrawing an invitation",
  until: "changing when a stay ends",
  role: "changing a role",
  remove: "removing a member",
  leave: "leaving the group",
  rotate: "starting a new epoch",
  "admit-device": "admitting a device",
  "remove-device": "removing a device",
  kit: "replacing the recovery kit",
  recover: "recovering with a kit",
};

/** Where a record stands in its writer's chain. */
export interface ChainPlace {
  readonly device: DeviceKey;
  readonly writer: WriterId;
  readonly number: number;
  readonly previous: RecordDigest | null;
}

/** An entry ready to be signed, its keys in the order of its shape. */
export function entryOf(
  state: GroupState,
  options: { readonly place: ChainPlace; readonly act: Act; readonly time: number },
): Entry {
  const { device, writer, number, previous } = options.place;
  return {
    type: "conclave/v1/entry",
    group: state.group,
    device,
    writer,
    number,
    previous,
    parent: state.head,
    act: options.act,
    time: options.time,
  };
}

/** The first entry of a new group, ready to be signed by the device that its card names. */
export function foundOf(options: {
  readonly card: SignedCard;
  readonly writer: WriterId;
  readonly suite: Suite;
  readonly settled: boolean;
  readonly lagSeconds: number | null;
  readonly recipient: string;
  readonly time: number;
}): Found {
  const { card, writer, suite, settled, lagSeconds, recipient, time } = options;
  return {
    type: "conclave/v1/found",
    device: card.card.device.verifyingKey,
    writer,
    number: 1,
    previous: null,
    suite,
    settled,
    lagSeconds,
    card: new TextDecoder().decode(card.signed.line),
    signature: encodeBase64(card.signed.signature),
    recipient,
    time,
  };
}
