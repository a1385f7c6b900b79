/** Devices of a member, and recovery kits: who may list and remove which, and what becomes of it where the log forks. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Choice, chooseBranch } from "../../src/group/branch.ts";
import { applyEntry } from "../../src/group/fold.ts";
import { emptyLog, extendLog } from "../../src/group/log.ts";
import { lostActs, owedRemovals } from "../../src/group/owed.ts";
import { changeVerdict, historyOf } from "../../src/group/rights.ts";
import { type GroupState, memberById, memberOfDevice, withAdmitted } from "../../src/group/state.ts";
import { publicKeysOf } from "../../src/identity/device.ts";
import { makeDeviceCard } from "../../src/identity/device-card.ts";
import type { Act } from "../../src/records/entry.ts";
import { acts, crypto, deviceCard, deviceOf, fallOf, type Person, people, sign, Tree, withNewKit } from "./people.ts";

type Names = "alice" | "bob" | "carol" | "dave" | "erin";
let who: { readonly [Name in Names]: Person };
/** alice's second device, and one that is nowhere listed. */
let phone: Person;
let tablet: Person;
let carolsPhone: Person;
let tree: Tree;
/** alice owns and has two devices, bob administers, carol edits with two devices, dave views. */
let head: string;

beforeAll(async () => {
  who = await people("alice", "bob", "carol", "dave", "erin");
  phone = await deviceOf(who.alice);
  tablet = await deviceOf(who.alice, "tablet");
  carolsPhone = await deviceOf(who.carol);
  tree = await Tree.foundedBy(who.alice);
  head = await tree.addAll(tree.root, who.alice, [
    [who.bob, "admin"],
    [who.carol, "editor"],
    [who.dave, "viewer"],
  ]);
  head = await tree.grow(head, who.alice, acts.admitDevice(phone));
  head = await tree.grow(head, who.carol, acts.admitDevice(carolsPhone));
});

const state = (): GroupState => tree.state(head);

async function refusal(by: Person, act: Act | Promise<Act>, options: { withKit?: boolean; at?: GroupState } = {}) {
  const { withKit = false, at = state() } = options;
  return applyEntry(at, await sign(at, { by, act: await act, withKit })).refused?.code;
}

async function follow(by: Person, act: Act | Promise<Act>, options: { withKit?: boolean; at?: GroupState } = {}) {
  const { withKit = false, at = state() } = options;
  const folded = applyEntry(at, await sign(at, { by, act: await act, withKit }));
  if (folded.refused) throw new Error(folded.refused.reason);
  return folded.state;
}

function labels(at: GroupState, of: Person): readonly string[] {
  return memberById(at, of.id)?.devices.map(({ label }) => label) ?? [];
}

describe("a further device", () => {
  it("signs as its member, once another of the same member has listed it", () => {
    expect(memberOfDevice(state(), phone.key)?.name).toBe("alice");
    expect(labels(state(), who.alice)).toEqual(["alice's laptop", "recovery kit", "alice's phone"]);
    const listed = memberById(state(), who.alice.id)?.devices.find(({ verifyingKey }) => verifyingKey === phone.key);
    expect(listed?.admittedBy).toBe(who.alice.key);
  });

  it("may be a viewer's", async () => {
    const next = await follow(who.dave, acts.admitDevice(await deviceOf(who.dave)));
    expect(labels(next, who.dave)).toContain("dave's phone");
  });

  it.each([
    ["by somebody else's device, an owner's too", () => refusal(who.alice, admitFor(who.carol)), "corrupt"],
    ["by a kit", () => refusal(who.alice, acts.admitDevice(tablet), { withKit: true }), "role-too-low"],
    ["by itself", () => refusal(tablet, acts.admitDevice(tablet)), "not-a-member"],
    ["that is listed", () => refusal(who.alice, acts.admitDevice(phone)), "exists"],
    ["with the keys of somebody else's device", () => refusal(who.alice, stolen()), "exists"],
    ["whose card is a kit's", () => refusal(who.alice, kitAsDevice()), "corrupt"],
    ["whose card its own key did not sign", () => refusal(who.alice, unsigned()), "corrupt"],
    [
      "with a removed device's keys",
      async () => refusal(who.alice, acts.admitDevice(phone), { at: await less() }),
      "exists",
    ],
  ])("is not listed %s", async (_, refused, code) => {
    expect(await refused()).toBe(code);
  });

  async function admitFor(owner: Person): Promise<Act> {
    return acts.admitDevice(await deviceOf(owner));
  }
  async function stolen(): Promise<Act> {
    const keys = who.bob.device;
    return acts.admitDevice(
      tablet,
      await makeDeviceCard(crypto, { keys, member: who.alice.id, kind: "device", time: 1 }),
    );
  }
  async function kitAsDevice(): Promise<Act> {
    return acts.admitDevice(tablet, await deviceCard(withNewKit(who.alice), "kit"));
  }
  async function unsigned(): Promise<Act> {
    const own = await deviceCard(tablet, "device");
    const other = await deviceCard(tablet, "device", who.bob.id);
    return acts.admitDevice(tablet, { ...own, signed: { ...own.signed, signature: other.signed.signature } });
  }
  const less = () => follow(who.alice, acts.removeDevice([phone]));
});

