/**
 * The fold: what each entry makes of the group. Signatures and keys were verified before (`verified-entry.ts`); rights
 * are judged here, at the entry's parent and nowhere else. SPEC.md §6.
 */
import { epochOf } from "../age/epoch-identity.ts";
import { suiteOf } from "../age/suite.ts";
import type { SignedCard } from "../identity/card.ts";
import type { SignedDeviceCard } from "../identity/device-card.ts";
import type { Act, Cut, Entry, Found } from "../records/entry.ts";
import type { DeviceKey, RecordDigest } from "../records/shapes.ts";
import { Growing } from "./growing.ts";
import { invitationOf, invitationsAfter } from "./invitations.ts";
import { type Refusal, settlesLeaves } from "./refusals.ts";
import { sponsorOf, weightOf } from "./room.ts";
import { refusalOf } from "./rules.ts";
import {
  type Departure,
  type Epoch,
  type GroupState,
  isAtLeast,
  type KeyEver,
  keysOf,
  keysOfCard,
  listedDevice,
  type Member,
  type MemberDevice,
  memberOfDevice,
} from "./state.ts";
import type { VerifiedEntry } from "./verified-entry.ts";

/** What the fold says of one entry. */
export type Folded =
  | { readonly state: GroupState; readonly refused?: never }
  | { readonly refused: Refusal; readonly state?: never };

/** The state at the first entry of a log. */
export function foundState(first: VerifiedEntry): Folded {
  const { entry, card, flaw, digest } = first;
  if (entry.type !== "conclave/v1/found")
    return refused("malformed", "a log begins with the entry that founds the group");
  if (!card) return refused("corrupt", flaw ?? "its card does not prove itself"); // check: signature
  if (card.card.device.verifyingKey !== entry.device) {
    return refused("corrupt", "the founder's card is another device's"); // check: key
  }
  if (suiteOf(entry.recipient) !== entry.suite) {
    return refused("unsupported", "its epoch's recipient is not of the suite that it founds"); // check: downgrade
  }
  if (keysOfCard(card.card).some((keys) => keys.hybrid === entry.recipient || keys.classic === entry.recipient)) {
    return refused("exists", "its epoch's recipient is a device's own"); // check: key
  }
  return { state: firstState(entry, { card, digest, weight: weightOf(first.signed) }) };
}

function firstState(
  entry: Found,
  options: { readonly card: SignedCard; readonly digest: RecordDigest; readonly weight: number },
): GroupState {
  const { card, digest, weight } = options;
  const stay = { entry: digest, time: entry.time, sponsor: null, weight };
  const founder = admit(card, { role: "owner", account: null, until: null, ...stay });
  return {
    group: digest,
    suite: entry.suite,
    settled: entry.settled,
    lagSeconds: entry.lagSeconds,
    head: digest,
    height: 0,
    weight,
    members: [founder],
    departures: [],
    retired: [],
    keysEver: withKeys(
      Growing.by<KeyEver>(({ key }) => key),
      founder,
    ),
    epochs: Growing.by<Epoch>(({ epoch }) => epoch).with(epochOfEntry(entry, digest)),
    owedRotation: [],
    invitations: [],
    endedInvitations: Growing.by(({ invitation }) => invitation),
  };
}

/** The state after an entry, or why the entry does not count. `state` must be the one at the entry's parent. */
export function applyEntry(state: GroupState, verified: VerifiedEntry): Folded {
  const { entry, card, devices, flaw, digest } = verified;
  if (entry.type !== "conclave/v1/entry") return refused("malformed", "a group is founded once"); // check: canonical
  if (entry.group !== state.group) return refused("corrupt", "it belongs to another group"); // check: link
  if (entry.parent !== state.head) return refused("corrupt", "it follows another entry"); // check: link
  if (flaw !== null) return refused("corrupt", flaw); // check: key
  const weight = weightOf(verified.signed);
  const refusal = refusalOf(state, { device: entry.device, act: entry.act, card, devices, weight }); // check: role
  if (refusal) return { refused: refusal };
  const step = { entry, card, devices, digest, weight, settles: settlesLeaves(state, entry.device) };
  const next = { ...charged(state, step), head: digest, height: state.height + 1 };
  const after = applyAct(next, step);
  return { state: { ...after, ...invitationsOf(after, { step, author: authorId(state, entry) }) } };
}

