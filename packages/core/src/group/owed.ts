/**
 * What a lost branch leaves to do. A removal must not be undone by a choice between branches: it is signed again, by
 * whoever has the right. Other acts are signed again by their own authors. Pure data; nobody signs anything here.
 * SPEC.md §6.
 */
import type { Act } from "../records/entry.ts";
import type { DeviceKey, MemberId, RecordDigest } from "../records/shapes.ts";
import type { Choice } from "./branch.ts";
import type { Log, LogNode } from "./log.ts";
import { mayManage } from "./refusals.ts";
import { branchBase, type History, historyOf } from "./rights.ts";
import { weightOf } from "./room.ts";
import { refusalOf } from "./rules.ts";
import {
  currentEpoch,
  departureOf,
  type GroupState,
  type ListedDevice,
  listedDevice,
  memberById,
  memberOfDevice,
} from "./state.ts";
import { isUnder, treeOrder } from "./tree-order.ts";
import { disownedDevices, type Word } from "./words.ts";

/** A removal or leave on a lost branch, whose target is still in the group. */
export interface LostRemoval {
  readonly entry: RecordDigest;
  readonly author: MemberId;
  readonly target: MemberId;
  /** The devices of the target that are to go; null for the whole member. */
  readonly devices: readonly DeviceKey[] | null;
  /** Whether it is to be signed again. If not, its author has lost the right: every admin is shown it by name. */
  readonly isOwed: boolean;
  /** Of two owed removals of each other, each may be signed again only by its author. */
  readonly onlyByAuthor: boolean;
}

/** Any other act on a lost branch. */
export interface LostAct {
  readonly entry: RecordDigest;
  readonly author: MemberId;
  readonly act: Exclude<Act, { act: "remove" | "leave" | "remove-device" }>;
  /** Whether its author's client signs it again: it has the right, and nothing on the chosen branch decides otherwise. */
  readonly again: boolean;
  /** Whether it left the current epoch with somebody who is not in the group: a rotation is owed. */
  readonly owesRotation: boolean;
}

interface Lost {
  readonly node: LogNode;
  readonly author: MemberId;
  readonly act: Act;
  /** Place on the chosen branch of the last entry that it builds on. */
  readonly base: number;
}

function lostEntries(history: History): Lost[] {
  const lost: Lost[] = [];
  for (const node of history.log.nodes.values()) {
    const { entry, digest } = node.verified;
    if (history.indexes.has(digest) || entry.type !== "conclave/v1/entry") continue;
    const before = history.log.nodes.get(entry.parent)?.state;
    const base = history.indexes.get(branchBase(history, digest) ?? "") ?? 0;
    lost.push({ node, author: (before && memberOfDevice(before, entry.device)?.id) ?? "", act: entry.act, base });
  }
  return lost;
}

/**
 * Removals and leaves on lost branches whose target is still in. Empty in a group without forks.
 *
 * @param options.words - As for the choice: they say who had seen a removal.
 */
export function owedRemovals(
  log: Log,
  options: { readonly choice: Choice; readonly words: Iterable<Word> },
): readonly LostRemoval[] {
  const history = historyOf(log, options.choice);
  const disowned = disownedDevices(log);
  const words = [...options.words, ...entryWords(log)].filter(({ device }) => !disowned.has(device));
  const removals = lostEntries(history).flatMap((lost) => {
    const aimed = stillIn(history, lost);
    if (!aimed) return [];
    const isOwed = hasRightStill(history, { lost, ...aimed }) || lostItKnowingly(history, { lost, ...aimed, words });
    const { device } = lost.node.verified.entry;
    return [{ entry: lost.node.digest, author: lost.author, device, ...aimed, isOwed, onlyByAuthor: false }];
  });
  return removals.map(({ device, ...removal }) => ({
    ...removal,
    onlyByAuthor: isMutual(removals, { ...removal, device }),
  }));
}

/** Whom or what a removal is aimed at. */
type Aim = Pick<LostRemoval, "target" | "devices">;

/** What a lost removal or leave is aimed at, and what is still in the group and was not decided anew. */
function stillIn(history: History, lost: Lost): Aim | undefined {
  const { act, author } = lost;
  if (act.act === "remove-device") return devicesStillIn(history, { lost, keys: act.devices });
  const target = act.act === "remove" ? act.member : act.act === "leave" ? author : undefined;
  if (target === undefined || !memberById(history.choice.state, target) || isSettled(history, { lost, target })) {
    return undefined;
  }
  return { target, devices: null };
}

/**
 * Those of the devices that are listed, and were so already where the lost branch began; and what they have listed since.
 * One that went with its person since and came back with them, too: what was taken off by itself may be stolen.
 */
