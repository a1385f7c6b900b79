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
 *    gone on there would not have signed here, so this one was dated back. It stays if another of M removes its author
 *    under it (else the removed one could say that word afterwards, to undo the removal). If all would fall, all stay.
 * 1. Voices. Somebody of M, not the child's author, whose words lie under this child and no other of the fork's children,
 *    those that fell included. The children with most voices stay.
 * 2. Strikes. A child strikes another if its own author, in it or in an entry under it, removes or demotes the other's author,
 *    or removes the device, or replaces the kit, that signed the other, and the other does not do the same to it. In rounds: who is struck by one that nobody strikes, falls, and its strikes
 *    with it. Then, of those that are left: if all are struck (a cycle), or two remove each other, the fork is *contested*,
 *    and nothing in the records decides it; those that are struck in a cycle fall if another is left.
 * 3. Own word again, with the words of disowned devices: who takes a device of their own off the list cannot unsay with it
 *    what they had seen. Not between children of one author, of whom one may be a thief.
 * 4. Rank. Who was no admin where the fork began does not undo what an admin signed.
 * 5. The smallest digest.
 *
 * All children are judged at once, so nothing depends on the order in which entries arrived. SPEC.md §6.
 */
import type { Act } from "../records/entry.ts";
import { ROLES } from "../records/entry.ts";
import type { DeviceKey, MemberId, RecordDigest } from "../records/shapes.ts";
import type { Log } from "./log.ts";
import { isAtLeast, listedDevice, memberById } from "./state.ts";
import { childAbove, type TreeOrder } from "./tree-order.ts";
import { type CountingWord, countingWords, keysTakenOff, type Word } from "./words.ts";

/** Why a child is not the one that is followed. */
export type Fall =
  | { readonly rule: "own-word" } // Dated back: its author had gone on elsewhere.
  | { readonly rule: "voices"; readonly voices: number; readonly most: number }
  | { readonly rule: "struck"; readonly by: RecordDigest } // The entry that removes or demotes its author.
  | { readonly rule: "rank" } // Nobody who manages anybody signed it, and an admin another.
  | { readonly rule: "digest" }
  | { readonly rule: "contested" } // Undecided, and this device stays elsewhere, or nowhere.
  | { readonly rule: "held" }; // What the records lead to; this device stays elsewhere, because of {@link Fork.held}.

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

/** An entry that removes or demotes somebody, or removes some devices of somebody who stays. */
interface Blow {
  readonly entry: RecordDigest;
  readonly author: MemberId;
  /** Of devices: undefined. */
  readonly target?: MemberId;
  readonly devices?: readonly DeviceKey[];
  readonly removes: boolean;
}

type WordsOf = ReadonlyMap<MemberId, ReadonlySet<RecordDigest>>;

/** All that the rules look at, gathered once for one fork. */
interface Case {
  readonly children: readonly RecordDigest[];
  readonly authorOf: ReadonlyMap<RecordDigest, MemberId>;
  /** The device that signed each child. */
  readonly deviceOf: ReadonlyMap<RecordDigest, DeviceKey>;
  readonly members: ReadonlySet<MemberId>;
  /** The children that each of M has words under. */
  readonly wordsOf: WordsOf;
  /** The same, with the words of disowned devices. */
  readonly allWordsOf: WordsOf;
  /** The children that an admin or owner signed. */
  readonly byAdmins: ReadonlySet<RecordDigest>;
  /** Removals and demotions under each child. */
  readonly blows: ReadonlyMap<RecordDigest, readonly Blow[]>;
  /** Those of them that the child's own author signed. */
  readonly ownBlows: ReadonlyMap<RecordDigest, readonly Blow[]>;
}

/** Everything of a log that does not depend on the fork, gathered once. */
export interface Grounds {
  readonly log: Log;
  readonly order: TreeOrder;
  /** Words that counted where they were said, with whose they are. */
  readonly words: readonly CountingWord[];
  readonly blows: readonly Blow[];
}

/** Gathers what the rules need from the log and from what devices have said. */
export function groundsOf(log: Log, options: { readonly order: TreeOrder; readonly words: Iterable<Word> }): Grounds {
  return { log, order: options.order, words: countingWords(log, options.words), blows: blowsOf(log) };
}

function blowsOf(log: Log): readonly Blow[] {
  const blows: Blow[] = [];
  for (const { verified, digest, parent } of log.nodes.values()) {
    const before = parent === null ? undefined : log.nodes.get(parent)?.state;
    if (!before || verified.entry.type !== "conclave/v1/entry") continue;
    const author = listedDevice(before, verified.entry.device)?.member.id ?? "";
    const { act } = verified.entry;
    if (act.act === "remove") blows.push({ entry: digest, author, target: act.member, removes: true });
    const devices = keysTakenOff(before, verified.entry);
    if (devices.length > 0) blows.push({ entry: digest, author, devices, removes: true });
    if (act.act === "role" && isDemotion(act, memberById(before, act.member)?.role)) {
      blows.push({ entry: digest, author, target: act.member, removes: false });
    }
  }
  return blows;
}

