import type { Operation } from "../records/change.ts";
import { breakCycles, type CyclePlace } from "./cycles.ts";
import { type Fold, unhide } from "./fold.ts";
import { isFolderKey, type Node, ROOT_ID } from "./nodes.ts";

/** A row of `tree_place`. */
export interface PlaceRow {
  readonly node: number;
  readonly parent: number;
  readonly name: string;
}

/** Writes down where a change puts a node. */
export function storePlace(fold: Fold, operation: Extract<Operation, { op: "place" }>): PlaceRow {
  const { db, nodes } = fold;
  const node = nodes.byKey(operation.node);
  const parent = nodes.byKey(operation.parent).id;
  const origin = operation.from === null ? null : nodes.byKey(operation.from).id;
  // Only nodes that were placed more than once can have been elsewhere in somebody's past: see `pastOf`.
  const again = node.place !== null;
  if (again) db.run("UPDATE tree_place SET again = 1 WHERE node = ? AND again = 0", node.id);
  db.run(
    "INSERT INTO tree_place (change, node, parent, origin, name, again) VALUES (?, ?, ?, ?, ?, ?)",
    fold.change,
    node.id,
    parent,
    origin,
    operation.name,
    again ? 1 : 0,
  );
  return { node: node.id, parent, name: operation.name };
}

/** Puts nodes where a change says, if no later place of theirs counts already. */
export function integratePlaces(fold: Fold, places: readonly PlaceRow[]): void {
  const moved: Move[] = [];
  for (const place of places) {
    const node = fold.nodes.byId(place.node);
    if (fold.counts) unhide(fold, node);
    if (!wins(fold, node)) continue;
    node.place = fold.change;
    fold.nodes.rename(node, place.name);
    node.placed = fold.counts;
    fold.nodes.touch(node);
    fold.nodes.refreshShown(node);
    if (!fold.counts) continue;
    if (mayBeInCycle(fold, node, place.parent)) moved.push({ node, parent: place.parent });
    else move(fold, node, place.parent);
  }
  if (moved.length > 0) moveFolders(fold, moved);
}

/** Among places that count the last wins; a place that does not count gives no more than a name to what has none. */
function wins(fold: Fold, node: Node): boolean {
  if (node.placed !== fold.counts) return fold.counts;
  return fold.stamps.isAfter(fold.change, node.place);
}

/**
 * Only a folder that holds something can come to lie in itself. But where cycles are broken, a folder that holds nothing
 * may be one that another would have been shown in, and so decide where that is shown.
 */
function mayBeInCycle(fold: Fold, node: Node, parent: number): boolean {
  if (!isFolderKey(node.key)) return false;
  if (parent === node.id || fold.nodes.hasChildren(node)) return true;
  return fold.nodes.displaced().size > 0 && !fold.nodes.isNew(node);
}

function move(fold: Fold, node: Node, parent: number): void {
  if (node.parent === parent) return;
  fold.nodes.detach(node);
  fold.nodes.attach(node, parent);
}

/** A folder that is to lie in another one. */
interface Move {
  readonly node: Node;
  readonly parent: number;
}

/** Moves folders that hold something, and shows those that make cycles elsewhere, or again where they were put. */
function moveFolders(fold: Fold, moves: readonly Move[]): void {
  const { nodes } = fold;
  if (nodes.displaced().size === 0 && moveInTurn(fold, moves)) return;
  const affected = new Set([...moves.map(({ node }) => node), ...nodes.displaced()]);
  const starts = [...affected].map((node) => node.id);
  const displaced = breakCycles(starts, (id) => currentPlace(fold, nodes.byId(id)), ROOT_ID);
  for (const id of displaced.keys()) affected.add(nodes.byId(id));
  // All are taken out before any is put back, so that there is no cycle in between either.
  for (const node of affected) nodes.detach(node);
  for (const node of affected) {
    const parent = displaced.get(node.id);
    nodes.setDisplaced(node, parent !== undefined);
    nodes.attach(node, parent ?? currentPlace(fold, node)?.parent ?? ROOT_ID);
  }
}

/** Where no cycle is broken anywhere, and none comes of moving one folder after the other; false at the first that would. */
function moveInTurn(fold: Fold, moves: readonly Move[]): boolean {
  return moves.every(({ node, parent }) => {
    if (fold.nodes.isBelow(parent, node.id)) return false;
    move(fold, node, parent);
    return true;
  });
}

function currentPlace(fold: Fold, node: Node): CyclePlace | undefined {
  if (!node.placed || node.place === null) return undefined;
  const row = fold.db.get<{ parent: number; origin: number | null }>(
    "SELECT parent, origin FROM tree_place WHERE change = ? AND node = ?",
    node.place,
    node.id,
  );
  if (row === undefined) throw new Error(`no place of node ${node.id}`);
  return { ...row, stamp: fold.stamps.of(node.place), key: node.key };
}
