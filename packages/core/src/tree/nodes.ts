import type { SqlDatabase } from "../ports/sql.ts";
import { searchForm } from "./search-form.ts";

/** The root's number in `tree_node`. */
export const ROOT_ID = 1;

/** A row of `tree_node`: what follows for one node from the changes that count. */
export interface Node {
  readonly id: number;
  /** The node's id in records. */
  readonly key: string;
  /** The change that placed it last, or, while none counts, the last of those that do not. */
  place: number | null;
  /** Whether a place of it counts. */
  placed: boolean;
  /** Where it is shown: never in a cycle. Null of the root alone, and while it is being moved. */
  parent: number | null;
  name: string;
  /** Whether it is shown elsewhere than where it was placed last, to break a cycle. */
  displaced: boolean;
  /** The greatest current version's change; of a file or link. */
  version: number | null;
  /** How many versions are current; more than one are a conflict. */
  versions: number;
  /** The last delete that hides it. */
  deleted: number | null;
  /** How many nodes in it are shown. */
  live: number;
  /** Whether it is shown: by itself, or because something in it is. */
  shown: boolean;
}

type NodeRow = { [Key in keyof Node]: Node[Key] extends boolean ? number : Node[Key] };

const IS_BELOW = `
WITH RECURSIVE way (id) AS (
  SELECT ?1
  UNION ALL
  SELECT n.parent FROM way JOIN tree_node n ON n.id = way.id WHERE n.parent IS NOT NULL
)
SELECT 1 FROM way WHERE id = ?2 LIMIT 1`;

/**
 * Nodes read and changed in memory while one change is applied, and written once at the end of it.
 *
 * A node that nothing has placed yet is in the root under a name drawn from its id, and not shown by itself.
 */
