/**
 * The tree by its definition, without any index: what the tables must say, computed from the set of changes alone.
 * Slow and plain on purpose.
 */
import { toHex } from "../../src/encoding/hex.ts";
import type { SqlDatabase } from "../../src/ports/sql.ts";
import type { Operation } from "../../src/records/change.ts";
import { IS_PURGED } from "../../src/tree/purges.ts";
import type { MadeChange } from "./writers.ts";

/** One node as the tree has it. */
export interface ModelNode {
  readonly node: string;
  readonly parent: string;
  readonly name: string;
  readonly version: string | null;
  readonly versions: number;
  readonly deleted: string | null;
  readonly shown: boolean;
}

type Of<Kind extends Operation["op"]> = Extract<Operation, { op: Kind }> & { readonly change: MadeChange };

/** What the changes among `arrived` make, whose causes have arrived too. */
export function modelTree(arrived: readonly MadeChange[]): ModelNode[] {
  return new Model(arrived).nodes();
}

/** Every node that is purged. */
export function modelPurged(arrived: readonly MadeChange[]): string[] {
  return new Model(arrived).purged();
}

class Model {
  readonly #all: ReadonlyMap<string, MadeChange>;
  readonly #applied: readonly MadeChange[];
  readonly #pasts = new Map<string, Set<string>>();
  readonly #clocks = new Map<string, number>();

  constructor(arrived: readonly MadeChange[]) {
    this.#all = new Map(arrived.map((change) => [change.digest, change]));
    this.#applied = arrived.filter((change) => this.#isApplied(change));
  }