describe("removing a device", () => {
  it("is for the member's other devices, and for whoever may remove the member", async () => {
    for (const [by, devices] of [
      [who.alice, [phone]],
      [phone, [who.alice]],
      [carolsPhone, [who.carol]],
      [who.bob, [who.carol, carolsPhone]],
    ] as const) {
      const next = await follow(by, acts.removeDevice(devices));
      for (const { key } of devices) expect(memberOfDevice(next, key)).toBeUndefined();
      expect(next.epochs).toHaveLength(state().epochs.length + 1);
      expect(next.members).toHaveLength(4);
    }
  });

  it.each([
    ["itself", () => refusal(phone, acts.removeDevice([phone])), "role-too-low"],
    ["another's, as an editor", () => refusal(who.carol, acts.removeDevice([who.dave])), "role-too-low"],
    ["an owner's, as an admin", () => refusal(who.bob, acts.removeDevice([phone])), "role-too-low"],
    ["devices of two people at once", () => refusal(who.alice, acts.removeDevice([phone, who.bob])), "not-found"],
    ["one that is not listed", () => refusal(who.alice, acts.removeDevice([tablet])), "not-found"],
    ["nothing", () => refusal(who.alice, acts.removeDevice([])), "malformed"],
    ["one twice", () => refusal(who.alice, acts.removeDevice([phone, phone])), "malformed"],
    ["another's kit, as an editor", () => refusal(who.carol, acts.removeDevice([kitOf(who.dave)])), "role-too-low"],
    [
      "kits of two people",
      () => refusal(who.alice, acts.removeDevice([kitOf(who.bob), kitOf(who.carol)])),
      "not-found",
    ],
    ["with a used recipient", () => refusal(who.alice, used()), "exists"],
    ["by a kit", () => refusal(who.alice, acts.removeDevice([phone]), { withKit: true }), "role-too-low"],
  ])("refuses to remove %s", async (_, refused, code) => {
    expect(await refused()).toBe(code);
  });

  it("takes the kit along that is named with them; it is listed no more, and recovers nobody", async () => {
    const next = await follow(who.carol, acts.removeDevice([carolsPhone, kitOf(who.carol)]));
    expect(labels(next, who.carol)).toEqual(["carol's laptop"]);
    const tablet = withNewKit(await deviceOf(who.carol, "tablet"));
    const back = { ...tablet, kit: who.carol.kit };
    const cards = [await deviceCard(tablet, "device"), await deviceCard(tablet, "kit")] as const;
    expect(await refusal(back, acts.recover(tablet, cards), { at: next, withKit: true })).toBe("not-a-member");
    const renewed = await follow(who.carol, acts.kit(withNewKit(who.carol)), { at: next });
    expect(labels(renewed, who.carol)).toEqual(["carol's laptop", "recovery kit"]);
  });

  /** Somebody as their kit is named among devices. */
  function kitOf(owner: Person): Person {
    return { ...owner, key: kitKey(owner) };
  }

  it("never takes the last device of all owners, however many members there are", async () => {
    const next = await follow(who.alice, acts.removeDevice([phone]));
    const owned = await follow(who.alice, acts.role(who.carol, "owner"), { at: next });
    expect(await refusal(who.carol, acts.removeDevice([who.alice]), { at: owned })).toBeUndefined();
    const alone = await follow(who.alice, acts.role(who.carol, "editor"), { at: owned });
    const promoted = await follow(who.alice, acts.role(who.bob, "owner"), { at: alone });
    const both = await follow(who.bob, acts.removeDevice([who.alice]), { at: promoted });
    expect(await refusal(who.bob, acts.role(who.bob, "admin"), { at: both })).toBe("last-owner");
    expect(await refusal(who.bob, acts.leave(), { at: both })).toBe("last-owner");
  });

  it("does not come undone by the member's own card", async () => {
    const lost = await follow(phone, acts.removeDevice([who.alice]));
    const owned = await follow(phone, acts.role(who.bob, "owner"), { at: lost });
    const left = await follow(phone, acts.leave(), { at: owned });
    expect(await refusal(who.bob, acts.add(who.alice), { at: left })).toBe("exists");
  });

  const kitKey = (of: Person) => of.card.card.kit.verifyingKey;
  const used = () => acts.removeDevice([phone], { recipient: state().epochs.at(0)?.recipient ?? "" });
});

