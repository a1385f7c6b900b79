/** Attacks on the choice of branch, and on what is signed again after it, by devices and kits that were taken off the list. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Choice, chooseBranch } from "../../src/group/branch.ts";
import { applyEntry } from "../../src/group/fold.ts";
import { lostActs } from "../../src/group/owed.ts";
import { changeVerdict, historyOf } from "../../src/group/rights.ts";
import { refusalOf } from "../../src/group/rules.ts";
import { memberOfDevice } from "../../src/group/state.ts";
import type { Act, Cut } from "../../src/records/entry.ts";
import { acts, deviceOf, fallOf, type Person, people, sign, Tree, withNewKit } from "./people.ts";

type Names = "alice" | "bob" | "carol" | "dave";
let who: { readonly [Name in Names]: Person };
let bobsPhone: Person;

beforeAll(async () => {
  who = await people("alice", "bob", "carol", "dave");
  bobsPhone = await deviceOf(who.bob);
});

/** alice owns, bob administers with two devices, carol edits, dave views. Gives the newest entry, which all have seen. */
async function group(): Promise<{ tree: Tree; fork: string }> {
  const tree = await Tree.foundedBy(who.alice);
  const added = await tree.addAll(tree.root, who.alice, [
    [who.bob, "admin"],
    [who.carol, "editor"],
    [who.dave, "viewer"],
  ]);
  return { tree, fork: await tree.grow(added, who.bob, acts.admitDevice(bobsPhone)) };
}

function choose(tree: Tree): Choice {
  const choice = chooseBranch(tree.log, { words: tree.words });
  if (!choice) throw new Error("no first entry");
  return choice;
}

/** What is honestly signed, until its digest is no small one: else grinding below it might take for ever. */
async function grow(tree: Tree, at: string, by: Person, act: Act | Promise<Act>): Promise<string> {
  const made = await act;
  for (let time = 1; ; time++) {
    const entry = await sign(tree.state(at), { by, act: made, time });
    if (entry.digest < "8") continue;
    tree.take(entry);
    return entry.digest;
  }
}

/** Signs an act dated back, with other times until its digest is smaller than that of the entry it competes with. */
async function dateBack(
  tree: Tree,
  options: { at: string; below: string; by: Person; act: Act; withKit?: boolean },
): Promise<string> {
  const { at, below, by, act, withKit = false } = options;
  for (let time = 1; ; time++) {
    const entry = await sign(tree.state(at), { by, act, withKit, time });
    if (entry.digest >= below) continue;
    tree.take(entry);
    return entry.digest;
  }
}

/** Back on a new device of the same person, with a new kit. */
async function backOn(owner: Person): Promise<Person> {
  return withNewKit(await deviceOf(owner, "thief's laptop"));
}

describe("attacks 20 and 39: a recovery dated back", () => {
  it("does not bring back a kit that its person has replaced, though its digest is ground and nobody else speaks", async () => {
    const tree = await Tree.foundedBy(who.alice);
    const kit = await grow(tree, tree.root, who.alice, acts.kit(withNewKit(who.alice)));
    const thief = await backOn(who.alice);
    const evil = await dateBack(tree, {
      at: tree.root,
      below: kit,
      by: who.alice,
      act: await acts.recover(thief),
      withKit: true,
    });
    tree.say(thief, evil);
    expect(choose(tree).head).toBe(kit);
    expect(fallOf(choose(tree), evil)).toBe("struck");
    // It removes the device that replaced the kit: now each side throws the other out, and every device stays where it is.
    const thrown = await tree.grow(evil, thief, acts.removeDevice([who.alice]));
    tree.say(thief, thrown);
    expect(choose(tree)).toMatchObject({ undecided: true, head: tree.root });
    expect(chooseBranch(tree.log, { words: tree.words, pinned: kit })?.head).toBe(kit);
  });

  it("does not bring back a kit that is replaced later on the branch", async () => {
    const { tree, fork } = await group();
    const main = await grow(tree, fork, who.alice, acts.role(who.dave, "editor"));
    const kit = await grow(tree, main, who.carol, acts.kit(withNewKit(who.carol)));
    const thief = await backOn(who.carol);
    const evil = await dateBack(tree, {
      at: fork,
      below: main,
      by: who.carol,
      act: await acts.recover(thief),
      withKit: true,
    });
    tree.say(thief, evil);
    expect(choose(tree).head).toBe(kit);
    expect(fallOf(choose(tree), evil)).toBe("own-word");
  });

  it("does not bring back a member who was removed", async () => {
    const { tree, fork } = await group();
    const removal = await grow(tree, fork, who.alice, acts.remove(who.carol));
    const evil = await dateBack(tree, {
      at: fork,
      below: removal,
      by: who.carol,
      act: await acts.recover(await backOn(who.carol)),
      withKit: true,
    });
    expect(choose(tree).head).toBe(removal);
    expect(fallOf(choose(tree), evil)).toBe("struck");
  });

  it("lets what a stolen device has admitted say nothing against its person", async () => {
    const { tree, fork } = await group();
    const main = await grow(tree, fork, who.bob, acts.removeDevice([bobsPhone]));
    const tablet = await deviceOf(who.bob, "tablet");
    const evil = await dateBack(tree, { at: fork, below: main, by: bobsPhone, act: await acts.admitDevice(tablet) });
    tree.say(tablet, evil);
    expect(choose(tree).head).toBe(main);
  });
});

