import { reachOfAll } from "../history/lanes.ts";
import { breakCycles, type CyclePlace } from "./cycles.ts";
import type { Fold } from "./fold.ts";
import { isFolderKey, type Node, ROOT_ID } from "./nodes.ts";

/** Writes down that a change deletes a node; returns the node's number. */
export function storeDelete(fold: Fold, key: string): number {
  const node = fold.nodes.byKey(key).id;
  fold.db.run("INSERT INTO tree_delete (change, node) VALUES (?, ?)", fold.change, node);
  return node;
}

/**
 * The nodes that the change being applied hides by deleting these: they and all below them, as its author saw the tree,
 * but for those that another counting change has touched without its author's knowing. What its author saw is what lies in
 * the past that its parents and its writer's chain reach; nothing that it claims. SPEC.md §8.
 *
 * Must run before any other operation of the change. Nothing that is applied later can add to the result: a change that
 * touches one of these nodes later is in no past of this one, and shows the node again.
 */
export function hiddenBy(fold: Fold, deleted: readonly number[]): Node[] {
  const past = pastOf(fold);
  const hidden = new Map<number, Node>();
  const open = deleted.map((id) => fold.nodes.byId(id));
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (hidden.has(node.id)) continue;
    hidden.set(node.id, node);
    if (!isFolderKey(node.key)) continue;
    for (const child of past.childrenOf(node)) open.push(child);
  }
  return [...hidden.values()].filter((node) => !past.isTouchedSince(node));
}

/** The tree as the author of a change saw it. */
interface Past {
  childrenOf(node: Node): readonly Node[];
  /** Whether a counting change that the author had not seen touches the node. */
  isTouchedSince(node: Node): boolean;
}

/** A run of one lane that a change's author had not seen: from after `seen` to `newest`. */
interface Unseen {
  readonly lane: number;
  readonly seen: number;
}

function pastOf(fold: Fold): Past {
  const reached = reachOfAll(fold.db, fold.at);
  const unseen = fold.db
    .all<{ lane: number; number: number }>("SELECT lane, number FROM tree_lane")
    .map(({ lane, number }) => ({ lane, number, seen: reached.get(lane) ?? 0 }))
    .filter(({ number, seen }) => number > seen);
  if (unseen.length > 0) return earlierTree(fold, unseen, reached);
  return { childrenOf: (node) => fold.nodes.childrenOf(node.id), isTouchedSince: () => false };
}

/**
 * The tree without what some lanes have done since. Only nodes that were placed more than once can have been elsewhere, and
 * only cycles through them, or through what gives way now, can have been broken in another way.
 */
function earlierTree(fold: Fold, unseen: readonly Unseen[], reached: ReadonlyMap<number, number>): Past {
  const { nodes } = fold;
  const isSeen = (at: { lane: number; number: number }) => (reached.get(at.lane) ?? 0) >= at.number;
  const elsewhere = new Set([...placedSince(fold, unseen), ...[...nodes.displaced()].map((node) => node.id)]);
  const places = new Map<number, CyclePlace | undefined>();
  const placeOf = (id: number) => {
    if (!places.has(id)) places.set(id, earlierPlace(fold, nodes.byId(id), isSeen));
    return places.get(id);
  };
  const displaced = breakCycles(elsewhere, placeOf, ROOT_ID);
  for (const id of displaced.keys()) elsewhere.add(id);
  const moved = new Map<number, Node[]>();
  for (const id of elsewhere) {
    const parent = displaced.get(id) ?? placeOf(id)?.parent ?? ROOT_ID;
    moved.set(parent, [...(moved.get(parent) ?? []), nodes.byId(id)]);
  }
  return {
    childrenOf: (node) => [
      ...nodes.childrenOf(node.id).filter((child) => !elsewhere.has(child.id) && placeOf(child.id) !== undefined),
      ...(moved.get(node.id) ?? []),
    ],
    isTouchedSince: (node) => touches(fold, node).some((at) => !isSeen(at)),
  };
}

function placedSince(fold: Fold, unseen: readonly Unseen[]): number[] {
  return unseen.flatMap(({ lane, seen }) =>
    fold.db
      .all<{ node: number }>(
        `SELECT p.node FROM history_record r CROSS JOIN tree_place p INDEXED BY tree_place_again
         ON p.change = r.id AND p.again = 1 WHERE r.lane = ? AND r.number > ?`,
        lane,
        seen,
      )
      .map((row) => row.node),
  );
}

interface PlaceInTime {
  id: number;
  lane: number;
  number: number;
  parent: number;
  origin: number | null;
}

/** Where a node had been placed last, of what the author had seen; undefined if nowhere. */
function earlierPlace(
  fold: Fold,
  node: Node,
  isSeen: (at: { lane: number; number: number }) => boolean,
): CyclePlace | undefined {
  const seen = fold.db
    .all<PlaceInTime>(
      `SELECT r.id, r.lane, r.number, p.parent, p.origin FROM tree_place p
       JOIN tree_change c ON c.id = p.change JOIN history_record r ON r.id = p.change
       WHERE p.node = ? AND c.counts = 1 AND p.change <> ?`,
      node.id,
      fold.change,
    )
    .filter(isSeen);
  const [first, ...rest] = seen;
  if (first === undefined) return undefined;
  const last = rest.reduce((best, row) => (fold.stamps.isAfter(row.id, best.id) ? row : best), first);
  return { parent: last.parent, origin: last.origin, stamp: fold.stamps.of(last.id), key: node.key };
}

/** The counting changes, applied so far, that place the node or give it a version. */
function touches(fold: Fold, node: Node): { lane: number; number: number }[] {
  return ["tree_place", "tree_version"].flatMap((table) =>
    fold.db.all<{ lane: number; number: number }>(
      `SELECT r.lane, r.number FROM ${table} t
       JOIN tree_change c ON c.id = t.change JOIN history_record r ON r.id = t.change
       JOIN tree_lane l ON l.lane = r.lane AND r.number <= l.number
       WHERE t.node = ? AND c.counts = 1 AND t.change <> ?`,
      node.id,
      fold.change,
    ),
  );
}
