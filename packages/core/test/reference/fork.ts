/** The choice among an entry's children, by the rules of SPEC.md §6 alone. */
import type { Log, Node } from "./fold.ts";
import { isAdmin } from "./group.ts";
import { type Blow, blowsUnder, isAgainst, type Said, type Word, wordsOf } from "./words.ts";

/** The children that the rules leave standing: one, or the several of a contested fork. */
export type Verdict = readonly Node[];

/** An entry and all that comes after it. */
export function lyingUnder(node: Node): Set<Node> {
  return new Set([node, ...node.children.flatMap((child) => [...lyingUnder(child)])]);
}

/** Judges forks in the light of all that was said. */
export class Judge {
  readonly words: readonly Word[];

  constructor(log: Log, said: Iterable<Said>) {
    this.words = wordsOf(log, said);
  }

  /** E's children, all judged at once. */
  judge(place: Node): Verdict {
    return new Fork(place, this.words).verdict();
  }
}

class Fork {
  readonly place: Node;
  readonly words: readonly Word[];
  readonly under: ReadonlyMap<Node, ReadonlySet<Node>>;
  readonly blows: ReadonlyMap<Node, readonly Blow[]>;

  constructor(place: Node, words: readonly Word[]) {
    this.place = place;
    this.words = words;
    this.under = new Map(place.children.map((child) => [child, lyingUnder(child)]));
    this.blows = new Map(place.children.map((child) => [child, blowsUnder(this.under.get(child) ?? [])]));
  }

  verdict(): Verdict {
    let standing: readonly Node[] = this.place.children;
    standing = this.undated(
      standing,
      (child, other) => child.author !== other.author || child.entry.device === other.entry.device,
      (word) => !word.isDisowned,
    );
    standing = this.mostVoices(standing);
    const struck = this.afterStrikes(standing);
    if (struck.isContested) return struck.standing;
    standing = this.undated(
      struck.standing,
      (child, other) => child.author !== other.author,
      () => true,
    );
    standing = this.ofHigherRank(standing);
    return standing.toSorted((one, other) => (one.digest < other.digest ? -1 : 1)).slice(0, 1);
  }

  /** W(m): the children under which m has a word. */
  private seenBy(member: string, isHeard: (word: Word) => boolean): ReadonlySet<Node> {
    if (!this.place.group.members.has(member)) return new Set();
    const entries = this.words.filter((word) => word.member === member && isHeard(word)).map(({ entry }) => entry);
    return new Set(this.place.children.filter((child) => entries.some((entry) => this.under.get(child)?.has(entry))));
  }

  /** Rules 0 and 3: without those whose author knew another child, while that one's author did not know them. */
  private undated(
    standing: readonly Node[],
    isAsked: (child: Node, other: Node) => boolean,
    isHeard: (word: Word) => boolean,
  ): readonly Node[] {
    const falls = (child: Node) => {
      const seen = this.seenBy(child.author, isHeard);
      const isDatedBack = standing.some(
        (other) =>
          other !== child && isAsked(child, other) && seen.has(other) && !this.seenBy(other.author, isHeard).has(child),
      );
      return isDatedBack && !this.isAnswered(child);
    };
    const rest = standing.filter((child) => !falls(child));
    return rest.length > 0 ? rest : standing;
  }

  /** Whether somebody else of M has dealt the child a blow on its own branch. */
  private isAnswered(child: Node): boolean {
    return (this.blows.get(child) ?? []).some(
      (blow) =>
        !blow.isRole &&
        blow.author !== child.author &&
        this.place.group.members.has(blow.author) &&
        isAgainst(blow, child) &&
        this.standsBy(blow.author, child),
    );
  }

  /** Whether each other child that a member has seen is by somebody who has seen this one. */
  private standsBy(member: string, child: Node): boolean {
    const isHeard = (word: Word) => !word.isDisowned;
    const others = [...this.seenBy(member, isHeard)].filter((other) => other !== child);
    return others.every((other) => this.seenBy(other.author, isHeard).has(child));
  }

  private mostVoices(standing: readonly Node[]): readonly Node[] {
    const members = [...this.place.group.members.keys()].map((member) => ({
      member,
      seen: this.seenBy(member, (word) => !word.isDisowned),
    }));
    const voices = new Map(
      standing.map((child) => [
        child,
        members.filter(({ member, seen }) => seen.size === 1 && seen.has(child) && member !== child.author).length,
      ]),
    );
    const most = Math.max(...voices.values());
    return standing.filter((child) => voices.get(child) === most);
  }

  private hits(child: Node, other: Node): boolean {
    if (child.entry.device === other.entry.device) return false;
    return (this.blows.get(child) ?? []).some(
      (blow) =>
        blow.author === child.author &&
        (child.author === other.author ? blow.devices.includes(other.entry.device) : isAgainst(blow, other)),
    );
  }

  private strikes(child: Node, other: Node): boolean {
    return this.hits(child, other) && !this.hits(other, child);
  }

  private afterStrikes(children: readonly Node[]): {
    readonly standing: readonly Node[];
    readonly isContested: boolean;
  } {
    let standing = children;
    for (let before = -1; before !== standing.length; ) {
      before = standing.length;
      const unstruck = standing.filter((child) => !standing.some((other) => this.strikes(other, child)));
      standing = standing.filter((child) => !unstruck.some((other) => this.strikes(other, child)));
    }
    const unstruck = standing.filter((child) => !standing.some((other) => this.strikes(other, child)));
    if (unstruck.length === 0) return { standing, isContested: true };
    const isContested = unstruck.some((child) =>
      unstruck.some((other) => this.hits(child, other) && this.hits(other, child)),
    );
    return { standing: unstruck, isContested };
  }

  private ofHigherRank(standing: readonly Node[]): readonly Node[] {
    const ranked = standing.filter(({ author }) => isAdmin(this.place.group.members.get(author)?.role));
    return ranked.length > 0 ? ranked : standing;
  }
}