describe("a recovery kit", () => {
  it("is replaced by its member's device; the old one is retired for good", async () => {
    const renewed = withNewKit(who.carol);
    const next = await follow(carolsPhone, acts.kit(renewed));
    expect(labels(next, who.carol).filter((label) => label === "recovery kit")).toHaveLength(1);
    expect(next.retired.map(({ device }) => device.verifyingKey)).toEqual([who.carol.card.card.kit.verifyingKey]);
    const back = deviceWithKit(await deviceOf(who.carol, "new laptop"));
    expect(await refusal(who.carol, acts.recover(back), { at: next, withKit: true })).toBe("not-a-member");
    expect(await refusal(who.carol, acts.kit(who.carol), { at: next })).toBe("exists");
  });

  it("starts no epoch whose recipient is its own, or the new device's", async () => {
    const [renewed, device] = [withNewKit(who.carol), await deviceOf(who.carol, "new laptop")];
    const back = deviceWithKit(device);
    const own = async (of: Person["kit"]) => (await publicKeysOf(of)).classic;
    const kit = { ...(await acts.kit(renewed)), recipient: await own(renewed.kit) } as Act;
    expect(await refusal(who.carol, kit)).toBe("exists");
    for (const recipient of [await own(device.device), await own(back.kit)]) {
      const recovered = { ...(await acts.recover(back)), recipient } as Act;
      expect(await refusal(who.carol, recovered, { withKit: true })).toBe("exists");
    }
  });

  it("brings its member back once: a device, a new kit, a new epoch", async () => {
    const back = deviceWithKit(await deviceOf(who.carol, "new laptop"));
    const next = await follow(who.carol, acts.recover(back), { withKit: true });
    expect(memberOfDevice(next, back.key)?.name).toBe("carol");
    expect(next.epochs).toHaveLength(state().epochs.length + 1);
    const again = deviceWithKit(await deviceOf(who.carol, "another"));
    expect(await refusal(who.carol, acts.recover(again), { at: next, withKit: true })).toBe("not-a-member");
    expect(await refusal(back, acts.recover(again), { at: next, withKit: true })).toBeUndefined();
  });

  it.each([
    ["an addition", () => refusal(who.alice, acts.add(who.erin), { withKit: true })],
    ["a role", () => refusal(who.alice, acts.role(who.carol, "admin"), { withKit: true })],
    ["a removal", () => refusal(who.alice, acts.remove(who.carol), { withKit: true })],
    ["a leave", () => refusal(who.carol, acts.leave(), { withKit: true })],
    ["a rotation", () => refusal(who.alice, acts.rotate(), { withKit: true })],
    ["another kit", () => refusal(who.alice, acts.kit(withNewKit(who.alice)), { withKit: true })],
    ["a recovery that a device signs", () => refusal(who.alice, acts.recover(deviceWithKit(tablet)))],
  ])("cannot be used for %s", async (_, refused) => {
    expect(await refused()).toBe("role-too-low");
  });

  it.each([
    ["of a kit by somebody else", () => refusal(who.alice, acts.kit(withNewKit(who.carol))), "corrupt"],
    ["with a device's card for a kit", () => refusal(who.alice, deviceAsKit()), "corrupt"],
    ["with one key for device and kit", () => refusal(who.carol, oneKey(), { withKit: true }), "exists"],
    ["in another's name", () => refusal(who.carol, acts.recover(deviceWithKit(tablet)), { withKit: true }), "corrupt"],
    ["with the used kit again", () => refusal(who.alice, acts.recover(tablet), { withKit: true }), "exists"],
    [
      "by a stranger's kit",
      () => refusal(who.erin, acts.recover(deviceWithKit(who.erin)), { withKit: true }),
      "not-a-member",
    ],
  ])("refuses a change %s", async (_, refused, code) => {
    expect(await refused()).toBe(code);
  });

  const deviceWithKit = (device: Person): Person => withNewKit(device);
  async function deviceAsKit(): Promise<Act> {
    return acts.kit(who.alice, await deviceCard(tablet, "device"));
  }
  async function oneKey(): Promise<Act> {
    const keys = (await deviceOf(who.carol)).device;
    const card = (kind: "device" | "kit") => makeDeviceCard(crypto, { keys, member: who.carol.id, kind, time: 1 });
    return acts.recover(who.carol, [await card("device"), await card("kit")]);
  }
});

