/**
 * What a lost branch leaves to do. A removal must not be undone by a choice between branches: it is signed again, by
 * whoever has the right. Other acts are signed again by their own authors. Pure data; nobody signs anything here.
 * SPEC.md §6.
 */
import type { Act } from "../records/entry.ts";
import type { MemberId, RecordDigest } from "../records/shapes.ts";
import type { Choice } from "./branch.ts";
import type { Word } from "./fork.ts";
import type { Log, LogNode } from "./log.ts";
import { branchBase, type History, historyOf } from "./rights.ts";
import { mayManage, refusalOf } from "./rules.ts";
import { currentEpoch, departureOf, type GroupState, memberById, memberOfDevice } from "./state.ts";
import { isUnder, treeOrder } from "./tree-order.ts";

/** A removal or leave on a lost branch, whose target is still in the group. */
export interface LostRemoval {
  readonly entry: RecordDigest;
  readonly author: MemberId;
  readonly target: MemberId;
  /** Whether it is to be signed again. If not, its author has lost the right: every admin is shown it by name. */
  readonly isOwed: boolean;
  /** Of two owed removals of each other, each may be signed again only by its author. */
  readonly onlyByAuthor: boolean;
}

/** Any other act on a lost branch. */
export interface LostAct {
  readonly entry: RecordDigest;
  readonly author: MemberId;
  readonly act: Exclude<Act, { act: "remove" } | { act: "leave" }>;
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
  const words = [...options.words];
  const removals = lostEntries(history).flatMap((lost) => {
    const target = lost.act.act === "remove" ? lost.act.member : lost.act.act === "leave" ? lost.author : undefined;
    if (target === undefined || !memberById(options.choice.state, target) || isSettled(history, { lost, target }))
      return [];
    const isOwed = hasRightStill(history, { lost, target }) || lostItKnowingly(history, { lost, words });
    return [{ entry: lost.node.digest, author: lost.author, target, isOwed, onlyByAuthor: false }];
  });
  return removals.map((removal) => ({ ...removal, onlyByAuthor: isMutual(removals, removal) }));
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

/** Whether author and device could sign it at the chosen head, or its author left of its own will. */
function hasRightStill(history: History, options: { readonly lost: Lost; readonly target: MemberId }): boolean {
  const { lost, target } = options;
  const now = history.choice.state;
  if (departureOf(now, lost.author)?.how === "left") return true;
  const author = memberOfDevice(now, lost.node.verified.entry.device);
  if (!author) return false;
  return author.id === target || mayManage(author.role, memberById(now, target)?.role ?? "owner");
}

/** Whether somebody who had seen the removal took its author's right away: then that was no answer to it. */
function lostItKnowingly(history: History, options: { readonly lost: Lost; readonly words: readonly Word[] }): boolean {
  const { lost, words } = options;
  const taker = lastTaker(history, lost);
  if (taker === undefined) return false;
  const order = treeOrder(history.log);
  const said = [...words, ...entryWords(history.log)];
  return said.some(({ device, entry }) => {
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

/** Who removed or demoted the lost entry's author on the chosen branch, the last time since it left it. */
function lastTaker(history: History, lost: Lost): MemberId | undefined {
  for (const digest of history.choice.path.slice(lost.base + 1).toReversed()) {
    const node = history.log.nodes.get(digest);
    const before = node?.parent ? history.log.nodes.get(node.parent)?.state : undefined;
    if (!node || !before || node.verified.entry.type !== "conclave/v1/entry") continue;
    const { act, device } = node.verified.entry;
    if ((act.act === "remove" || act.act === "role") && act.member === lost.author)
      return memberOfDevice(before, device)?.id;
  }
  return undefined;
}

type Removal = Pick<LostRemoval, "author" | "target" | "isOwed">;

function isMutual(removals: readonly Removal[], removal: Removal): boolean {
  return removals.some(
    (other) =>
      other !== removal &&
      other.isOwed &&
      removal.isOwed &&
      other.author === removal.target &&
      other.target === removal.author,
  );
}

/** Everything else that was signed on lost branches, and whether it is to be signed again. */
export function lostActs(log: Log, choice: Choice): readonly LostAct[] {
  const history = historyOf(log, choice);
  return lostEntries(history).flatMap((lost) => {
    const { act, author, node } = lost;
    if (act.act === "remove" || act.act === "leave") return [];
    const again = canSignAgain(history, lost) && !isDecidedOtherwise(history, lost);
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
  const plain = act.act === "role" ? { ...act, cut: [] } : act;
  return refusalOf(history.choice.state, { device, act: plain, card: node.verified.card }) === null;
}

function isDecidedOtherwise(history: History, lost: Lost): boolean {
  const { act, node } = lost;
  const since = actsAfter(history, lost.base);
  if (act.act === "rotate") return since.some((each) => "recipient" in each);
  if (act.act === "role") {
    return since.some((each) => (each.act === "role" || each.act === "remove") && each.member === act.member);
  }
  const member = node.verified.card?.member ?? "";
  return departureOf(history.choice.state, member) !== undefined || isOutAgainUnder(history.log, { node, member });
}

/** Whether somebody whom a lost entry let in was out again by the end of a branch under it: removed, or gone. */
function isOutAgainUnder(log: Log, options: { readonly node: LogNode; readonly member: MemberId }): boolean {
  const { node, member } = options;
  const order = treeOrder(log);
  return [...log.nodes.values()].some(
    ({ digest, state }) =>
      (log.children.get(digest) ?? []).length === 0 &&
      isUnder(order, { entry: digest, ancestor: node.digest }) &&
      departureOf(state, member) !== undefined,
  );
}

/** Whether a lost entry let somebody in who is out here, into the epoch that is current here. */
function leavesEpochBehind(now: GroupState, node: LogNode): boolean {
  const { card } = node.verified;
  if (!card || memberById(now, card.member)) return false;
  const { epoch } = currentEpoch(now);
  return node.state.epochs.some((each) => each.epoch === epoch);
}
