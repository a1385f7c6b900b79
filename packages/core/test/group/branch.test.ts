import { beforeAll, describe, expect, it } from "vitest";
import { type Choice, chooseBranch } from "../../src/group/branch.ts";
import { emptyLog, extendLog } from "../../src/group/log.ts";
import { lostActs, owedRemovals } from "../../src/group/owed.ts";
import { memberById } from "../../src/group/state.ts";
import type { VerifiedEntry } from "../../src/group/verified-entry.ts";
import { acts, fallOf, type Person, people, sign, Tree } from "./people.ts";

type Names = "alice" | "bob" | "carol" | "dave" | "erin" | "puppet";
let who: { readonly [Name in Names]: Person };

beforeAll(async () => {
  who = await people("alice", "bob", "carol", "dave", "erin", "puppet");
});

/** alice, bob and carol own; dave edits. Gives the tree and its newest entry, which everybody has seen. */
async function group(): Promise<{ tree: Tree; fork: string }> {
  const tree = await Tree.foundedBy(who.alice);
  const fork = await tree.addAll(tree.root, who.alice, [
    [who.bob, "owner"],
    [who.carol, "owner"],
    [who.dave, "editor"],
  ]);
  return { tree, fork };
}

function choose(tree: Tree, pinned?: string): Choice {
  const choice = chooseBranch(tree.log, { words: tree.words, ...(pinned === undefined ? {} : { pinned }) });
  if (!choice) throw new Error("no first entry");
  return choice;
}

/** Every order of up to 6 things; of more, 500 orders that a fixed rule gives. */
function* orders<Item>(items: readonly Item[]): Generator<Item[]> {
  if (items.length <= 6) return yield* permutations(items);
  for (let round = 0; round < 500; round++) {
    let seed = round + 1;
    const random = (): number => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed;
    };
    yield items
      .map((item) => ({ item, key: random() }))
      .sort((left, right) => left.key - right.key)
      .map(({ item }) => item);
  }
}

function* permutations<Item>(items: readonly Item[]): Generator<Item[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest];
  }
}

/** Takes the entries after the shared beginning in in every order, one by one, and expects one and the same choice. */
function expectOneChoice(tree: Tree, shared: string): Choice {
  const expected = choose(tree);
  const height = tree.state(shared).height;
  const beginning = tree.entries.slice(0, height + 1);
  for (const order of orders(tree.entries.slice(height + 1))) {
    const log = order.reduce(
      (grown, entry: VerifiedEntry) => extendLog(grown, [entry]),
      extendLog(emptyLog(tree.root), beginning),
    );
    const choice = chooseBranch(log, { words: tree.words.toReversed() });
    expect(choice).toEqual(expected);
  }
  return expected;
}

/** Signs the act again with other times until the entry's digest is smaller than that of `other`. */
async function grind(
  tree: Tree,
  options: { parent: string; by: Person; below: string; act: () => Promise<Parameters<typeof sign>[1]["act"]> },
): Promise<string> {
  for (let time = 1; ; time++) {
    const entry = await sign(tree.state(options.parent), { by: options.by, act: await options.act(), time });
    if (entry.digest >= options.below) continue;
    tree.take(entry);
    return entry.digest;
  }
}

describe("a log without forks", () => {
  it("is followed to its end", async () => {
    const { tree, fork } = await group();
    expect(choose(tree)).toMatchObject({ head: fork, forks: [], contested: false, undecided: false });
  });

  it("is nothing before its first entry is seen", async () => {
    const { tree } = await group();
    const log = extendLog(emptyLog(tree.root), tree.entries.slice(1));
    expect(chooseBranch(log, { words: [] })).toBeUndefined();
  });
});

describe("rule 3: the smallest digest", () => {
  it("decides where nobody said anything", async () => {
    const { tree, fork } = await group();
    const left = await tree.grow(fork, who.alice, acts.add(who.erin));
    const right = await tree.grow(fork, who.bob, acts.rotate());
    const choice = expectOneChoice(tree, fork);
    expect(choice.head).toBe([left, right].sort()[0]);
    expect(fallOf(choice, [left, right].sort()[1] ?? "")).toBe("digest");
  });
});