interface Step {
  readonly entry: Entry;
  readonly card: SignedCard | null;
  readonly devices: readonly SignedDeviceCard[];
  readonly digest: RecordDigest;
  readonly weight: number;
  /** Whether a new epoch settles the leaves before it. */
  readonly settles: boolean;
}

/** Puts what an entry weighs on its author's account; on whose an admission is, whoever it lets in says. */
function charged(state: GroupState, { entry, weight }: Step): GroupState {
  const after = { ...state, weight: state.weight + weight };
  const author = listedDevice(state, entry.device)?.member;
  if (!author || entry.act.act === "add" || entry.act.act === "admit") return after;
  return withChanged(after, author.id, { weight: author.weight + weight });
}

function invitationsOf(
  state: GroupState,
  { step, author }: { readonly step: Step; readonly author: string },
): Pick<GroupState, "invitations" | "endedInvitations"> {
  const { entry, card, digest } = step;
  return invitationsAfter(state, { act: entry.act, entry: digest, author, time: entry.time, card: card?.member });
}

function applyAct(state: GroupState, step: Step): GroupState {
  const { entry, card, digest } = step;
  const { act } = entry;
  switch (act.act) {
    case "add":
      return card ? withMember(state, admit(card, { ...act, ...stayOf(state, step) })) : state;
    case "admit": {
      const invitation = invitationOf(state, act.invitation);
      if (!card || !invitation) return state;
      return withMember(state, admit(card, { ...invitation, ...stayOf(state, step) }));
    }
    case "invite":
    case "withdraw":
      return state;
    case "role":
      return withChanged(state, act.member, {
        role: act.role,
        // Whoever runs the group is no guest any more: nobody below them set this end for them as they are now.
        ...(isAtLeast(act.role, "admin") ? { sponsor: null, until: null } : {}),
      });
    case "until":
      return withChanged(state, act.member, { until: act.until });
    case "leave":
      return { ...withoutMember(state, step, authorId(state, entry)), owedRotation: [...state.owedRotation, digest] };
    case "remove":
      return withEpoch(withoutMember(state, step, act.member), step, act.cut);
    case "rotate":
      return withEpoch(state, step, act.cut);
    case "admit-device":
      return withDevices(state, step);
    case "remove-device":
      return withEpoch(retire(state, step, new Set(act.devices)), step, act.cut);
    case "kit":
    case "recover":
      return withEpoch(withDevices(retire(state, step, kitsOfAuthor(state, entry)), step), step, act.cut);
  }
}

/** What somebody's stay begins with. */
function stayOf(
  state: GroupState,
  { entry, digest, weight }: Step,
): Pick<Member, "sponsor" | "weight"> & { readonly entry: RecordDigest; readonly time: number } {
  const author = memberOfDevice(state, entry.device);
  const sponsor = author ? sponsorOf(state, { author, act: entry.act }) : null;
  return { entry: digest, time: entry.time, sponsor, weight };
}

/** Lists what the entry's device cards bring with its author, be that a device or, in a recovery, the kit. */
function withDevices(state: GroupState, step: Step): GroupState {
  const { entry, devices, digest } = step;
  const fresh = devices.map(
    ({ card }): MemberDevice => ({
      ...card.keys,
      kind: card.kind,
      since: digest,
      sinceTime: entry.time,
      admittedBy: entry.device,
    }),
  );
  const owner = devices[0]?.card.member;
  const members = state.members.map((each) =>
    each.id === owner ? { ...each, devices: [...each.devices, ...fresh] } : each,
  );
  const keysEver = owner === undefined ? state.keysEver : withKeys(state.keysEver, { id: owner, devices: fresh });
  return { ...state, members, keysEver };
}