function devicesStillIn(
  history: History,
  options: { readonly lost: Lost; readonly keys: readonly DeviceKey[] },
): Aim | undefined {
  const { lost, keys } = options;
  const parting = history.log.nodes.get(history.choice.path[lost.base] ?? "")?.state;
  const older = keys
    .filter((key) => parting && listedDevice(parting, key))
    .flatMap((key) => listedDevice(history.choice.state, key) ?? []);
  const before = history.log.nodes.get(lost.node.parent ?? "")?.state;
  // Where it was signed all of them are one member's.
  const target = before && listedDevice(before, keys[0] ?? "")?.member.id;
  // A key may be another member's here: that one is not meant.
  const aimed = [...older, ...listedSinceBy(history, { lost, keys })].filter(({ member }) => member.id === target); // check: key
  if (target === undefined || aimed.length === 0) return undefined;
  return { target, devices: aimed.map(({ device }) => device.verifyingKey) };
}

/** What these devices have listed on the branch since the parting, and that in turn: a thief who is to go must not stay so. */
function listedSinceBy(
  history: History,
  { lost, keys }: { readonly lost: Lost; readonly keys: readonly DeviceKey[] },
): ListedDevice[] {
  const by = new Set(keys);
  const brought = history.choice.path.slice(lost.base + 1).flatMap((digest) => {
    const { entry, devices } = history.log.nodes.get(digest)?.verified ?? {};
    if (!entry || !devices || !by.has(entry.device)) return [];
    const listed = devices.map(({ card }) => card.keys.verifyingKey);
    for (const key of listed) by.add(key); // check: role
    return listed;
  });
  // Whoever signed the removal does not mean itself.
  const others = brought.filter((key) => key !== lost.node.verified.entry.device);
  return others.flatMap((key) => listedDevice(history.choice.state, key) ?? []);
}

/**
 * Whether the removal was signed again already: the chosen branch, past the place where the lost one left it, removes the
 * same person and names a lost removal. A person who is admitted again after that was admitted knowingly.
 */
function isSettled(history: History, options: { readonly lost: Lost; readonly target: MemberId }): boolean {
  const { lost, target } = options;
  return actsAfter(history, lost.base).some((act) => {
    if (act.act !== "remove" || act.member !== target || act.owed === null) return false;
    return history.log.nodes.has(act.owed) && !history.indexes.has(act.owed);
  });
}

function actsAfter(history: History, base: number): Act[] {
  return history.choice.path.slice(base + 1).flatMap((digest) => {
    const entry = history.log.nodes.get(digest)?.verified.entry;
    return entry?.type === "conclave/v1/entry" ? [entry.act] : [];
  });
}

/**
 * Whether author and device could sign it at the chosen head, or its author has just left: what turns up once an admin has
 * started an epoch after that may be dated back, by somebody who has no say in the group any more.
 */
function hasRightStill({ choice }: History, aimed: Aimed): boolean {
  const departure = departureOf(choice.state, aimed.lost.author);
  const hasJustLeft = departure?.how === "left" && departure.cut === null; // check: cut
  return hasJustLeft || hasRight(choice.state, aimed);
}

/** A lost removal, and at whom or what it is aimed still. */
type Aimed = Aim & { readonly lost: Lost };

/** Whether the device that signed it could sign it in this state. */
function hasRight(state: GroupState, { lost, target }: Aimed): boolean {
  const author = memberOfDevice(state, lost.node.verified.entry.device);
  const aimedAt = memberById(state, target);
  if (!author || !aimedAt) return false;
  // Of a device that is its target's on one branch and somebody else's on another, too.
  if (author.id === target) return lost.act.act !== "remove";
  return lost.act.act !== "leave" && mayManage(author.role, aimedAt.role);
}

/** Whether somebody who had seen the removal took its author's right away: then that was no answer to it. */
function lostItKnowingly(history: History, options: Aimed & { readonly words: readonly Word[] }): boolean {
  const { lost, words } = options;
  const taker = lastTaker(history, options);
  if (taker === undefined) return false;
  const order = treeOrder(history.log);
  return words.some(({ device, entry }) => {
    const state = history.log.nodes.get(entry)?.state;
    if (!state || memberOfDevice(state, device)?.id !== taker) return false;
    return isUnder(order, { entry, ancestor: lost.node.digest });
  });
}

function entryWords(log: Log): Word[] {
  return [...log.nodes.values()].flatMap(({ verified, parent }) =>
    parent === null ? [] : [{ device: verified.entry.device, entry: parent }],
  );
}

/** Who signed the last entry since the parting before which its device could have signed it, and after which it could not. */
function lastTaker(history: History, aimed: Aimed): MemberId | undefined {
  for (const digest of history.choice.path.slice(aimed.lost.base + 1).toReversed()) {
    const node = history.log.nodes.get(digest);
    const before = node?.parent ? history.log.nodes.get(node.parent)?.state : undefined;
    if (!node || !before || !hasRight(before, aimed) || hasRight(node.state, aimed)) continue;
    return memberOfDevice(before, node.verified.entry.device)?.id;
  }
  return undefined;
}

type Removal = Pick<LostRemoval, "author" | "target" | "devices" | "isOwed"> & { readonly device: DeviceKey };