describe("what a removed device signed", () => {
  it("counts as far as the removal had seen it; what the member's other devices sign counts on", async () => {
    const grown = branched();
    const removal = await grown.grow(head, who.bob, acts.removeDevice([carolsPhone]));
    const choice = choose(grown);
    const verdict = (device: string, isWithin: boolean) =>
      changeVerdict(historyOf(grown.log, choice), {
        record: { device, head, digest: "ab".repeat(32) },
        isWithinCut: (_record, cutting) => isWithin && cutting.digest === removal,
      });
    expect(verdict(carolsPhone.key, true)).toMatchObject({ counts: true });
    expect(verdict(carolsPhone.key, false)).toMatchObject({ why: "cut", by: removal });
    expect(verdict(who.carol.key, false)).toMatchObject({ counts: true });
  });
});

describe("what goes with a device that is removed", () => {
  it("is what it admitted, and that in turn; nothing that another one has", async () => {
    const grown = await Tree.foundedBy(who.alice);
    const [first, second, third] = [
      await deviceOf(who.alice, "first"),
      await deviceOf(who.alice, "second"),
      await deviceOf(who.alice, "third"),
    ] as const;
    const one = await grown.grow(grown.root, who.alice, acts.admitDevice(first));
    const two = await grown.grow(one, who.alice, acts.admitDevice(second));
    const three = await grown.grow(two, first, acts.admitDevice(third));
    const state = grown.state(three);
    const member = state.members[0];
    if (!member) throw new Error("there is a member");
    const goes = (device: Person) =>
      withAdmitted(state, { member, devices: [device.key] }).map((each) => each.verifyingKey);
    expect(goes(first)).toEqual([first.key, third.key]);
    expect(goes(second)).toEqual([second.key]);
    expect(goes(third)).toEqual([third.key]);
  });
});