describe("attacks 20 and 51: two who were owners once, and are both out", () => {
  it("do not excuse each other where they date back to before most of the others came", async () => {
    const { alice, bob, carol, dave } = who;
    const tree = await Tree.foundedBy(alice);
    const early = await tree.addAll(tree.root, alice, [
      [bob, "owner"],
      [carol, "owner"],
    ]);
    let head = await tree.addAll(early, alice, [[dave, "owner"]]);
    for (const each of [alice, bob, carol, dave]) tree.say(each, head);
    for (const each of [bob, carol]) head = await tree.grow(head, dave, acts.remove(each));
    for (const each of [alice, dave]) tree.say(each, head);
    const back = await tree.grow(early, bob, acts.remove(alice));
    tree.say(bob, back);
    await tree.grow(back, carol, acts.remove(bob));
    expect(choose(tree)).toMatchObject({ head, contested: false });
    expect(fallOf(choose(tree), back)).toBe("own-word");
  });
});

describe("attacks 20 and 51: words that are to be unsaid", () => {
  it("count against who takes the device that said them off the list", async () => {
    const { tree, fork } = await group();
    const main = await grow(tree, fork, who.alice, acts.rotate());
    tree.say(who.bob, main);
    const evil = await dateBack(tree, {
      at: fork,
      below: main,
      by: bobsPhone,
      act: await acts.removeDevice([who.bob]),
    });
    expect(choose(tree).head).toBe(main);
    expect(fallOf(choose(tree), evil)).toBe("own-word");
  });

  it("count also where the entry dated back is by a device that the same person removes under it", async () => {
    const { tree, fork } = await group();
    const main = await grow(tree, fork, who.alice, acts.rotate());
    tree.say(who.bob, main);
    const tablet = await deviceOf(who.bob, "tablet");
    const evil = await dateBack(tree, { at: fork, below: main, by: bobsPhone, act: await acts.admitDevice(tablet) });
    await tree.grow(evil, tablet, acts.removeDevice([bobsPhone]));
    expect(choose(tree).head).toBe(main);
    expect(fallOf(choose(tree), evil)).toBe("own-word");
  });

  it("count also where all its devices take each other off the list", async () => {
    const { tree, fork } = await group();
    const main = await grow(tree, fork, who.alice, acts.rotate());
    tree.say(who.bob, main);
    const tablet = await deviceOf(who.bob, "tablet");
    const evil = await dateBack(tree, { at: fork, below: main, by: bobsPhone, act: await acts.admitDevice(tablet) });
    await tree.grow(evil, tablet, acts.removeDevice([bobsPhone, who.bob]));
    expect(choose(tree).head).toBe(main);
    expect(fallOf(choose(tree), evil)).toBe("own-word");
  });
});

describe("words of a device that its own person has taken off the list", () => {
  it.each([
    ["first", () => [bobsPhone, who.bob]],
    ["last", () => [who.bob, bobsPhone]],
  ])("take none away that another device has said too: said %s", async (_, speakers) => {
    const { tree, fork } = await group();
    await grow(tree, fork, who.bob, acts.removeDevice([bobsPhone]));
    await grow(tree, fork, who.alice, acts.rotate());
    const heard = await grow(tree, fork, who.carol, acts.admitDevice(await deviceOf(who.carol)));
    for (const by of speakers()) tree.say(by, heard);
    expect(choose(tree).head).toBe(heard);
  });

  it("do not decide between two devices of that person", async () => {
    const { tree, fork } = await group();
    await grow(tree, fork, who.bob, acts.removeDevice([bobsPhone]));
    const other = await grow(tree, fork, bobsPhone, acts.rotate());
    const one = await dateBack(tree, { at: fork, below: other, by: who.bob, act: await acts.rotate() });
    tree.say(who.alice, one);
    tree.say(who.carol, other);
    tree.say(bobsPhone, other);
    expect(choose(tree).head).toBe(one);
    expect(fallOf(choose(tree), other)).toBe("digest");
  });
});

describe("attack 51: an entry dated back by somebody who manages nobody", () => {
  it.each([
    ["a new device of a viewer's", async () => acts.admitDevice(await deviceOf(who.dave)), false],
    ["a viewer's leave", async () => acts.leave(), false],
    ["a viewer's new kit", async () => acts.kit(withNewKit(who.dave)), false],
    ["a viewer's recovery", async () => acts.recover(await backOn(who.dave)), true],
  ])("undoes nothing that an admin signed: %s", async (_, act, withKit) => {
    const { tree, fork } = await group();
    const main = await grow(tree, fork, who.bob, acts.remove(who.carol));
    const evil = await dateBack(tree, { at: fork, below: main, by: who.dave, act: await act(), withKit });
    expect(choose(tree).head).toBe(main);
    expect(fallOf(choose(tree), evil)).toBe("rank");
  });

  it("is judged by its digest against another of the same kind", async () => {
    const { tree, fork } = await group();
    const one = await grow(tree, fork, who.carol, acts.admitDevice(await deviceOf(who.carol)));
    const act = await acts.admitDevice(await deviceOf(who.dave));
    const other = await dateBack(tree, { at: fork, below: one, by: who.dave, act });
    expect(choose(tree).head).toBe(other);
    expect(fallOf(choose(tree), one)).toBe("digest");
  });
});