describe("rule 1: voices", () => {
  it("lets an uninvolved member's record outweigh a ground digest", async () => {
    const { tree, fork } = await group();
    const honest = await tree.grow(fork, who.alice, acts.add(who.erin));
    tree.say(who.dave, honest);
    await grind(tree, { parent: fork, by: who.bob, below: honest, act: () => acts.rotate() });
    expect(expectOneChoice(tree, fork).head).toBe(honest);
  });

  it("gives a child's author no voice for it", async () => {
    const { tree, fork } = await group();
    const honest = await tree.grow(fork, who.alice, acts.add(who.erin));
    tree.say(who.dave, honest);
    const other = await grind(tree, { parent: fork, by: who.bob, below: honest, act: () => acts.rotate() });
    for (let count = 0; count < 3; count++) tree.say(who.bob, await tree.grow(other, who.bob, acts.rotate()));
    expect(expectOneChoice(tree, fork).head).toBe(honest);
  });

  it("gives puppets added on a branch no voice", async () => {
    const { tree, fork } = await group();
    const honest = await tree.grow(fork, who.alice, acts.rotate());
    tree.say(who.dave, honest);
    const evil = await grind(tree, {
      parent: fork,
      by: who.bob,
      below: honest,
      act: async () => acts.add(who.puppet, "owner"),
    });
    const more = await tree.grow(evil, who.bob, acts.add(who.erin, "owner"));
    for (const puppet of [who.puppet, who.erin]) tree.say(puppet, more);
    expect(expectOneChoice(tree, fork).head).toBe(honest);
  });

  it("gives no voice to somebody who spoke on both sides", async () => {
    const { tree, fork } = await group();
    const left = await tree.grow(fork, who.alice, acts.rotate());
    const right = await tree.grow(fork, who.bob, acts.rotate());
    for (const side of [left, right]) tree.say(who.dave, side);
    tree.say(who.carol, right);
    expect(expectOneChoice(tree, fork).head).toBe(right);
  });

  it("hears no kit and no stranger", async () => {
    const { tree, fork } = await group();
    const left = await tree.grow(fork, who.alice, acts.rotate());
    const right = await tree.grow(fork, who.bob, acts.rotate());
    const loser = [left, right].sort()[1] ?? "";
    tree.words.push(
      { device: who.dave.card.card.kit.verifyingKey, entry: loser },
      { device: who.erin.key, entry: loser },
    );
    expect(fallOf(expectOneChoice(tree, fork), loser)).toBe("digest");
  });

  it("hears nothing in a word for an entry that was not seen", async () => {
    const { tree, fork } = await group();
    const left = await tree.grow(fork, who.alice, acts.rotate());
    const right = await tree.grow(fork, who.bob, acts.rotate());
    tree.words.push({ device: who.dave.key, entry: "f".repeat(64) });
    expect(expectOneChoice(tree, fork).head).toBe([left, right].sort()[0]);
  });

  it("hears a viewer as well as an owner", async () => {
    const { tree, fork } = await group();
    const seen = await tree.grow(fork, who.alice, acts.role(who.dave, "viewer"));
    const left = await tree.grow(seen, who.alice, acts.rotate());
    const right = await tree.grow(seen, who.bob, acts.rotate());
    const loser = [left, right].sort()[1] ?? "";
    tree.say(who.dave, loser);
    expect(expectOneChoice(tree, seen).head).toBe(loser);
  });
});

describe("rule 0: own word", () => {
  it("drops an entry whose author had gone on elsewhere: a removed admin dating back", async () => {
    const { tree, fork } = await group();
    const grown = await tree.grow(fork, who.alice, acts.add(who.erin));
    tree.say(who.bob, grown);
    const removal = await tree.grow(grown, who.alice, acts.remove(who.bob));
    const evil = await grind(tree, {
      parent: fork,
      by: who.bob,
      below: grown,
      act: async () => acts.add(who.puppet, "owner"),
    });
    const choice = expectOneChoice(tree, fork);
    expect(choice.head).toBe(removal);
    expect(fallOf(choice, evil)).toBe("own-word");
  });

  it("keeps an entry under which its author is removed, whatever that author says afterwards", async () => {
    const { tree, fork } = await group();
    const own = await tree.grow(fork, who.bob, acts.add(who.erin));
    const removal = await tree.grow(own, who.alice, acts.remove(who.bob));
    tree.say(who.dave, removal);
    const flight = await tree.grow(fork, who.carol, acts.rotate());
    tree.say(who.bob, flight);
    const choice = expectOneChoice(tree, fork);
    expect(fallOf(choice, own)).not.toBe("own-word");
    expect(memberById(choice.state, who.bob.id)?.name ?? "out").toSatisfy(
      (name) => name === "out" || owedRemovals(tree.log, { choice, words: tree.words }).some((owed) => owed.isOwed),
    );
  });
});