function kitsOfAuthor(state: GroupState, entry: Entry): ReadonlySet<DeviceKey> {
  const author = listedDevice(state, entry.device)?.member;
  const kits = (author?.devices ?? []).filter(({ kind }) => kind === "kit");
  return new Set(kits.map(({ verifyingKey }) => verifyingKey));
}

/** Takes devices off their members' lists; the members stay. */
function retire(state: GroupState, step: Step, keys: ReadonlySet<DeviceKey>): GroupState {
  const { entry, digest } = step;
  const by = listedDevice(state, entry.device)?.member.id ?? "";
  const retired = state.members.flatMap(({ id, devices }) =>
    devices
      .filter(({ verifyingKey }) => keys.has(verifyingKey))
      .map((device) => ({ member: id, device, entry: digest, by, time: entry.time })),
  );
  const members = state.members.map((each) => ({
    ...each,
    devices: each.devices.filter(({ verifyingKey }) => !keys.has(verifyingKey)),
  }));
  return { ...state, members, retired: [...state.retired, ...retired] };
}

function authorId(state: GroupState, entry: Entry): string {
  return memberOfDevice(state, entry.device)?.id ?? "";
}

function admit(
  card: SignedCard,
  options: {
    readonly role: Member["role"];
    readonly account: string | null;
    readonly until: number | null;
    readonly entry: RecordDigest;
    readonly time: number;
    readonly sponsor: Member["sponsor"];
    readonly weight: number;
  },
): Member {
  return {
    id: card.member,
    name: card.card.name,
    role: options.role,
    devices: keysOfCard(card.card).map((keys) => ({
      ...keys,
      since: options.entry,
      sinceTime: options.time,
      admittedBy: null,
    })),
    account: options.account,
    since: options.entry,
    sinceTime: options.time,
    admitted: card,
    until: options.until,
    sponsor: options.sponsor,
    weight: options.weight,
  };
}

function withMember(state: GroupState, member: Member): GroupState {
  return { ...state, members: [...state.members, member], keysEver: withKeys(state.keysEver, member) };
}

function withKeys(
  all: GroupState["keysEver"],
  { id, devices }: Pick<Member, "id" | "devices">,
): GroupState["keysEver"] {
  return devices.flatMap(keysOf).reduce((ever, key) => ever.with({ key, member: id }), all);
}

function withChanged(
  state: GroupState,
  id: string,
  change: Partial<Pick<Member, "role" | "until" | "sponsor" | "weight">>,
): GroupState {
  return { ...state, members: state.members.map((each) => (each.id === id ? { ...each, ...change } : each)) };
}

function withoutMember(state: GroupState, step: Step, id: string): GroupState {
  const { entry, digest } = step;
  const departures: Departure[] = state.members
    .filter((member) => member.id === id)
    .map((member) => ({
      member,
      how: entry.act.act === "leave" ? "left" : "removed",
      entry: digest,
      by: authorId(state, entry),
      time: entry.time,
      cut: cutOf(entry.act),
    }));
  return {
    ...state,
    members: state.members.filter((member) => member.id !== id),
    departures: [...state.departures, ...departures],
  };
}

function cutOf(act: Act): Cut | null {
  return "cut" in act ? act.cut : null;
}

/** A new epoch by an admin settles every leave before it: its cut bounds their records too, and they hold it no more. */
function withEpoch(state: GroupState, step: Step, cut: Cut): GroupState {
  const next = { ...state, epochs: state.epochs.with(epochOfEntry(step.entry, step.digest)) };
  if (!step.settles) return next; // check: role
  const departures = state.departures.map((each) => (each.cut === null ? { ...each, cut } : each));
  return { ...next, departures, owedRotation: [] };
}

function epochOfEntry(entry: Found | Entry, digest: RecordDigest): Epoch {
  const recipient =
    entry.type === "conclave/v1/found" ? entry.recipient : "recipient" in entry.act ? entry.act.recipient : "";
  return { epoch: epochOf(recipient), recipient, entry: digest, author: entry.device };
}

function refused(code: Refusal["code"], reason: string): Folded {
  return { refused: { code, reason } };
}