function isDemotion(act: Extract<Act, { act: "role" }>, before: (typeof ROLES)[number] | undefined): boolean {
  return before !== undefined && ROLES.indexOf(act.role) < ROLES.indexOf(before);
}

/** Judges one fork. `pinned` is the entry that this device stays with where the records do not decide. */
export function judgeFork(
  grounds: Grounds,
  options: { readonly at: RecordDigest; readonly pinned: RecordDigest | undefined },
): Fork {
  const fork = caseOf(grounds, options.at);
  const falls = new Map<RecordDigest, Fall>();
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

function caseOf(grounds: Grounds, at: RecordDigest): Case {
  const { log, order } = grounds;
  const children = log.children.get(at) ?? [];
  const state = log.nodes.get(at)?.state;
  const members = new Set(state?.members.map((member) => member.id));
  const authorOf = new Map<RecordDigest, MemberId>();
  const deviceOf = new Map<RecordDigest, DeviceKey>();
  const byAdmins = new Set<RecordDigest>();
  for (const child of children) {
    const device = log.nodes.get(child)?.verified.entry.device ?? "";
    // A kit acts for its member like a device: what its member has said elsewhere holds against it.
    const author = state && listedDevice(state, device)?.member; // check: role
    deviceOf.set(child, device);
    authorOf.set(child, author?.id ?? "");
    if (author && isAtLeast(author.role, "admin")) byAdmins.add(child);
  }
  const { wordsOf, allWordsOf } = wordsUnder(grounds, { children, members });
  const blows = new Map<RecordDigest, Blow[]>(children.map((child) => [child, []]));
  for (const blow of grounds.blows) {
    const child = childAbove(order, { entry: blow.entry, children });
    if (child !== undefined) blows.get(child)?.push(blow);
  }
  const ownBlows = new Map(
    [...blows].map(([child, all]) => [child, all.filter((blow) => blow.author === authorOf.get(child))]),
  );
  return { children, authorOf, deviceOf, byAdmins, members, wordsOf, allWordsOf, blows, ownBlows };
}

function wordsUnder(
  { order, words }: Grounds,
  { children, members }: Pick<Case, "children" | "members">,
): Pick<Case, "wordsOf" | "allWordsOf"> {
  const none = () => new Map<MemberId, Set<RecordDigest>>([...members].map((member) => [member, new Set()]));
  const [wordsOf, allWordsOf] = [none(), none()];
  for (const { member, entry, isDisowned } of words) {
    const child = childAbove(order, { entry, children });
    if (child === undefined) continue;
    // Whoever came in later has no word here: else a branch could bring its own voices.
    allWordsOf.get(member)?.add(child); // check: role
    if (!isDisowned) wordsOf.get(member)?.add(child); // check: role
  }
  return { wordsOf, allWordsOf };
}

/** Rule 0. */
function fellOwnWord(fork: Case, falls: Map<RecordDigest, Fall>): void {
  const fallen = fork.children.filter((child) => isDatedBack(fork, child) && !isAuthorRemovedUnder(fork, child));
  if (fallen.length === fork.children.length) return;
  for (const child of fallen) falls.set(child, { rule: "own-word" });
}

function isDatedBack(fork: Case, child: RecordDigest): boolean {
  const own = fork.wordsOf.get(fork.authorOf.get(child) ?? "");
  for (const other of own ?? []) {
    if (other === child) continue;
    const otherAuthor = fork.authorOf.get(other) ?? "";
    if (!fork.wordsOf.get(otherAuthor)?.has(child)) return true;
  }
  return false;
}

function isAuthorRemovedUnder(fork: Case, child: RecordDigest): boolean {
  return (fork.blows.get(child) ?? []).some(
    (blow) =>
      blow.removes &&
      isAimedAt(fork, blow, child) &&
      fork.members.has(blow.author) &&
      // Whom their own device takes off the list says nothing that counts afterwards.
      blow.author !== fork.authorOf.get(child), // check: role
  );
}

/** Rule 3. */
function fellUnsaid(fork: Case, falls: Map<RecordDigest, Fall>): void {
  const left = standing(fork, falls);
  const fallen = left.filter((child) => hasUnsaid(fork, { child, left }) && !isAuthorRemovedUnder(fork, child));
  if (fallen.length === left.length) return;
  for (const child of fallen) falls.set(child, { rule: "own-word" }); // check: role
}

function hasUnsaid(
  { authorOf, allWordsOf }: Case,
  { child, left }: { readonly child: RecordDigest; readonly left: readonly RecordDigest[] },
): boolean {
  const author = authorOf.get(child) ?? "";
  return left.some((other) => {
    const otherAuthor = authorOf.get(other) ?? "";
    if (otherAuthor === author || !allWordsOf.get(author)?.has(other)) return false;
    return !allWordsOf.get(otherAuthor)?.has(child);
  });
}

/** Rule 4. */
function fellRank(fork: Case, falls: Map<RecordDigest, Fall>): void {
  const left = standing(fork, falls);
  if (!left.some((child) => fork.byAdmins.has(child))) return;
  for (const child of left) if (!fork.byAdmins.has(child)) falls.set(child, { rule: "rank" }); // check: role
}

/** Rule 1. */
function fellVoices(fork: Case, falls: Map<RecordDigest, Fall>): void {
  const voices = new Map<RecordDigest, number>(fork.children.map((child) => [child, 0]));
  for (const [member, under] of fork.wordsOf) {
    const [only] = under;
    if (only === undefined || under.size > 1 || fork.authorOf.get(only) === member) continue;
    voices.set(only, (voices.get(only) ?? 0) + 1);
  }
  const most = standing(fork, falls).reduce((max, child) => Math.max(max, voices.get(child) ?? 0), 0);
  for (const child of standing(fork, falls)) {
    const own = voices.get(child) ?? 0;
    if (own < most) falls.set(child, { rule: "voices", voices: own, most });
  }
}

/** Rule 2. True if the fork is contested. */
function fellStrikes(fork: Case, falls: Map<RecordDigest, Fall>): boolean {
  for (let isQuiet = false; !isQuiet; ) {
    const left = standing(fork, falls);
    const armed = left.filter((child) => ownBlows(fork, child).length > 0);
    const free = left.filter((child) => !armed.some((other) => strike(fork, other, child)));
    const strikers = free.filter((child) => armed.includes(child));
    const struck = left.filter((child) => strikers.some((other) => strike(fork, other, child)));
    for (const child of struck) falls.set(child, strikeFall(fork, strikers, child));
    isQuiet = struck.length === 0;
  }
  const left = standing(fork, falls);
  const armed = left.filter((child) => ownBlows(fork, child).length > 0);
  const inCycle = left.filter((child) => armed.some((other) => strike(fork, other, child)));
  if (inCycle.length === left.length) return left.length > 0;
  for (const child of inCycle) falls.set(child, strikeFall(fork, armed, child));
  const rest = armed.filter((child) => !falls.has(child));
  return rest.some((child) => rest.some((other) => blowAt(fork, child, other) && blowAt(fork, other, child)));
}

function strikeFall(fork: Case, strikers: readonly RecordDigest[], child: RecordDigest): Fall {
  const by = strikers.map((other) => strike(fork, other, child)).find((blow) => blow !== undefined);
  return { rule: "struck", by: by?.entry ?? "" };
}

/** The blow by which one child strikes another, if it does and is not struck back. */
function strike(fork: Case, from: RecordDigest, to: RecordDigest): Blow | undefined {
  return blowAt(fork, to, from) ? undefined : blowAt(fork, from, to);
}

/** An entry in or under `from`, by its own author, against the author of `to`. */
function blowAt(fork: Case, from: RecordDigest, to: RecordDigest): Blow | undefined {
  if (fork.deviceOf.get(from) === fork.deviceOf.get(to)) return undefined;
  const isOwnAuthor = fork.authorOf.get(from) === fork.authorOf.get(to);
  return ownBlows(fork, from).find((blow) => isAimedAt(fork, blow, to) && !(isOwnAuthor && blow.devices === undefined));
}

/** Whether a blow is against who signed a child: that person, or that very device. */
function isAimedAt(fork: Case, blow: Blow, child: RecordDigest): boolean {
  if (blow.devices === undefined) return blow.target === fork.authorOf.get(child);
  return blow.devices.includes(fork.deviceOf.get(child) ?? "");
}

function ownBlows(fork: Case, child: RecordDigest): readonly Blow[] {
  return fork.ownBlows.get(child) ?? [];
}

/** Where a device stays in a contested fork: with its pin, if that lies under a child that is left. */
function stay(
  grounds: Grounds,
  options: {
    readonly fork: Case;
    readonly falls: ReadonlyMap<RecordDigest, Fall>;
    readonly pinned: RecordDigest | undefined;
  },
): RecordDigest | undefined {
  const { fork, falls, pinned } = options;
  if (pinned === undefined) return undefined;
  const child = childAbove(grounds.order, { entry: pinned, children: fork.children });
  return child !== undefined && !falls.has(child) ? child : undefined;
}

function standing(fork: Case, falls: ReadonlyMap<RecordDigest, Fall>): RecordDigest[] {
  return fork.children.filter((child) => !falls.has(child));
}