describe("rule 2: strikes", () => {
  it("lets a removal win over what the removed one signed at the same time", async () => {
    const { tree, fork } = await group();
    const removal = await tree.grow(fork, who.alice, acts.remove(who.bob));
    const evil = await grind(tree, {
      parent: fork,
      by: who.bob,
      below: removal,
      act: async () => acts.add(who.puppet, "owner"),
    });
    const choice = expectOneChoice(tree, fork);
    expect(choice.head).toBe(removal);
    expect(fallOf(choice, evil)).toBe("struck");
  });

  it("counts a demotion as a strike, and one that comes later under the child", async () => {
    const { tree, fork } = await group();
    const first = await tree.grow(fork, who.alice, acts.rotate());
    const demotion = await tree.grow(first, who.alice, acts.role(who.bob, "editor"));
    const evil = await grind(tree, {
      parent: fork,
      by: who.bob,
      below: first,
      act: async () => acts.add(who.puppet, "owner"),
    });
    const choice = expectOneChoice(tree, fork);
    expect(choice.head).toBe(demotion);
    expect(fallOf(choice, evil)).toBe("struck");
  });

  it("ignores somebody else's removal under the child", async () => {
    const { tree, fork } = await group();
    const first = await tree.grow(fork, who.alice, acts.add(who.erin, "owner"));
    await tree.grow(first, who.erin, acts.remove(who.bob));
    const other = await tree.grow(fork, who.bob, acts.add(who.puppet));
    expect(fallOf(expectOneChoice(tree, fork), [first, other].sort()[1] ?? "")).toBe("digest");
  });

  it("takes a struck child's strikes away with it", async () => {
    const { tree, fork } = await group();
    const one = await tree.grow(fork, who.alice, acts.remove(who.bob));
    const two = await tree.grow(fork, who.bob, acts.remove(who.carol));
    const three = await tree.grow(fork, who.carol, acts.add(who.erin));
    const choice = expectOneChoice(tree, fork);
    expect(fallOf(choice, two)).toBe("struck");
    expect(choice.head).toBe([one, three].sort()[0]);
  });
});

describe("contested groups", () => {
  it("is contested where two owners remove each other, and each device stays with its pin", async () => {
    const { tree, fork } = await group();
    const left = await tree.grow(fork, who.alice, acts.remove(who.bob));
    const right = await tree.grow(fork, who.bob, acts.remove(who.alice));
    const later = await tree.grow(right, who.bob, acts.rotate());
    expect(expectOneChoice(tree, fork)).toMatchObject({ head: fork, contested: true, undecided: true });
    expect(choose(tree, left)).toMatchObject({ head: left, contested: true, undecided: false });
    expect(choose(tree, later)).toMatchObject({ head: later, contested: true, undecided: false });
    expect(choose(tree, fork)).toMatchObject({ head: fork, undecided: true });
  });

  it("is not contested once a third member has spoken", async () => {
    const { tree, fork } = await group();
    const left = await tree.grow(fork, who.alice, acts.remove(who.bob));
    const right = await tree.grow(fork, who.bob, acts.remove(who.alice));
    tree.say(who.carol, right);
    expect(expectOneChoice(tree, fork)).toMatchObject({ head: right, contested: false });
    expect(choose(tree, left).head).toBe(right);
  });

  it("is contested where three remove each other in a cycle", async () => {
    const { tree, fork } = await group();
    await tree.grow(fork, who.alice, acts.remove(who.bob));
    await tree.grow(fork, who.bob, acts.remove(who.carol));
    const last = await tree.grow(fork, who.carol, acts.remove(who.alice));
    expect(expectOneChoice(tree, fork)).toMatchObject({ head: fork, undecided: true });
    expect(choose(tree, last).head).toBe(last);
  });

  it("leaves a cycle for an entry that is in none", async () => {
    const { tree, fork } = await group();
    await tree.grow(fork, who.alice, acts.remove(who.bob));
    await tree.grow(fork, who.bob, acts.remove(who.carol));
    await tree.grow(fork, who.carol, acts.remove(who.alice));
    const quiet = await tree.grow(fork, who.dave, acts.leave());
    expect(expectOneChoice(tree, fork)).toMatchObject({ head: quiet, contested: false });
  });

  it("does not follow a pin to a child that the records have dropped", async () => {
    const { tree, fork } = await group();
    const left = await tree.grow(fork, who.alice, acts.remove(who.bob));
    const right = await tree.grow(fork, who.bob, acts.remove(who.alice));
    const dropped = await tree.grow(fork, who.alice, acts.rotate());
    tree.say(who.carol, left);
    tree.say(who.dave, right);
    const choice = choose(tree, dropped);
    expect(fallOf(choice, dropped)).toBe("voices");
    expect(choice).toMatchObject({ head: fork, undecided: true });
  });
});

