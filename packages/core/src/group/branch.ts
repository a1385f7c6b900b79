/**
 * The choice of branch: from the first entry on, at each fork the child that the rules of `fork.ts` give. A pure function
 * of log and words: everybody who has the same records makes the same choice, but for what a device holds on to: what its
 * person has settled, a branch that it has stood on for long (`late.ts`), and its pin in a contested fork. SPEC.md §6.
 */
import type { RecordDigest } from "../records/shapes.ts";
import { type Fork, heldFork, judgeFork } from "./fork.ts";
import { type Grounds, groundsOf } from "./fork-case.ts";
import { undoesLoss } from "./late.ts";
import type { Log } from "./log.ts";
import type { GroupState } from "./state.ts";
import { childAbove, treeOrder } from "./tree-order.ts";
import type { Word } from "./words.ts";

/** The branch that a device follows, and every fork that it met on the way. */
export interface Choice {
  /** The newest entry of the branch. */
  readonly head: RecordDigest;
  /** The group as of the head. */
  readonly state: GroupState;
  /** From the first entry to the head. */
  readonly path: readonly RecordDigest[];
  readonly forks: readonly Fork[];
  /** Whether any of the forks met is one that the records do not decide. */
  readonly contested: boolean;
  /** Whether the choice ended at a contested fork, for want of a pin: nothing may be signed on it. */
  readonly undecided: boolean;
  /** Whether the records lead to another branch, and this device is to be told before it goes there: nothing may be signed. */
  readonly late: boolean;
}

/** What a device holds on to. */
export interface Hold {
  /** The newest entry that this device has stood on, or its address names. */
  readonly pinned?: RecordDigest;
  /** The entry that its person has settled on: it is followed, whatever the records say. */
  readonly settled?: RecordDigest;
  /** Entries that it has followed for longer than the store's lag and an hour. */
  readonly stood?: ReadonlySet<RecordDigest>;
}

/**
 * Chooses the branch.
 *
 * @param options.words - Heads that rightly signed records name, in any order. Parents of entries need not be among them.
 * @returns Undefined as long as the first entry was not seen.
 */
export function chooseBranch(log: Log, options: Hold & { readonly words: Iterable<Word> }): Choice | undefined {
  if (!log.nodes.has(log.group)) return undefined;
  const grounds = groundsOf(log, { order: treeOrder(log), words: options.words });
  return choiceOf(log, walk(grounds, { from: log.group, hold: options }));
}

interface Way {
  readonly path: readonly RecordDigest[];
  readonly forks: readonly Fork[];
}

function walk(grounds: Grounds, { from, hold }: { readonly from: RecordDigest; readonly hold: Hold }): Way {
  const path: RecordDigest[] = [];
  const forks: Fork[] = [];
  for (let next: RecordDigest | null | undefined = from; next; ) {
    path.push(next);
    const children: readonly RecordDigest[] = grounds.log.children.get(next) ?? [];
    if (children.length < 2) {
      next = children[0];
      continue;
    }
    const fork = holdOn(grounds, { fork: judgeFork(grounds, { at: next, pinned: hold.pinned }), hold });
    forks.push(fork);
    next = fork.followed;
  }
  return { path, forks };
}

/** What a device makes of a fork that the records have judged. */
function holdOn(grounds: Grounds, { fork, hold }: { readonly fork: Fork; readonly hold: Hold }): Fork {
  const above = (entry: RecordDigest | undefined) =>
    entry === undefined
      ? undefined
      : childAbove(grounds.order, { entry, children: grounds.log.children.get(fork.at) ?? [] });
  const settled = above(hold.settled);
  if (settled !== undefined) {
    return settled === fork.followed && !fork.contested ? fork : heldFork(fork, settled, "settled");
  }
  const own = above(hold.pinned);
  if (own === undefined || fork.contested || own === fork.followed || !hold.stood?.has(own)) return fork;
  return leadsToUndoing(grounds, { fork, pinned: hold.pinned ?? own }) ? heldFork(fork, own, "late") : fork;
}

function leadsToUndoing(grounds: Grounds, { fork, pinned }: { readonly fork: Fork; readonly pinned: RecordDigest }) {
  const { nodes } = grounds.log;
  const end = fork.followed === null ? undefined : walk(grounds, { from: fork.followed, hold: {} }).path.at(-1);
  const [at, here, there] = [fork.at, pinned, end ?? ""].map((entry) => nodes.get(entry)?.state);
  return at !== undefined && here !== undefined && there !== undefined && undoesLoss({ at, here, there });
}

function choiceOf(log: Log, way: Way): Choice {
  const head = way.path.at(-1) ?? log.group;
  const state = log.nodes.get(head)?.state;
  if (!state) throw new Error("the branch leads to an entry that does not count");
  return {
    ...way,
    head,
    state,
    contested: way.forks.some((fork) => fork.contested),
    undecided: way.forks.some((fork) => fork.followed === null),
    late: way.forks.some((fork) => fork.held === "late"),
  };
}