describe("attacks 21 and 35: what was let in and put out again on a branch that lost", () => {
  it("is not let in again where the group went on: a device", async () => {
    const { tree, fork } = await group();
    const tablet = await deviceOf(who.bob, "tablet");
    const admitted = await tree.grow(fork, who.bob, acts.admitDevice(tablet));
    const main = await grow(tree, fork, who.alice, acts.rotate());
    tree.say(who.carol, main);
    expect(lostActs(tree.log, choose(tree))).toMatchObject([{ entry: admitted, again: true }]);
    await tree.grow(admitted, who.bob, acts.removeDevice([tablet]));
    expect(choose(tree).head).toBe(main);
    expect(lostActs(tree.log, choose(tree))).toMatchObject([{ entry: admitted, again: false }]);
  });

  it("is not listed again where the group went on: a kit that was replaced by a newer one", async () => {
    const { tree, fork } = await group();
    const [first, second] = [withNewKit(who.bob), withNewKit(who.bob)];
    const one = await grow(tree, fork, who.bob, acts.kit(first));
    const two = await tree.grow(one, who.bob, acts.kit(second));
    const main = await grow(tree, fork, who.alice, acts.rotate());
    tree.say(who.carol, main);
    expect(choose(tree).head).toBe(main);
    expect(lostActs(tree.log, choose(tree))).toMatchObject([
      { entry: one, again: false },
      { entry: two, again: true },
    ]);
  });
});

describe("an epoch that is started by somebody who manages nobody", () => {
  const nothing: Cut = [];

  async function afterLeave(): Promise<{ tree: Tree; fork: string; left: string; davesPhone: Person }> {
    const { tree, fork } = await group();
    const davesPhone = await deviceOf(who.dave, "second phone");
    const listed = await tree.grow(fork, who.dave, acts.admitDevice(davesPhone));
    const left = await tree.grow(listed, who.carol, acts.leave());
    return { tree, fork, left, davesPhone };
  }

  /** Whether what carol wrote before she left counts, if the cuts name none of it. */
  function counts(tree: Tree, head: string): boolean {
    const record = { device: who.carol.key, head, digest: "ab".repeat(32) };
    return changeVerdict(historyOf(tree.log, choose(tree)), { record, isWithinCut: () => false }).counts;
  }

  it.each([
    ["a kit", (): Promise<Act> => acts.kit(withNewKit(who.dave)), false],
    ["a removed device", (phone: Person): Promise<Act> => acts.removeDevice([phone], { cut: nothing }), false],
    ["a recovery", async (): Promise<Act> => acts.recover(await backOn(who.dave)), true],
  ])("voids nothing of those who have left, and settles no leave: %s", async (_, act, withKit) => {
    const { tree, fork, left, davesPhone } = await afterLeave();
    const entry = await sign(tree.state(left), { by: who.dave, act: await act(davesPhone), withKit });
    tree.take(entry);
    expect(counts(tree, fork)).toBe(true);
    const { owedRotation, departures } = tree.state(entry.digest);
    expect(owedRotation).toEqual([left]);
    expect(departures).toMatchObject([{ cut: null }]);
    // An admin's does both.
    const rotated = await tree.grow(entry.digest, who.bob, acts.rotate());
    expect(counts(tree, fork)).toBe(false);
    expect(tree.state(rotated)).toMatchObject({ owedRotation: [], departures: [{ cut: [] }] });
  });

  it("may not name a cut of theirs either", async () => {
    const { tree, left } = await afterLeave();
    const cut: Cut = [["00".repeat(16), "ab".repeat(32)]];
    const state = tree.state(left);
    const kit = async (by: Person): Promise<string | undefined> => {
      const act = { ...(await acts.kit(withNewKit(by))), cut } as Act;
      return applyEntry(state, await sign(state, { by, act })).refused?.code;
    };
    expect(await kit(who.dave)).toBe("malformed");
    expect(await kit(who.bob)).toBeUndefined();
    expect(memberOfDevice(state, who.carol.key)).toBeUndefined();
  });
});

describe("attack 39: cards that did not prove themselves", () => {
  it("list nothing, also where somebody only drafts an act with them", async () => {
    const { tree, fork } = await group();
    const device = who.dave.key;
    for (const act of [await acts.admitDevice(await deviceOf(who.dave)), await acts.kit(withNewKit(who.dave))]) {
      expect(refusalOf(tree.state(fork), { device, act, card: null, devices: [] })).toMatchObject({ code: "corrupt" });
    }
  });
});