describe("what a device holds on to", () => {
  /** Alice removes bob; bob goes on, and carol and dave with him. Gives both children and bob's last entry. */
  async function bobGoesOn(onward: (tree: Tree, child: string) => Promise<string>) {
    const { tree, fork } = await group();
    const removal = await tree.grow(fork, who.alice, acts.remove(who.bob));
    const child = await tree.grow(fork, who.bob, acts.rotate());
    const end = await onward(tree, child);
    for (const each of [who.carol, who.dave]) tree.say(each, child);
    return { tree, fork, removal, child, end };
  }

  function hold(tree: Tree, options: { pinned?: string; settled?: string; stood?: readonly string[] }): Choice {
    const { stood = [], ...rest } = options;
    const choice = chooseBranch(tree.log, { words: tree.words, ...rest, stood: new Set(stood) });
    if (!choice) throw new Error("no first entry");
    return choice;
  }

  it.each([
    ["the one removed here is in there", async (_: Tree, child: string) => child],
    [
      "the one removed here has let a puppet in and left",
      async (tree: Tree, child: string) =>
        tree.grow(await tree.grow(child, who.bob, acts.add(who.puppet, "owner")), who.bob, acts.leave()),
    ],
    [
      "somebody else was promoted there, and the one removed here has left",
      async (tree: Tree, child: string) =>
        tree.grow(await tree.grow(child, who.bob, acts.role(who.dave, "owner")), who.bob, acts.leave()),
    ],
  ])("is late where it has stood, and %s", async (_, onward) => {
    const { tree, removal, end } = await bobGoesOn(onward);
    expect(hold(tree, { pinned: removal })).toMatchObject({ head: end, late: false });
    const late = hold(tree, { pinned: removal, stood: [removal] });
    expect(late).toMatchObject({ head: removal, late: true, undecided: false, contested: false });
    expect(late.forks[0]?.children.map(({ fall }) => fall?.rule).sort()).toEqual(["held", undefined]);
  });

  it("is not late where all that was lost here is lost there too, and nobody has gained", async () => {
    const { tree, removal, end } = await bobGoesOn((grown, child) => grown.grow(child, who.bob, acts.leave()));
    expect(hold(tree, { pinned: removal, stood: [removal] })).toMatchObject({ head: end, late: false });
  });

  it("is not late where nobody lost a role here, whoever gained one there", async () => {
    const { tree, fork } = await group();
    const here = await tree.grow(fork, who.alice, acts.role(who.dave, "owner"));
    const there = await tree.grow(fork, who.bob, acts.add(who.puppet, "owner"));
    tree.say(who.carol, there);
    expect(hold(tree, { pinned: here, stood: [here] })).toMatchObject({ head: there, late: false });
  });

  it("follows what was settled, fallen or contested, and the rules behind it, in every order of arrival", async () => {
    const { tree, fork, removal, child } = await bobGoesOn(async (_, only) => only);
    const [left, right] = [
      await tree.grow(removal, who.alice, acts.add(who.erin)),
      await tree.grow(removal, who.carol, acts.rotate()),
    ];
    const expected = hold(tree, { settled: removal, pinned: child, stood: [child] });
    expect(expected).toMatchObject({ late: false, undecided: false, head: [left, right].sort()[0] });
    expect(expected.forks[0]).toMatchObject({ at: fork, followed: removal, held: "settled" });
    const [first, ...rest] = tree.entries;
    for (const order of [rest, rest.toReversed(), [...rest.slice(2), ...rest.slice(0, 2)]]) {
      const log = extendLog(emptyLog(tree.root), [first as VerifiedEntry, ...order]);
      expect(chooseBranch(log, { words: tree.words, settled: removal })?.path).toEqual(expected.path);
    }
    // What the rules give anyway is not held, and an entry before the fork decides nothing.
    expect(hold(tree, { settled: child }).forks[0]).toMatchObject({ followed: child, held: null });
    expect(hold(tree, { settled: fork, pinned: removal, stood: [removal] })).toMatchObject({ late: true });
  });

  it("settles a contested fork either way, without a pin or against it", async () => {
    const { tree, fork } = await group();
    const left = await tree.grow(fork, who.alice, acts.remove(who.bob));
    const right = await tree.grow(fork, who.bob, acts.remove(who.alice));
    for (const settled of [left, right]) {
      for (const pinned of [left, right, fork]) {
        const choice = hold(tree, { settled, pinned });
        expect(choice).toMatchObject({ head: settled, contested: true, undecided: false, late: false });
        expect(choice.forks[0]?.held).toBe("settled");
      }
    }
  });
});