  nodes(): ModelNode[] {
    const counting = this.#applied.filter((change) => change.counts);
    const parents = this.#parents(counting);
    const deleted = this.#deleted(counting);
    const plain = this.#mentioned().map((node) => {
      const versions = this.#currentVersions(node);
      const isPlaced = this.#ops("place", counting).some((op) => op.node === node);
      const isThere = node.startsWith("d") ? isPlaced : versions.length > 0;
      const hidden = deleted.get(node) ?? null;
      return {
        node,
        parent: parents.get(node) ?? "root",
        name: this.#name(node),
        version: versions[0]?.digest ?? null,
        versions: versions.length,
        deleted: hidden,
        shown: isThere && hidden === null,
      };
    });
    return this.#showFolders(plain).sort((left, right) => (left.node < right.node ? -1 : 1));
  }

  purged(): string[] {
    const counting = this.#applied.filter((change) => change.counts);
    const isPurged = (node: string) => {
      const touches = counting.filter((change) => change.operations.some((op) => isTouch(op, node)));
      return this.#ops("purge", counting)
        .filter((op) => op.node === node)
        .some(({ change }) => touches.every(({ digest }) => this.#past(change).has(digest)));
    };
    return [...this.#deleted(counting).keys()].filter(isPurged).sort();
  }

  #causes(change: MadeChange): string[] {
    return change.previous === null ? [...change.parents] : [change.previous, ...change.parents];
  }

  #isApplied(change: MadeChange): boolean {
    return this.#causes(change).every((cause) => {
      const known = this.#all.get(cause);
      return known !== undefined && this.#isApplied(known);
    });
  }

  /** Digests of all that a change builds on, without itself. */
  #past(change: MadeChange): Set<string> {
    let past = this.#pasts.get(change.digest);
    if (past === undefined) {
      past = new Set(this.#causes(change).flatMap((cause) => [cause, ...this.#past(this.#get(cause))]));
      this.#pasts.set(change.digest, past);
    }
    return past;
  }

  #get(digest: string): MadeChange {
    return this.#all.get(digest) as MadeChange;
  }

  #clock(change: MadeChange): number {
    let clock = this.#clocks.get(change.digest);
    if (clock === undefined) {
      clock = 1 + Math.max(0, ...this.#causes(change).map((cause) => this.#clock(this.#get(cause))));
      this.#clocks.set(change.digest, clock);
    }
    return clock;
  }

  #compare(left: MadeChange, right: MadeChange): number {
    return this.#clock(left) - this.#clock(right) || (left.digest < right.digest ? -1 : left === right ? 0 : 1);
  }

  #last<Item extends { readonly change: MadeChange }>(items: readonly Item[]): Item | undefined {
    return items.toSorted((left, right) => this.#compare(left.change, right.change)).at(-1);
  }

  #ops<Kind extends Operation["op"]>(kind: Kind, changes: readonly MadeChange[]): Of<Kind>[] {
    return changes.flatMap((change) =>
      change.operations.filter((op) => op.op === kind).map((op) => ({ ...op, change }) as Of<Kind>),
    );
  }

  #mentioned(): string[] {
    const nodes = new Set<string>();
    for (const { operations } of this.#applied) {
      for (const op of operations) {
        if (op.op === "blob") continue;
        nodes.add(op.node);
        if (op.op === "place") for (const other of [op.parent, op.from ?? "root"]) nodes.add(other);
      }
    }
    nodes.delete("root");
    return [...nodes];
  }

  #name(node: string): string {
    const places = this.#ops("place", this.#applied).filter((op) => op.node === node);
    const counting = places.filter((op) => op.change.counts);
    return (this.#last(counting) ?? this.#last(places))?.name ?? `recovered-${node.slice(1, 9)}`;
  }

  /** Where each node is shown by these changes: cycles broken one at a time, greatest stamp first. */
  #parents(changes: readonly MadeChange[]): Map<string, string> {
    const winners = new Map<string, Of<"place">>();
    for (const op of this.#ops("place", changes)) {
      winners.set(
        op.node,
        this.#last([op, ...(winners.has(op.node) ? [winners.get(op.node) as Of<"place">] : [])]) as Of<"place">,
      );
    }
    const parents = new Map([...winners].map(([node, op]) => [node, op.parent]));
    const displaced = new Set<string>();
    for (;;) {
      const cyclic = [...winners.values()].filter((op) => isInCycle(op.node, parents));
      const next = cyclic.sort((a, b) => this.#compare(a.change, b.change) || (a.node < b.node ? -1 : 1)).at(-1);
      if (next === undefined) return parents;
      parents.set(next.node, displaced.has(next.node) ? "root" : (next.from ?? "root"));
      displaced.add(next.node);
    }
  }

  #currentVersions(node: string): MadeChange[] {
    const has = (change: MadeChange) =>
      change.operations.some((op) => (op.op === "file" || op.op === "link") && op.node === node);
    const counting = this.#applied.filter((change) => change.counts && has(change));
    const replaced = new Set(counting.flatMap((change) => [...this.#replacedBy(change, node)]));
    return counting.filter((change) => !replaced.has(change.digest)).sort((a, b) => this.#compare(b, a));
  }

  /** The changes whose versions of the node a change's version replaces, passing through all that they replaced. */
  #replacedBy(change: MadeChange, node: string): Set<string> {
    const replaced = new Set<string>();
    for (const op of change.operations) {
      if ((op.op !== "file" && op.op !== "link") || op.node !== node) continue;
      for (const digest of op.replaces.filter((other) => this.#past(change).has(other))) {
        replaced.add(digest);
        for (const further of this.#replacedBy(this.#get(digest), node)) replaced.add(further);
      }
    }
    return replaced;
  }

  /** The last delete that hides each node. */
  #deleted(counting: readonly MadeChange[]): Map<string, string> {
    const hiding = new Map<string, Of<"delete">[]>();
    for (const op of this.#ops("delete", counting)) {
      const past = this.#past(op.change);
      const parents = this.#parents(counting.filter((change) => past.has(change.digest)));
      for (const node of this.#mentioned()) {
        if (!isBelow(node, op.node, parents)) continue;
        const touches = counting.filter((change) => change.operations.some((other) => isTouch(other, node)));
        if (!touches.every((change) => past.has(change.digest))) continue;
        hiding.set(node, [...(hiding.get(node) ?? []), op]);
      }
    }
    return new Map([...hiding].map(([node, deletes]) => [node, this.#last(deletes)?.change.digest as string]));
  }

  #showFolders(nodes: readonly ModelNode[]): ModelNode[] {
    const byId = new Map(nodes.map((node) => [node.node, node]));
    const shown = new Set<string>();
    for (const { node } of nodes.filter((one) => one.shown)) {
      for (let at = node; at !== "root"; at = byId.get(at)?.parent ?? "root") shown.add(at);
    }
    return nodes.map((node) => ({ ...node, shown: shown.has(node.node) }));
  }
}

function isTouch(op: Operation, node: string): boolean {
  return (op.op === "place" || op.op === "file" || op.op === "link") && op.node === node;
}

function isInCycle(node: string, parents: ReadonlyMap<string, string>): boolean {
  const walked = new Set<string>();
  for (let at = parents.get(node); at !== undefined && !walked.has(at); at = parents.get(at)) {
    if (at === node) return true;
    walked.add(at);
  }
  return false;
}

function isBelow(node: string, top: string, parents: ReadonlyMap<string, string>): boolean {
  for (let at: string | undefined = node; at !== undefined; at = parents.get(at)) if (at === top) return true;
  return false;
}

/** {@link modelPurged} from the tables. */
export function indexedPurged(db: SqlDatabase): string[] {
  return db
    .all<{ key: string }>(`SELECT n.key FROM tree_node n WHERE ${IS_PURGED} ORDER BY n.key`)
    .map(({ key }) => key);
}

/** The same from the tables. */
export function indexedTree(db: SqlDatabase): ModelNode[] {
  return db
    .all<
      Omit<ModelNode, "shown" | "version" | "deleted"> & {
        shown: number;
        version: Uint8Array | null;
        deleted: Uint8Array | null;
      }
    >(
      `SELECT n.key AS node, p.key AS parent, n.name, v.digest AS version, n.versions, d.digest AS deleted, n.shown
       FROM tree_node n JOIN tree_node p ON p.id = n.parent
       LEFT JOIN history_record v ON v.id = n.version LEFT JOIN history_record d ON d.id = n.deleted
       ORDER BY n.key`,
    )
    .map((row) => ({
      ...row,
      version: row.version === null ? null : toHex(row.version),
      deleted: row.deleted === null ? null : toHex(row.deleted),
      shown: row.shown === 1,
    }));
}
