/**
 * One fork of the log: which of its children the group follows.
 *
 * A fork is an entry E that several entries follow. M are the members at E, each with all of its devices. A *word* is a
 * pair of a device and an entry that it has named as its newest: the head of a record, or the parent of an entry. It
 * counts at this fork if its device is one (no kit) of somebody of M, listed at the entry that it names, and is not *disowned*:
 * no entry by another device of its own person takes off the list it, or the device or kit that let it in. It *lies under*
 * a child if it names that child or what comes after it. The rules, each on what the ones before it have left:
 *
 * 0. Own word. A child falls if its author has a word under another child, whose author has none under this one: who had
 *    gone on there would not have signed here, so this one was dated back. It stays if another of M, who has not gone on
 *    elsewhere in turn, removes its author under it (else the removed one could say that word afterwards, to undo this).
 *    If all would fall, all stay. Not between children that two devices of one author signed: of these one may be a thief's.
 * 1. Voices. Somebody of M, not the child's author, whose words lie under this child and no other of the fork's children,
 *    those that fell included. The children with most voices stay.
 * 2. Strikes. A child strikes another if its own author, in it or in an entry under it, removes or demotes the other's
 *    author, or removes the device, or replaces the kit, that signed the other, and the other does not do the same to it. In
 *    rounds: who is struck by one that nobody strikes, falls, and its strikes with it. Then, of those that are left: if all
 *    are struck (a cycle), or two remove each other, the fork is *contested*, and nothing in the records decides it; those
 *    that are struck in a cycle fall if another is left.
 * 3. Own word again, with the words of disowned devices: who takes a device of their own off the list cannot unsay with it
 *    what they had seen. Not between children of one author, of whom one may be a thief.
 * 4. Rank. Who was no admin where the fork began does not undo what an admin signed.
 * 5. The smallest digest.
 *
 * All children are judged at once, so nothing depends on the order in which entries arrived. SPEC.md §6.
 */
import type { MemberId, RecordDigest } from "../records/shapes.ts";
import { caseOf, type ForkCase, type Grounds } from "./fork-case.ts";
import {
  type Fall,
  type Falls,
  fellOwnWord,
  fellRank,
  fellStrikes,
  fellUnsaid,
  fellVoices,
  standing,
} from "./fork-rules.ts";
import { childAbove } from "./tree-order.ts";

/** One child of a fork. */
export interface ForkChild {
  readonly digest: RecordDigest;
  readonly author: MemberId;
  /** Null for the child that is followed. */
  readonly fall: Fall | null;
}

/** A fork and what became of it, for the audit view. */
export interface Fork {
  /** The entry that several others follow. */
  readonly at: RecordDigest;
  /** Smallest digest first. */
  readonly children: readonly ForkChild[];
  /** Null if the fork is contested and this device has no entry to stay with. */
  readonly followed: RecordDigest | null;
  readonly contested: boolean;
  /**
   * Why this device follows a child that the records do not lead to: its person has `settled` on it, or it has stood there
   * for long and is to be told before it leaves (`late`). Null where the records decide, or the pin in a contested fork.
   */
  readonly held: "settled" | "late" | null;
}

/** Judges one fork. `pinned` is the entry that this device stays with where the records do not decide. */
export function judgeFork(
  grounds: Grounds,
  options: { readonly at: RecordDigest; readonly pinned: RecordDigest | undefined },
): Fork {
  const fork = caseOf(grounds, options.at);
  const falls: Falls = new Map();
  fellOwnWord(fork, falls);
  fellVoices(fork, falls);
  const contested = fellStrikes(fork, falls);
  if (!contested) {
    fellUnsaid(fork, falls);
    fellRank(fork, falls);
  }
  const followed = contested ? stay(grounds, { fork, falls, pinned: options.pinned }) : standing(fork, falls)[0];
  for (const child of standing(fork, falls)) {
    if (child !== followed) falls.set(child, { rule: contested ? "contested" : "digest" });
  }
  return {
    at: options.at,
    children: fork.children.map((digest) => ({
      digest,
      author: fork.authorOf.get(digest) ?? "",
      fall: falls.get(digest) ?? null,
    })),
    followed: followed ?? null,
    contested,
    held: null,
  };
}

/** The same fork, where this device follows `child` whatever the records say. */
export function heldFork(fork: Fork, child: RecordDigest, held: "settled" | "late"): Fork {
  const children = fork.children.map((each) => {
    if (each.digest === child) return { ...each, fall: null };
    return each.digest === fork.followed ? { ...each, fall: { rule: "held" as const } } : each;
  });
  return { ...fork, children, followed: child, held };
}

/** Where a device stays in a contested fork: with its pin, if that lies under a child that is left. */
function stay(
  grounds: Grounds,
  options: {
    readonly fork: ForkCase;
    readonly falls: ReadonlyMap<RecordDigest, Fall>;
    readonly pinned: RecordDigest | undefined;
  },
): RecordDigest | undefined {
  const { fork, falls, pinned } = options;
  if (pinned === undefined) return undefined;
  const child = childAbove(grounds.order, { entry: pinned, children: fork.children });
  return child !== undefined && !falls.has(child) ? child : undefined;
}