describe("what forks leave to do", () => {
  it("owes the removal of C where B removed and admitted C again at the same time", async () => {
    const { tree, fork } = await group();
    const removal = await tree.grow(fork, who.alice, acts.remove(who.dave));
    const other = await tree.grow(fork, who.bob, acts.remove(who.dave));
    const back = await tree.grow(other, who.bob, acts.add(who.dave));
    tree.say(who.carol, back);
    const choice = expectOneChoice(tree, fork);
    expect(choice.head).toBe(back);
    const owed = owedRemovals(tree.log, { choice, words: tree.words });
    expect(owed).toEqual([
      { entry: removal, author: who.alice.id, target: who.dave.id, devices: null, isOwed: true, onlyByAuthor: false },
    ]);
    const again = await tree.grow(back, who.alice, acts.remove(who.dave, { owed: removal }));
    const then = choose(tree);
    expect(then.head).toBe(again);
    expect(owedRemovals(tree.log, { choice: then, words: tree.words })).toEqual([]);
    const knowingly = await tree.grow(again, who.bob, acts.add(who.dave));
    expect(choose(tree).head).toBe(knowingly);
    expect(owedRemovals(tree.log, { choice: choose(tree), words: tree.words })).toEqual([]);
  });

  it("removes B whichever branch wins, while B adds, invites and removes on the other", async () => {
    for (const speaker of ["none", "mine", "theirs"] as const) {
      const { tree, fork } = await group();
      const removal = await tree.grow(fork, who.alice, acts.remove(who.bob));
      const added = await tree.grow(fork, who.bob, acts.add(who.puppet, "owner"));
      const theirs = await tree.grow(added, who.bob, acts.remove(who.dave));
      if (speaker !== "none") tree.say(who.carol, speaker === "mine" ? removal : theirs);
      const choice = expectOneChoice(tree, fork);
      const owed = owedRemovals(tree.log, { choice, words: tree.words });
      const isOut = memberById(choice.state, who.bob.id) === undefined;
      expect(isOut || owed.some((each) => each.target === who.bob.id && each.isOwed)).toBe(true);
      expect(isOut).toBe(speaker !== "theirs");
    }
  });

  it("keeps two owed removals of each other for their authors", async () => {
    const { tree, fork } = await group();
    await tree.grow(fork, who.alice, acts.remove(who.bob));
    await tree.grow(fork, who.bob, acts.remove(who.alice));
    const calm = await tree.grow(fork, who.carol, acts.rotate());
    tree.say(who.dave, calm);
    const choice = expectOneChoice(tree, fork);
    expect(choice.head).toBe(calm);
    const owed = owedRemovals(tree.log, { choice, words: tree.words });
    expect(owed.map(({ isOwed, onlyByAuthor }) => ({ isOwed, onlyByAuthor }))).toEqual([
      { isOwed: true, onlyByAuthor: true },
      { isOwed: true, onlyByAuthor: true },
    ]);
  });

  it("shows a removal as lost whose author was removed by somebody who did not know of it", async () => {
    const { tree, fork } = await group();
    const admin = await tree.grow(fork, who.alice, acts.add(who.erin, "admin"));
    const removal = await tree.grow(admin, who.erin, acts.remove(who.dave));
    const other = await tree.grow(admin, who.bob, acts.remove(who.erin));
    const choice = expectOneChoice(tree, admin);
    expect(choice.head).toBe(other);
    expect(owedRemovals(tree.log, { choice, words: tree.words })).toMatchObject([{ entry: removal, isOwed: false }]);
    tree.say(who.bob, removal);
    tree.say(who.carol, other);
    expect(owedRemovals(tree.log, { choice: choose(tree), words: tree.words })).toMatchObject([{ isOwed: true }]);
  });

  it("owes a removal whose target was raised above its author by somebody who had seen it, and by nobody else", async () => {
    const { tree, fork } = await group();
    const admin = await tree.grow(fork, who.alice, acts.add(who.erin, "admin"));
    const removal = await tree.grow(admin, who.erin, acts.remove(who.dave));
    const calm = await tree.grow(admin, who.carol, acts.rotate());
    const raised = await tree.grow(calm, who.bob, acts.role(who.dave, "admin"));
    const later = await tree.grow(raised, who.alice, acts.role(who.erin, "editor"));
    tree.say(who.dave, raised);
    tree.say(who.alice, removal);
    // Alice took nothing from Erin: Bob had, and had not seen the removal.
    expect(choose(tree).head).toBe(later);
    const owed = () => owedRemovals(tree.log, { choice: choose(tree), words: tree.words });
    expect(owed()).toMatchObject([{ entry: removal, isOwed: false }]);
    tree.say(who.bob, removal);
    expect(choose(tree).head).toBe(later);
    expect(owed()).toMatchObject([{ entry: removal, isOwed: true }]);
  });

  it("owes a leave on a lost branch", async () => {
    const { tree, fork } = await group();
    const leave = await tree.grow(fork, who.dave, acts.leave());
    const other = await tree.grow(fork, who.alice, acts.rotate());
    tree.say(who.carol, other);
    const choice = expectOneChoice(tree, fork);
    expect(owedRemovals(tree.log, { choice, words: tree.words })).toMatchObject([
      { entry: leave, target: who.dave.id, isOwed: true },
    ]);
  });

  it("has a lost addition signed again by its author, unless it has lost the right", async () => {
    const { tree, fork } = await group();
    const added = await tree.grow(fork, who.bob, acts.add(who.erin));
    const other = await tree.grow(fork, who.alice, acts.add(who.puppet));
    tree.say(who.carol, other);
    expect(lostActs(tree.log, choose(tree))).toMatchObject([
      { entry: added, author: who.bob.id, again: true, owesRotation: false },
    ]);
    const demoted = await tree.grow(other, who.alice, acts.role(who.bob, "editor"));
    expect(choose(tree).head).toBe(demoted);
    expect(lostActs(tree.log, choose(tree))).toMatchObject([{ again: false, owesRotation: true }]);
    await tree.grow(demoted, who.alice, acts.rotate());
    expect(lostActs(tree.log, choose(tree))).toMatchObject([{ again: false, owesRotation: false }]);
  });

  it("does not have a lost role change signed again over a later decision", async () => {
    const { tree, fork } = await group();
    await tree.grow(fork, who.bob, acts.role(who.dave, "admin"));
    const other = await tree.grow(fork, who.alice, acts.rotate());
    tree.say(who.carol, other);
    expect(lostActs(tree.log, choose(tree))).toMatchObject([{ again: true }]);
    await tree.grow(other, who.alice, acts.role(who.dave, "viewer"));
    expect(lostActs(tree.log, choose(tree))).toMatchObject([{ again: false }]);
  });
});