export class Nodes {
  readonly #db: SqlDatabase;
  readonly #byId = new Map<number, Node>();
  readonly #byKey = new Map<string, Node>();
  readonly #fresh = new Set<Node>();
  readonly #changed = new Set<Node>();
  /** Nodes that hold others for certain, though that may not be written yet. */
  readonly #holding = new Set<number>();
  readonly #made = new Set<Node>();
  readonly #renamed = new Set<Node>();
  #displaced: Set<Node> | undefined;
  #nextId: number | undefined;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  byId(id: number): Node {
    const node = this.#byId.get(id) ?? this.#load(this.#db.get<NodeRow>("SELECT * FROM tree_node WHERE id = ?", id));
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  }

  /** The node of that id in records; made if it is new. */
  byKey(key: string): Node {
    return (
      this.#byKey.get(key) ??
      this.#load(this.#db.get<NodeRow>("SELECT * FROM tree_node WHERE key = ?", key)) ??
      this.#make(key)
    );
  }

  /** What is shown or hidden in the node. Writes first. */
  childrenOf(id: number): Node[] {
    this.flush();
    return this.#db
      .all<NodeRow>("SELECT * FROM tree_node WHERE parent = ?", id)
      .map((row) => this.#byId.get(row.id) ?? (this.#load(row) as Node));
  }

  /** All nodes that are shown elsewhere to break a cycle. */
  displaced(): ReadonlySet<Node> {
    if (this.#displaced === undefined) {
      const rows = this.#db.all<{ id: number }>("SELECT id FROM tree_node WHERE displaced = 1");
      this.#displaced = new Set(rows.map((row) => this.byId(row.id)));
    }
    return this.#displaced;
  }

  setDisplaced(node: Node, displaced: boolean): void {
    this.displaced();
    if (displaced) this.#displaced?.add(node);
    else this.#displaced?.delete(node);
    node.displaced = displaced;
    this.touch(node);
  }

  /** Whether no change before the one that is being applied names the node. */
  isNew(node: Node): boolean {
    return this.#made.has(node);
  }

  hasChildren(node: Node): boolean {
    if (this.#holding.has(node.id)) return true;
    if (this.#fresh.has(node)) return false;
    return this.#db.get("SELECT 1 FROM tree_node WHERE parent = ? LIMIT 1", node.id) !== undefined;
  }

  /**
   * Whether a node is shown somewhere below another one, or is that one. Writes first. One statement, however deep it lies:
   * who moves a folder at the end of a long chain again and again has everybody ask this each time.
   */
  isBelow(id: number, above: number): boolean {
    this.flush();
    return this.#db.get(IS_BELOW, id, above) !== undefined;
  }

  /** To be called after each assignment to a node's fields. */
  touch(node: Node): void {
    this.#changed.add(node);
  }

  /** Gives a node its name; names are kept as they are searched too. */
  rename(node: Node, name: string): void {
    if (node.name === name) return;
    node.name = name;
    this.#renamed.add(node);
    this.touch(node);
  }

  /** Takes a node out of its folder. Until {@link attach} it is nowhere. */
  detach(node: Node): void {
    if (node.parent !== null && node.shown) this.#countLive(node.parent, -1);
    node.parent = null;
    this.touch(node);
  }

  attach(node: Node, parent: number): void {
    node.parent = parent;
    this.#holding.add(parent);
    this.touch(node);
    if (node.shown) this.#countLive(parent, 1);
  }

  /** Shows or hides the node, and the folders above it that are shown only for what is in them. */
  refreshShown(node: Node): void {
    const shown = node.live > 0 || isShownByItself(node);
    if (shown === node.shown) return;
    node.shown = shown;
    this.touch(node);
    if (node.parent !== null) this.#countLive(node.parent, shown ? 1 : -1);
  }

  /** Writes what has changed. */
  flush(): void {
    for (const node of this.#fresh) {
      this.#db.run(
        "INSERT INTO tree_node VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        node.id,
        node.key,
        ...columnsOf(node),
      );
      this.#db.run("INSERT INTO tree_find (rowid, name) VALUES (?, ?)", node.id, searchForm(node.name));
    }
    for (const node of this.#renamed) {
      if (this.#fresh.has(node)) continue;
      this.#db.run("UPDATE tree_find SET name = ? WHERE rowid = ?", searchForm(node.name), node.id);
    }
    for (const node of this.#changed) {
      if (this.#fresh.has(node)) continue;
      this.#db.run(
        `UPDATE tree_node SET place = ?, placed = ?, parent = ?, name = ?, displaced = ?, version = ?, versions = ?,
         deleted = ?, live = ?, shown = ? WHERE id = ?`,
        ...columnsOf(node),
        node.id,
      );
    }
    this.#fresh.clear();
    this.#renamed.clear();
    this.#changed.clear();
  }

  /** Steps up instead of calling itself: trees may be deeper than the stack. */
  #countLive(id: number, by: 1 | -1): void {
    for (let next: number | null = id; next !== null; ) {
      const node: Node = this.byId(next);
      node.live += by;
      this.touch(node);
      const shown = node.live > 0 || isShownByItself(node);
      if (shown === node.shown) return;
      node.shown = shown;
      next = node.parent;
    }
  }

  #load(row: NodeRow | undefined): Node | undefined {
    if (row === undefined) return undefined;
    return this.#keep({
      ...row,
      placed: row.placed === 1,
      displaced: row.displaced === 1,
      shown: row.shown === 1,
    });
  }

  #make(key: string): Node {
    this.#nextId ??= (this.#db.get("SELECT max(id) + 1 AS id FROM tree_node") as { id: number }).id;
    const node = this.#keep({ id: this.#nextId++, key, ...unplacedNode(key) });
    this.#fresh.add(node);
    this.#made.add(node);
    return node;
  }

  #keep(node: Node): Node {
    this.#byId.set(node.id, node);
    this.#byKey.set(node.key, node);
    return node;
  }
}

/** What is known of a node that was only ever named: enough to show what somebody put into it. */
export function unplacedNode(key: string): Omit<Node, "id" | "key"> {
  return {
    place: null,
    placed: false,
    parent: ROOT_ID,
    name: recoveredName(key),
    displaced: false,
    version: null,
    versions: 0,
    deleted: null,
    live: 0,
    shown: false,
  };
}

/** The name of a node that no change ever named. */
export function recoveredName(key: string): string {
  return `recovered-${key.slice(1, 9)}`;
}

export function isFolderKey(key: string): boolean {
  return key.startsWith("d") || key === "root";
}

function isShownByItself(node: Node): boolean {
  if (node.id === ROOT_ID) return true;
  if (node.deleted !== null) return false;
  return isFolderKey(node.key) ? node.placed : node.version !== null;
}

function columnsOf(node: Node): (string | number | null)[] {
  return [
    node.place,
    node.placed ? 1 : 0,
    node.parent,
    node.name,
    node.displaced ? 1 : 0,
    node.version,
    node.versions,
    node.deleted,
    node.live,
    node.shown ? 1 : 0,
  ];
}
