/** The rules on forks that `fork.ts` describes. Each lets children fall of those that the ones before it left. */
import type { RecordDigest } from "../records/shapes.ts";
import type { Blow } from "./blows.ts";
import type { ForkCase } from "./fork-case.ts";

/** Why a child is not the one that is followed. */
export type Fall =
  | { readonly rule: "own-word" } // Dated back: its author had gone on elsewhere.
  | { readonly rule: "voices"; readonly voices: number; readonly most: number }
  | { readonly rule: "struck"; readonly by: RecordDigest } // The entry that removes or demotes its author.
  | { readonly rule: "rank" } // Nobody who manages anybody signed it, and an admin another.
  | { readonly rule: "digest" }
  | { readonly rule: "contested" } // Undecided, and this device stays elsewhere, or nowhere.
  | { readonly rule: "held" }; // What the records lead to; this device stays elsewhere, as `Fork.held` says.

/** Those that have fallen so far, and why. The rules add to it. */
export type Falls = Map<RecordDigest, Fall>;

/** Rule 0. */
export function fellOwnWord(fork: ForkCase, falls: Falls): void {
  const fallen = fork.children.filter((child) => isDatedBack(fork, child) && !isAuthorRemovedUnder(fork, child));
  if (fallen.length === fork.children.length) return;
  for (const child of fallen) falls.set(child, { rule: "own-word" });
}

function isDatedBack(fork: ForkCase, child: RecordDigest): boolean {
  const own = fork.wordsOf.get(fork.authorOf.get(child) ?? "");
  for (const other of own ?? []) {
    if (isByAnotherDevice(fork, child, other)) continue; // check: role
    const otherAuthor = fork.authorOf.get(other) ?? "";
    if (!fork.wordsOf.get(otherAuthor)?.has(child)) return true;
  }
  return false;
}

/** One of two devices of one person may be a thief's: its words are no proof against what the other one signed. */
function isByAnotherDevice({ authorOf, deviceOf }: ForkCase, child: RecordDigest, other: RecordDigest): boolean {
  return authorOf.get(child) === authorOf.get(other) && deviceOf.get(child) !== deviceOf.get(other);
}

function isAuthorRemovedUnder(fork: ForkCase, child: RecordDigest): boolean {
  return (fork.blows.get(child) ?? []).some(
    (blow) =>
      blow.removes &&
      isAimedAt(fork, blow, child) &&
      fork.members.has(blow.author) &&
      // Whom their own device takes off the list says nothing that counts afterwards.
      blow.author !== fork.authorOf.get(child), // check: role
  );
}

/** Rule 1. */
export function fellVoices(fork: ForkCase, falls: Falls): void {
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
export function fellStrikes(fork: ForkCase, falls: Falls): boolean {
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

function strikeFall(fork: ForkCase, strikers: readonly RecordDigest[], child: RecordDigest): Fall {
  const by = strikers.map((other) => strike(fork, other, child)).find((blow) => blow !== undefined);
  return { rule: "struck", by: by?.entry ?? "" };
}

/** The blow by which one child strikes another, if it does and is not struck back. */
function strike(fork: ForkCase, from: RecordDigest, to: RecordDigest): Blow | undefined {
  return blowAt(fork, to, from) ? undefined : blowAt(fork, from, to);
}

/** An entry in or under `from`, by its own author, against the author of `to`. */
function blowAt(fork: ForkCase, from: RecordDigest, to: RecordDigest): Blow | undefined {
  if (fork.deviceOf.get(from) === fork.deviceOf.get(to)) return undefined;
  const isOwnAuthor = fork.authorOf.get(from) === fork.authorOf.get(to);
  return ownBlows(fork, from).find((blow) => isAimedAt(fork, blow, to) && !(isOwnAuthor && blow.devices === undefined));
}

/** Rule 3. */
export function fellUnsaid(fork: ForkCase, falls: Falls): void {
  const left = standing(fork, falls);
  const fallen = left.filter((child) => hasUnsaid(fork, { child, left }) && !isAuthorRemovedUnder(fork, child));
  if (fallen.length === left.length) return;
  for (const child of fallen) falls.set(child, { rule: "own-word" }); // check: role
}

function hasUnsaid(
  { authorOf, allWordsOf }: ForkCase,
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
export function fellRank(fork: ForkCase, falls: Falls): void {
  const left = standing(fork, falls);
  if (!left.some((child) => fork.byAdmins.has(child))) return;
  for (const child of left) if (!fork.byAdmins.has(child)) falls.set(child, { rule: "rank" }); // check: role
}

/** Whether a blow is against who signed a child: that person, or that very device. */
function isAimedAt(fork: ForkCase, blow: Blow, child: RecordDigest): boolean {
  if (blow.devices === undefined) return blow.target === fork.authorOf.get(child);
  return blow.devices.includes(fork.deviceOf.get(child) ?? "");
}

function ownBlows(fork: ForkCase, child: RecordDigest): readonly Blow[] {
  return fork.ownBlows.get(child) ?? [];
}

export function standing(fork: ForkCase, falls: Readonly<Falls>): RecordDigest[] {
  return fork.children.filter((child) => !falls.has(child));
}
