/** The rules on forks that `fork.ts` describes. Each lets children fall of those that the ones before it left. */
import type { DeviceKey, MemberId, RecordDigest } from "../records/shapes.ts";
import type { Blow } from "./blows.ts";
import type { ForkCase } from "./fork-case.ts";
import { hasMutual, Strikes } from "./strikes.ts";

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
  const spoken = spokenUnder(fork);
  const fallen = fork.children.filter(
    (child) => isDatedBack(fork, { child, spoken }) && !isAuthorRemovedUnder(fork, { child, spoken }),
  );
  if (fallen.length === fork.children.length) return;
  for (const child of fallen) falls.set(child, { rule: "own-word" });
}

/** Under how many children that each device has signed somebody has a word. */
type Spoken = ReadonlyMap<MemberId, ReadonlyMap<DeviceKey, number>>;

function spokenUnder({ wordsOf, deviceOf }: ForkCase): Spoken {
  const signersOf = (children: ReadonlySet<RecordDigest>) => {
    const signers = new Map<DeviceKey, number>();
    for (const child of children) {
      const signer = deviceOf.get(child) ?? "";
      signers.set(signer, (signers.get(signer) ?? 0) + 1);
    }
    return signers;
  };
  return new Map([...wordsOf].map(([member, children]) => [member, signersOf(children)]));
}

function isDatedBack(fork: ForkCase, here: { readonly child: RecordDigest; readonly spoken: Spoken }): boolean {
  const member = fork.authorOf.get(here.child) ?? "";
  return hasGoneElsewhere(fork, { ...here, member });
}

/** Whether a member has a word under another child, whose author has none under this one. */
function hasGoneElsewhere(
  fork: ForkCase,
  here: { readonly child: RecordDigest; readonly spoken: Spoken; readonly member: MemberId },
): boolean {
  const { child, spoken, member } = here;
  const device = fork.deviceOf.get(child);
  const author = fork.authorOf.get(child);
  const isHere = fork.wordsOf.get(member)?.has(child) === true;
  for (const [signer, count] of spoken.get(member) ?? []) {
    if (signer === device && isHere && count === 1) continue; // That is this child itself.
    const other = fork.memberOfSigner.get(signer) ?? "";
    // One of two devices of one person may be a thief's: its words are no proof against what the other one signed.
    if (member === author && other === author && signer !== device) continue; // check: role
    if (!fork.wordsOf.get(other)?.has(child)) return true;
  }
  return false;
}

/**
 * Whether somebody else of M, who stands by that branch, has removed a child's author under it: of two who date back together
 * one could else excuse the other.
 */
function isAuthorRemovedUnder(
  fork: ForkCase,
  { child, spoken }: { readonly child: RecordDigest; readonly spoken: Spoken },
): boolean {
  const removals = (fork.blows.get(child) ?? []).filter(
    (blow) => blow.removes && isAimedAt(fork, blow, child) && fork.members.has(blow.author),
  );
  return removals.some((blow) => {
    // Whom their own device takes off the list says nothing that counts afterwards.
    if (blow.author === fork.authorOf.get(child)) return false; // check: role
    return !hasGoneElsewhere(fork, { child, spoken, member: blow.author }); // check: role
  });
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
  const strikes = new Strikes(fork);
  for (let isQuiet = false; !isQuiet; ) {
    const left = standing(fork, falls);
    const armed = strikes.hitsOf(left);
    const free = left.filter((child) => !strikes.strikeOn(child, armed));
    isQuiet = fellStruck(falls, { strikes, children: left, by: free }) === 0;
  }
  const left = standing(fork, falls);
  const armed = strikes.hitsOf(left);
  const inCycle = left.filter((child) => strikes.strikeOn(child, armed));
  if (inCycle.length === left.length) return left.length > 0;
  fellStruck(falls, { strikes, children: inCycle, by: left });
  return hasMutual(strikes.hitsOf(standing(fork, falls)));
}

/** Lets those fall that one of the others strikes; says how many. */
function fellStruck(
  falls: Falls,
  options: {
    readonly strikes: Strikes;
    readonly children: readonly RecordDigest[];
    readonly by: readonly RecordDigest[];
  },
): number {
  const { strikes, children, by } = options;
  const hits = strikes.hitsOf(by);
  const before = falls.size;
  for (const child of children) {
    const blow = strikes.strikeOn(child, hits);
    if (blow) falls.set(child, { rule: "struck", by: blow.entry });
  }
  return falls.size - before;
}

/** Rule 3. */
export function fellUnsaid(fork: ForkCase, falls: Falls): void {
  const left = standing(fork, falls);
  const heard = authorsHeard(fork, left);
  const spoken = spokenUnder(fork);
  const fallen = left.filter(
    (child) => hasUnsaid(fork, { child, heard }) && !isAuthorRemovedUnder(fork, { child, spoken }),
  );
  if (fallen.length === left.length) return;
  for (const child of fallen) falls.set(child, { rule: "own-word" }); // check: role
}

/** The authors of those children that somebody has a word under, a disowned device's too. */
function authorsHeard(
  { allWordsOf, authorOf }: ForkCase,
  left: readonly RecordDigest[],
): ReadonlyMap<MemberId, ReadonlySet<MemberId>> {
  const authorsOf = (under: ReadonlySet<RecordDigest>) =>
    new Set(left.filter((child) => under.has(child)).map((child) => authorOf.get(child) ?? ""));
  return new Map([...allWordsOf].map(([member, under]) => [member, authorsOf(under)]));
}

function hasUnsaid(
  { authorOf, allWordsOf }: ForkCase,
  { child, heard }: { readonly child: RecordDigest; readonly heard: ReadonlyMap<MemberId, ReadonlySet<MemberId>> },
): boolean {
  const author = authorOf.get(child) ?? "";
  return [...(heard.get(author) ?? [])].some((other) => other !== author && !allWordsOf.get(other)?.has(child));
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

export function standing(fork: ForkCase, falls: Readonly<Falls>): RecordDigest[] {
  return fork.children.filter((child) => !falls.has(child));
}
