/** What the rules on forks look at, gathered once: who signed which child, and who has said and done what under which. */
import type { DeviceKey, MemberId, RecordDigest } from "../records/shapes.ts";
import { type Blow, blowsOf } from "./blows.ts";
import type { Log } from "./log.ts";
import { isAtLeast, listedDevice } from "./state.ts";
import { childAbove, type TreeOrder } from "./tree-order.ts";
import { type CountingWord, countingWords, type Word } from "./words.ts";

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

type WordsOf = ReadonlyMap<MemberId, ReadonlySet<RecordDigest>>;

/** All that the rules look at in one fork. */
export interface ForkCase {
  readonly children: readonly RecordDigest[];
  readonly authorOf: ReadonlyMap<RecordDigest, MemberId>;
  /** The device that signed each child. */
  readonly deviceOf: ReadonlyMap<RecordDigest, DeviceKey>;
  /** Whose each of these devices is. */
  readonly memberOfSigner: ReadonlyMap<DeviceKey, MemberId>;
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

/** Gathers what there is about the fork at an entry. */
export function caseOf(grounds: Grounds, at: RecordDigest): ForkCase {
  const { log, order } = grounds;
  const children = log.children.get(at) ?? [];
  const state = log.nodes.get(at)?.state;
  const listed = (device: DeviceKey) => (state ? listedDevice(state, device) : undefined);
  const members = new Set(state?.members.map((member) => member.id));
  const authorOf = new Map<RecordDigest, MemberId>();
  const deviceOf = new Map<RecordDigest, DeviceKey>();
  const memberOfSigner = new Map<DeviceKey, MemberId>();
  const byAdmins = new Set<RecordDigest>();
  for (const child of children) {
    const device = log.nodes.get(child)?.verified.entry.device ?? "";
    // A kit acts for its member like a device: what its member has said elsewhere holds against it.
    const author = listed(device)?.member; // check: role
    deviceOf.set(child, device);
    authorOf.set(child, author?.id ?? "");
    memberOfSigner.set(device, author?.id ?? "");
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
  return { children, authorOf, deviceOf, memberOfSigner, byAdmins, members, wordsOf, allWordsOf, blows, ownBlows };
}

function wordsUnder(
  { order, words }: Grounds,
  { children, members }: Pick<ForkCase, "children" | "members">,
): Pick<ForkCase, "wordsOf" | "allWordsOf"> {
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
