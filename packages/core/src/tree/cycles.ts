import { compareStamps, type Stamp } from "./stamps.ts";

/** Where a node was placed last: what decides which node of a cycle gives way, and where it goes. */
export interface CyclePlace {
  readonly parent: number;
  /** The parent that it left; null for a new node. */
  readonly origin: number | null;
  readonly stamp: Stamp;
  /** The node's id in records: decides between nodes that one change placed. */
  readonly key: string;
}

/**
 * Breaks the cycles that concurrent moves make: one at a time, greatest stamp first, by showing that node at the parent it
 * left, or at the root if it left none or has given way before. A pure function of the places. SPEC.md §8.
 *
 * @param starts - Nodes of which every cycle holds at least one.
 * @param placeOf - Where a node was placed last; undefined if it lies in the root.
 * @returns The nodes that give way, with the parents where they are shown.
 */
export function breakCycles(
  starts: Iterable<number>,
  placeOf: (node: number) => CyclePlace | undefined,
  root: number,
): Map<number, number> {
  const displaced = new Map<number, number>();
  const placeIn = (node: number) => (node === root ? undefined : placeOf(node));
  const parentOf = (node: number) => displaced.get(node) ?? placeIn(node)?.parent;
  const beforeInOrder = (left: number, right: number) => compareNodes(placeIn(left), placeIn(right));
  const walked = new Set<number>();
  // The node of each cycle that gives way first. The list stays sorted, greatest last.
  const waiting: number[] = [];
  for (const start of starts) {
    const cycle = cycleFrom(start, parentOf, walked);
    if (cycle.length > 0) waiting.push(cycle.reduce((most, node) => (beforeInOrder(most, node) < 0 ? node : most)));
  }
  waiting.sort(beforeInOrder);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const origin = placeIn(node)?.origin ?? root;
    displaced.set(node, displaced.has(node) ? root : origin);
    // Nothing else has changed, so only a cycle through this node can be new.
    const cycle = cycleFrom(node, parentOf, new Set());
    if (!cycle.includes(node)) continue;
    const next = cycle.reduce((most, other) => (beforeInOrder(most, other) < 0 ? other : most));
    const at = waiting.findIndex((other) => beforeInOrder(other, next) > 0);
    waiting.splice(at < 0 ? waiting.length : at, 0, next);
  }
  return displaced;
}

/** The cycle that the way up from `start` ends in; empty if it ends at the root, or in what was walked before. */
function cycleFrom(start: number, parentOf: (node: number) => number | undefined, walked: Set<number>): number[] {
  const way: number[] = [];
  const place = new Map<number, number>();
  for (let node: number | undefined = start; node !== undefined; node = parentOf(node)) {
    const seenAt = place.get(node);
    if (seenAt !== undefined) return way.slice(seenAt);
    if (walked.has(node)) return [];
    walked.add(node);
    place.set(node, way.length);
    way.push(node);
  }
  return [];
}

function compareNodes(left: CyclePlace | undefined, right: CyclePlace | undefined): number {
  if (left === undefined || right === undefined) throw new Error("a node of a cycle has no place");
  return compareStamps(left.stamp, right.stamp) || (left.key < right.key ? -1 : left.key === right.key ? 0 : 1);
}
