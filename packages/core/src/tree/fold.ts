import type { Position } from "../history/lanes.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { Node, Nodes } from "./nodes.ts";
import type { Stamps } from "./stamps.ts";

/** What one change is applied with. */
export interface Fold {
  readonly db: SqlDatabase;
  readonly nodes: Nodes;
  readonly stamps: Stamps;
  /** The change's number in `history_record`. */
  readonly change: number;
  readonly at: Position;
  readonly counts: boolean;
}

/** Hides a node. The last of the deletes that hide it is kept, as the one to show in the trash. */
export function hide(fold: Fold, node: Node): void {
  if (!fold.stamps.isAfter(fold.change, node.deleted)) return;
  node.deleted = fold.change;
  fold.nodes.touch(node);
  fold.nodes.refreshShown(node);
}

/** Shows a node that was hidden: no delete that is applied already can have seen the change that is being applied. */
export function unhide(fold: Fold, node: Node): void {
  if (node.deleted === null) return;
  node.deleted = null;
  fold.nodes.touch(node);
  fold.nodes.refreshShown(node);
}