function isMutual(removals: readonly Removal[], removal: Removal): boolean {
  return removals.some(
    (other) => other.isOwed && removal.isOwed && isAimedAt(other, removal) && isAimedAt(removal, other),
  );
}

/** Whether one removal is against who signed the other: that person, or that very device. */
function isAimedAt(removal: Removal, other: Removal): boolean {
  if (removal.devices !== null) return removal.devices.includes(other.device);
  return removal.target === other.author && removal.author !== other.author;
}

/** Everything else that was signed on lost branches, and whether it is to be signed again. */
export function lostActs(log: Log, choice: Choice): readonly LostAct[] {
  const history = historyOf(log, choice);
  return lostEntries(history).flatMap((lost) => {
    const { act, author, node } = lost;
    if (act.act === "remove" || act.act === "leave" || act.act === "remove-device") return [];
    // A kit signs nothing again: the person recovers once more.
    const again = act.act !== "recover" && canSignAgain(history, lost) && !isDecidedOtherwise(history, lost);
    return [{ entry: node.digest, author, act, again, owesRotation: !again && leavesEpochBehind(choice.state, node) }];
  });
}

function canSignAgain(history: History, lost: Lost): boolean {
  const { act, node } = lost;
  const { device } = node.verified.entry;
  // A cut or a recipient is worked out anew by whoever signs; what is asked here is the right alone.
  if (act.act === "rotate") {
    const author = memberOfDevice(history.choice.state, device);
    return author !== undefined && mayManage(author.role, "editor");
  }
  const plain = "cut" in act ? { ...act, cut: [] } : act;
  const { card, devices, signed } = node.verified;
  return refusalOf(history.choice.state, { device, act: plain, card, devices, weight: weightOf(signed) }) === null;
}

function isDecidedOtherwise(history: History, lost: Lost): boolean {
  const { act, node } = lost;
  const since = actsAfter(history, lost.base);
  if (act.act === "rotate") return since.some((each) => "recipient" in each);
  if (act.act === "role") {
    return since.some((each) => (each.act === "role" || each.act === "remove") && each.member === act.member);
  }
  // What was removed since on the branch is refused for its keys.
  if (act.act === "admit-device") return isOffAgainUnder(history.log, node);
  if (act.act === "kit") return isKitRenewedSince(history, lost) || isOffAgainUnder(history.log, node);
  if (act.act === "until") {
    return since.some((each) => (each.act === "until" || each.act === "remove") && each.member === act.member);
  }
  // A new epoch ends all that was prepared before it.
  if (act.act === "invite") return since.some((each) => "recipient" in each);
  const member = node.verified.card?.member ?? "";
  return departureOf(history.choice.state, member) !== undefined || isOutAgainUnder(history.log, { node, member });
}

/** Whether the branch lists another kit of the member whose kit the lost entry replaced: then that one decides. */
function isKitRenewedSince(history: History, lost: Lost): boolean {
  const member = lost.node.verified.devices[0]?.card.member;
  return history.choice.path.slice(lost.base + 1).some((digest) => {
    const brought = history.log.nodes.get(digest)?.verified.devices ?? [];
    return brought.some(({ card }) => card.kind === "kit" && card.member === member);
  });
}

/** Whether somebody whom a lost entry let in was out again by the end of a branch under it: removed, or gone. */
function isOutAgainUnder(log: Log, options: { readonly node: LogNode; readonly member: MemberId }): boolean {
  return endsUnder(log, options.node).some((state) => departureOf(state, options.member) !== undefined);
}

/** The same of a device or kit: whoever took it off the list had a reason, and meant it also where the group went on. */
function isOffAgainUnder(log: Log, node: LogNode): boolean {
  const keys = node.verified.devices.map(({ card }) => card.keys.verifyingKey);
  return endsUnder(log, node).some((state) => keys.some((key) => !listedDevice(state, key))); // check: role
}

/** The states at the ends of all branches under an entry, itself if there are none. */
function endsUnder(log: Log, node: LogNode): GroupState[] {
  const states: GroupState[] = [];
  const open = [node.digest];
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    const children = log.children.get(digest) ?? [];
    const state = log.nodes.get(digest)?.state;
    if (children.length === 0 && state) states.push(state);
    for (const child of children) open.push(child);
  }
  return states;
}

/** Whether a lost entry let somebody in who is out here, into the epoch that is current here. */
function leavesEpochBehind(now: GroupState, node: LogNode): boolean {
  if (!letsIn(now, node)) return false;
  const { epoch } = currentEpoch(now);
  return node.state.epochs.get(epoch) !== undefined;
}

/** Whether a lost entry lists somebody, or a device or kit, that is not in the group here. */
function letsIn(now: GroupState, { verified: { card, devices } }: LogNode): boolean {
  if (card) return !memberById(now, card.member);
  return devices.some(({ card: device }) => !listedDevice(now, device.keys.verifyingKey));
}