describe("attacks on old places", () => {
  it("moves nobody with an entry that follows one half a year old", async () => {
    const { tree, fork } = await group();
    let head = fork;
    for (let month = 0; month < 6; month++)
      head = await tree.grow(head, month % 2 ? who.alice : who.carol, acts.rotate());
    const first = tree.log.children.get(fork)?.[0] ?? "";
    const evil = await grind(tree, {
      parent: fork,
      by: who.bob,
      below: first,
      act: async () => acts.add(who.puppet, "owner"),
    });
    tree.say(who.bob, evil);
    const choice = expectOneChoice(tree, fork);
    expect(choice.head).toBe(head);
    expect(choice.forks.map((each) => each.children.length)).toEqual([2]);
    expect(fallOf(choice, evil)).toBe("voices");
  });

  it("follows the side that was spoken for through a fork at every entry", async () => {
    const { tree, fork } = await group();
    let head = fork;
    for (let count = 0; count < 100; count++) {
      const role = count % 2 ? "editor" : "viewer";
      await tree.grow(head, who.bob, acts.role(who.dave, role));
      head = await tree.grow(head, who.alice, acts.role(who.dave, role));
      tree.say(who.carol, head);
    }
    const choice = choose(tree);
    expect(choice.head).toBe(head);
    expect(choice.forks).toHaveLength(100);
  });
});
