/**
 * The log as a tree: every entry that was seen, whether it counts, and the state at it. Which branch of the tree is the
 * group is for `branch.ts` to say. SPEC.md §6.
 */
import type { EpochId, RecordDigest } from "../records/shapes.ts";
import { applyEntry, type Folded, foundState } from "./fold.ts";
import type { Refusal } from "./refusals.ts";
import type { Epoch, GroupState } from "./state.ts";
import type { VerifiedEntry } from "./verified-entry.ts";

/** An entry that counts where it stands. */
export interface LogNode {
  readonly verified: VerifiedEntry;
  readonly digest: RecordDigest;
  /** Null for the first entry. */
  readonly parent: RecordDigest | null;
  readonly state: GroupState;
}

/** All that is known of one group's log. Never changes: {@link extendLog} gives a new one. */
export interface Log {
  readonly group: RecordDigest;
  /** Entries that count, each after its parent. */
  readonly nodes: ReadonlyMap<RecordDigest, LogNode>;
  /** Entries that count, by their parent, smallest digest first. */
  readonly children: ReadonlyMap<RecordDigest, readonly RecordDigest[]>;
  /** Entries that do not count, and why. */
  readonly refused: ReadonlyMap<RecordDigest, { readonly verified: VerifiedEntry; readonly refusal: Refusal }>;
  /** Entries whose parent was not seen yet. */
  readonly pending: ReadonlyMap<RecordDigest, VerifiedEntry>;
}

/** A log of which nothing but the group's id is known. */
export function emptyLog(group: RecordDigest): Log {
  return { group, nodes: new Map(), children: new Map(), refused: new Map(), pending: new Map() };
}

/**
 * Adds entries, in any order; the result does not depend on it. Nothing that counted stops counting.
 *
 * @param entries - Rightly signed. Those already known do nothing.
 */
export function extendLog(log: Log, entries: Iterable<VerifiedEntry>): Log {
  const fresh = [...entries].filter(({ digest }) => !isKnown(log, digest));
  if (fresh.length === 0) return log;
  const growing = {
    group: log.group,
    nodes: new Map(log.nodes),
    refused: new Map(log.refused),
    pending: new Map(log.pending),
  };
  for (const verified of fresh) growing.pending.set(verified.digest, verified);
  takeIn(growing);
  return { ...growing, children: childrenOf(growing.nodes) };
}

/** Whether the entry was taken in before, whatever came of it. */
function isKnown(log: Log, digest: RecordDigest): boolean {
  return log.nodes.has(digest) || log.refused.has(digest) || log.pending.has(digest);
}

interface Growing {
  readonly group: RecordDigest;
  readonly nodes: Map<RecordDigest, LogNode>;
  readonly refused: Map<RecordDigest, { readonly verified: VerifiedEntry; readonly refusal: Refusal }>;
  readonly pending: Map<RecordDigest, VerifiedEntry>;
}

/** Moves every pending entry whose parent is known to where it belongs, and then what waited for it. */
function takeIn(growing: Growing): void {
  const waiting = new Map<RecordDigest | null, VerifiedEntry[]>();
  for (const verified of growing.pending.values()) {
    const siblings = waiting.get(parentOf(verified));
    if (siblings) siblings.push(verified);
    else waiting.set(parentOf(verified), [verified]);
  }
  const ready = [...growing.pending.values()].filter((verified) => isReady(growing, verified));
  for (const verified of ready) {
    growing.pending.delete(verified.digest);
    place(growing, verified);
    for (const next of waiting.get(verified.digest) ?? []) ready.push(next);
  }
}

function isReady(growing: Growing, verified: VerifiedEntry): boolean {
  const parent = parentOf(verified);
  return parent === null || growing.nodes.has(parent) || growing.refused.has(parent);
}

function place(growing: Growing, verified: VerifiedEntry): void {
  const { digest } = verified;
  const folded = judge(growing, verified);
  if (folded.state) growing.nodes.set(digest, { verified, digest, parent: parentOf(verified), state: folded.state });
  else growing.refused.set(digest, { verified, refusal: folded.refused });
}

function judge(growing: Growing, verified: VerifiedEntry): Folded {
  const parent = parentOf(verified);
  if (parent === null) {
    // The id is the digest of the first entry, so no other first entry can stand under it.
    if (verified.digest === growing.group) return foundState(verified); // check: digest
    return { refused: { code: "corrupt", reason: "it founds another group" } };
  }
  const before = growing.nodes.get(parent);
  if (!before) return { refused: { code: "corrupt", reason: "it builds on an entry that does not count" } }; // check: link
  return applyEntry(before.state, verified);
}

/** The entry that an entry follows; null for one that founds a group. */
export function parentOf(verified: VerifiedEntry): RecordDigest | null {
  return verified.entry.type === "conclave/v1/found" ? null : verified.entry.parent;
}

function childrenOf(nodes: ReadonlyMap<RecordDigest, LogNode>): Map<RecordDigest, readonly RecordDigest[]> {
  const children = new Map<RecordDigest, RecordDigest[]>();
  for (const { digest, parent } of nodes.values()) {
    if (parent === null) continue;
    const siblings = children.get(parent);
    if (siblings) siblings.push(digest);
    else children.set(parent, [digest]);
  }
  for (const siblings of children.values()) siblings.sort();
  return children;
}

/** The entry of that digest, if it counts. */
export function nodeAt(log: Log, digest: RecordDigest): LogNode | undefined {
  return log.nodes.get(digest);
}

/** The state at an entry that counts. */
export function stateAt(log: Log, digest: RecordDigest): GroupState | undefined {
  return log.nodes.get(digest)?.state;
}

/** From the first entry to this one. */
export function pathTo(log: Log, digest: RecordDigest): readonly LogNode[] {
  const path: LogNode[] = [];
  for (let node = log.nodes.get(digest); node; node = node.parent === null ? undefined : log.nodes.get(node.parent)) {
    path.push(node);
  }
  return path.reverse();
}

/**
 * The epoch of that id, if an entry that counts names it, on whatever branch. Nothing else in the storage's `epochs/` is
 * the group's: its grants are ignored, and nobody seals to it.
 */
export function namedEpoch(log: Log, epoch: EpochId): Epoch | undefined {
  return namedEpochs(log).get(epoch);
}

const epochIndexes = new WeakMap<Log, ReadonlyMap<EpochId, Epoch>>();

/** Every epoch that an entry that counts names, on whatever branch: those of lost branches stay readable. */
export function namedEpochs(log: Log): ReadonlyMap<EpochId, Epoch> {
  let index = epochIndexes.get(log);
  if (!index) {
    index = new Map(
      [...log.nodes.values()].flatMap(({ state }) => state.epochs.at(-1) ?? []).map((epoch) => [epoch.epoch, epoch]),
    );
    epochIndexes.set(log, index);
  }
  return index;
}
