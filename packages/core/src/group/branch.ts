/**
 * The choice of branch: from the first entry on, at each fork the child that the rules of `fork.ts` give. A pure function
 * of log, words and pin: everybody who has the same records makes the same choice. SPEC.md §6.
 */
import type { RecordDigest } from "../records/shapes.ts";
import { type Fork, groundsOf, judgeFork, type Word } from "./fork.ts";
import type { Log } from "./log.ts";
import type { GroupState } from "./state.ts";
import { treeOrder } from "./tree-order.ts";

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
}

/**
 * Chooses the branch.
 *
 * @param options.words - Heads that rightly signed records name, in any order. Parents of entries need not be among them.
 * @param options.pinned - The newest entry that this device has stood on, or its address names. Looked at only where the
 *   group is contested.
 * @returns Undefined as long as the first entry was not seen.
 */
export function chooseBranch(
  log: Log,
  options: { readonly words: Iterable<Word>; readonly pinned?: RecordDigest },
): Choice | undefined {
  if (!log.nodes.has(log.group)) return undefined;
  const grounds = groundsOf(log, { order: treeOrder(log), words: options.words });
  const path: RecordDigest[] = [];
  const forks: Fork[] = [];
  for (let next: RecordDigest | null | undefined = log.group; next; ) {
    path.push(next);
    const children: readonly RecordDigest[] = log.children.get(next) ?? [];
    if (children.length < 2) {
      next = children[0];
      continue;
    }
    const fork = judgeFork(grounds, { at: next, pinned: options.pinned });
    forks.push(fork);
    next = fork.followed;
  }
  return choiceOf(log, { path, forks });
}

function choiceOf(log: Log, way: { readonly path: readonly RecordDigest[]; readonly forks: readonly Fork[] }): Choice {
  const head = way.path.at(-1) ?? log.group;
  const state = log.nodes.get(head)?.state;
  if (!state) throw new Error("the branch leads to an entry that does not count");
  return {
    ...way,
    head,
    state,
    contested: way.forks.some((fork) => fork.contested),
    undecided: way.forks.some((fork) => fork.followed === null),
  };
}