describe("where the log forks", () => {
  it("a stolen device that dates an entry back falls before the removal of it by its own person", async () => {
    const grown = branched();
    const removal = await grown.grow(head, who.alice, acts.removeDevice([phone]));
    const evil = await grown.grow(head, phone, acts.remove(who.bob));
    grown.say(who.alice, removal);
    grown.say(phone, evil);
    const choice = expectOneChoice(grown);
    expect(choice.path).toContain(removal);
    expect(fallOf(choice, evil)).toBe("struck");
  });

  it("a stolen device undoes nothing of its person's by a word for what it dates back, where somebody else went on", async () => {
    const grown = branched();
    const honest = await grown.grow(head, who.alice, acts.rotate());
    const removal = await grown.grow(honest, who.bob, acts.role(who.dave, "editor"));
    const evil = await grown.grow(head, phone, acts.remove(who.bob));
    grown.say(phone, evil);
    const choice = expectOneChoice(grown);
    expect(choice.path).toContain(removal);
    expect(fallOf(choice, evil)).toBe("voices");
  });

  it("a stolen device has no voice for its person any more", async () => {
    const grown = branched();
    const removal = await grown.grow(head, who.carol, acts.removeDevice([carolsPhone]));
    const one = await grown.grow(removal, who.alice, acts.rotate());
    const other = await grown.grow(removal, phone, acts.role(who.dave, "editor"));
    grown.say(carolsPhone, one);
    grown.say(who.carol, other);
    expect(expectOneChoice(grown).path).toContain(other);
  });

  it("an admin's removal of somebody's device takes no voice away", async () => {
    const grown = branched();
    const removal = await grown.grow(head, who.bob, acts.removeDevice([carolsPhone]));
    const other = await grown.grow(head, who.alice, acts.rotate());
    grown.say(carolsPhone, other);
    const choice = expectOneChoice(grown);
    expect(choice.head).toBe(other);
    expect(fallOf(choice, removal)).toBe("voices");
    expect(owedRemovals(grown.log, { choice, words: grown.words })).toMatchObject([{ entry: removal, isOwed: true }]);
  });

  it("two devices that remove each other are contested where nobody else speaks", async () => {
    const grown = branched();
    const one = await grown.grow(head, who.alice, acts.removeDevice([phone]));
    const other = await grown.grow(head, phone, acts.removeDevice([who.alice]));
    expect(expectOneChoice(grown).forks[0]).toMatchObject({ contested: true });
    grown.say(who.dave, other);
    const choice = expectOneChoice(grown);
    expect(choice.path).toContain(other);
    expect(fallOf(choice, one)).toBe("voices");
    expect(owedRemovals(grown.log, { choice, words: grown.words })).toMatchObject([{ entry: one, isOwed: false }]);
  });

  it("owes a removal of a device that was lost, until it is signed again", async () => {
    const grown = branched();
    const removal = await grown.grow(head, who.carol, acts.removeDevice([carolsPhone]));
    const other = await grown.grow(head, who.bob, acts.role(who.dave, "editor"));
    grown.say(who.alice, other);
    const choice = expectOneChoice(grown);
    expect(choice.head).toBe(other);
    expect(owedRemovals(grown.log, { choice, words: grown.words })).toEqual([
      {
        entry: removal,
        author: who.carol.id,
        target: who.carol.id,
        devices: [carolsPhone.key],
        isOwed: true,
        onlyByAuthor: false,
      },
    ]);
    await grown.grow(other, who.carol, acts.removeDevice([carolsPhone], { owed: removal }));
    const settled = expectOneChoice(grown);
    expect(owedRemovals(grown.log, { choice: settled, words: grown.words })).toEqual([]);
  });

  it("owes it also where the person was removed and let in again, with that device, until it is signed again", async () => {
    const grown = branched();
    const removal = await grown.grow(head, who.bob, acts.removeDevice([who.carol]));
    const without = await grown.grow(head, who.alice, acts.remove(who.carol));
    const again = await grown.grow(without, who.alice, acts.add(who.carol));
    grown.say(who.dave, again);
    const choice = expectOneChoice(grown);
    expect(choice.head).toBe(again);
    expect(owedRemovals(grown.log, { choice, words: grown.words })).toMatchObject([
      { entry: removal, target: who.carol.id, devices: [who.carol.key], isOwed: true },
    ]);
    await grown.grow(again, who.bob, acts.removeDevice([who.carol], { owed: removal }));
    const settled = expectOneChoice(grown);
    expect(owedRemovals(grown.log, { choice: settled, words: grown.words })).toEqual([]);
  });

  it("owes it of the member's alone whose devices it took off, where a key among them is another's", async () => {
    const grown = branched();
    const lent = await deviceCard({ ...who.carol, device: who.erin.device }, "device");
    const listed = await grown.grow(head, carolsPhone, acts.admitDevice(who.carol, lent));
    const removal = await grown.grow(listed, carolsPhone, acts.removeDevice([who.carol, who.erin]));
    const added = await grown.grow(head, who.alice, acts.add(who.erin));
    const other = await grown.grow(added, who.erin, acts.admitDevice(await deviceOf(who.erin)));
    for (const person of [who.bob, who.dave]) grown.say(person, other);
    const choice = expectOneChoice(grown);
    expect(choice.head).toBe(other);
    expect(owedRemovals(grown.log, { choice, words: grown.words })).toMatchObject([
      { entry: removal, target: who.carol.id, devices: [who.carol.key], isOwed: true },
    ]);
    await grown.grow(other, who.alice, acts.removeDevice([who.carol], { owed: removal }));
    expect(owedRemovals(grown.log, { choice: expectOneChoice(grown), words: grown.words })).toEqual([]);
  });

  it("does not owe the removal of whose device signed it, on the branch where that device is listed as theirs", async () => {
    const grown = await Tree.foundedBy(who.alice);
    const joined = await grown.grow(grown.root, who.alice, acts.add(who.bob, "owner"));
    const removal = await grown.grow(joined, who.bob, acts.remove(who.alice));
    // Bob's laptop has signed two cards: as his own, and as a device of Alice's.
    const lent = await deviceCard({ ...who.alice, device: who.bob.device }, "device");
    const listed = await grown.grow(grown.root, who.alice, acts.admitDevice(who.alice, lent));
    const choice = chooseBranch(grown.log, { words: [], settled: listed }) as Choice;
    expect(choice.head).toBe(listed);
    expect(owedRemovals(grown.log, { choice, words: [] })).toMatchObject([{ entry: removal, isOwed: false }]);
  });

  it("a lost admission is signed again, or owes a rotation if it cannot be", async () => {
    const grown = branched();
    const lost = await grown.grow(head, phone, acts.admitDevice(tablet));
    const other = await grown.grow(head, who.bob, acts.role(who.dave, "editor"));
    grown.say(who.carol, other);
    expect(lostActs(grown.log, expectOneChoice(grown))).toMatchObject([
      { entry: lost, again: true, owesRotation: false },
    ]);
    await grown.grow(other, who.alice, acts.removeDevice([phone]));
    expect(lostActs(grown.log, expectOneChoice(grown))).toMatchObject([
      { entry: lost, again: false, owesRotation: false },
    ]);
  });

  it("a lost new kit is signed again unless a newer one was listed; a lost recovery is not", async () => {
    const grown = branched();
    const kit = await grown.grow(head, who.carol, acts.kit(withNewKit(who.carol)));
    const other = await grown.grow(head, who.bob, acts.role(who.dave, "editor"));
    grown.say(who.alice, other);
    expect(lostActs(grown.log, expectOneChoice(grown))).toMatchObject([{ entry: kit, again: true }]);
    const back = withNewKit(await deviceOf(who.carol, "new laptop"));
    grown.take(await sign(grown.state(other), { by: who.carol, act: await acts.recover(back), withKit: true }));
    expect(lostActs(grown.log, expectOneChoice(grown))).toMatchObject([{ entry: kit, again: false }]);
  });

  it("a lost recovery owes a rotation where the epoch goes on that it was to end: what it listed holds the key", async () => {
    const grown = branched();
    const back = withNewKit(await deviceOf(who.carol, "new laptop"));
    const lost = await sign(grown.state(head), { by: who.carol, act: await acts.recover(back), withKit: true });
    grown.take(lost);
    const other = await grown.grow(head, who.bob, acts.role(who.dave, "editor"));
    grown.say(who.alice, other);
    expect(lostActs(grown.log, expectOneChoice(grown))).toMatchObject([
      { entry: lost.digest, again: false, owesRotation: true },
    ]);
    await grown.grow(other, who.alice, acts.rotate());
    expect(lostActs(grown.log, expectOneChoice(grown))).toMatchObject([{ again: false, owesRotation: false }]);
  });
});

/** The group as it is, to grow on without a trace in the next test. */
function branched(): Tree {
  const [first, ...rest] = tree.entries;
  if (!first) throw new Error("no first entry");
  const grown = new Tree(first);
  for (const entry of rest) grown.take(entry);
  return grown;
}

function choose(grown: Tree): Choice {
  const choice = chooseBranch(grown.log, { words: grown.words });
  if (!choice) throw new Error("no first entry");
  return choice;
}

/** Takes what came after the shared beginning in in many orders, and expects one choice. */
function expectOneChoice(grown: Tree): Choice {
  const expected = choose(grown);
  const beginning = grown.entries.slice(0, tree.entries.length);
  for (const rest of permutations(grown.entries.slice(tree.entries.length))) {
    let log = extendLog(emptyLog(grown.root), beginning);
    for (const entry of rest) log = extendLog(log, [entry]);
    expect(chooseBranch(log, { words: grown.words.toReversed() })).toEqual(expected);
  }
  return expected;
}

function* permutations<Item>(items: readonly Item[]): Generator<Item[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest];
  }
}
