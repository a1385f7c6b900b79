/** What several people did at once, read by somebody who sees it arrive from the storage in every order: always one and the same group. */
import {
  addMember,
  catchUp,
  changeRole,
  leaveGroup,
  makeFolder,
  openForks,
  readAll,
  rotate,
  settle,
} from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comeTogether, problemCodes, putBy, removeBy, shownPaths, stateOf } from "../support/attacked.ts";
import { forge, forgedChange, forgedEntry, newFolder } from "../support/forge.ts";
import type { Act } from "../support/insides.ts";
import { type Device, findMember, live, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const NAMES = ["alice", "bob", "carol", "dave", "reader"] as const;
type Cast = Readonly<Record<(typeof NAMES)[number], Device>>;

/** Alice, bob and carol own; dave edits, reader reads. Everybody has seen everything. */
async function cast(): Promise<Cast> {
  const made = await Promise.all(NAMES.map((name) => world.device(name)));
  const all = Object.fromEntries(made.map((device) => [device.name, device])) as unknown as Cast;
  await world.found(all.alice);
  for (const device of [all.bob, all.carol]) await world.admit(all.alice, device, "owner");
  await world.admit(all.alice, all.dave);
  await world.admit(all.alice, all.reader, "viewer");
  await comeTogether(...made);
  return all;
}

function remove(by: Device, name: string) {
  return removeBy(by, name);
}

function role(by: Device, name: string, to: "viewer" | "admin" | "owner") {
  return changeRole(live(by), { member: findMember(live(by).view.state, name), role: to });
}

async function add(by: Device, name: string, as: "editor" | "owner" = "editor"): Promise<Device> {
  const newcomer = await world.device(name);
  await addMember(live(by), { card: newcomer.card, role: as });
  return newcomer;
}

/** Says a word for what this device has read last. */
async function say(device: Device): Promise<void> {
  await catchUp(live(device));
  await makeFolder(live(device), `of ${device.name}`);
}

function* permutations<Item>(items: readonly Item[]): Generator<Item[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest];
  }
}

/** At most so many orders are tried, spread evenly over all. */
const ORDERS_MAX = 60;

interface Seen {
  readonly members: readonly string[];
  readonly contested: boolean;
  readonly undecided: boolean;
  /** The authors of entries that fell, with the rule. */
  readonly falls: readonly string[];
}

/** Does the acts one after the other, nobody reading in between but who does it; then shows them to `reader` in every order. */
async function inEveryOrder(all: Cast, acts: readonly (() => Promise<unknown>)[]): Promise<Seen> {
  const { reader } = all;
  const before = world.backUp(reader);
  const arrivals: ReadonlySet<string>[] = [];
  for (const act of acts) arrivals.push(await putBy(world, act));
  const orders = [...permutations(arrivals)];
  const stride = Math.max(1, Math.floor(orders.length / ORDERS_MAX));
  const ends = new Map<string, Seen>();
  for (const order of orders.filter((_, index) => index % stride === 0)) {
    world.restore(reader, before);
    const hidden = new Set(order.flatMap((keys) => [...keys]));
    reader.hooks.hides = (key) => hidden.has(key);
    for (const arrived of order) {
      for (const key of arrived) hidden.delete(key);
      await readAll(live(reader));
    }
    ends.set(JSON.stringify([stateOf(live(reader)), live(reader).view.choice.forks]), seenBy(reader));
  }
  reader.hooks.hides = undefined;
  expect([...ends.keys()]).toHaveLength(1);
  return [...ends.values()][0] as Seen;
}

function seenBy(device: Device): Seen {
  const { state, choice, log } = live(device).view;
  const names = new Map(namesIn(device));
  const falls = choice.forks.flatMap(({ children }) =>
    children.flatMap(({ digest, fall }) => {
      const author = log.nodes.get(digest)?.verified.entry.device ?? "";
      return fall ? [`${names.get(author)}: ${fall.rule}`] : [];
    }),
  );
  const members = state.members.map(({ name }) => name).sort();
  return { members, contested: choice.contested, undecided: choice.undecided, falls: falls.sort() };
}

/** Everybody's device by its key, from every branch. */
function namesIn(device: Device): (readonly [string, string])[] {
  return [...live(device).view.log.nodes.values()].flatMap(({ state }) =>
    state.members.flatMap(({ name, devices }) => devices.map(({ verifyingKey }) => [verifyingKey, name] as const)),
  );
}

describe("attack 21: a removal, and what the removed one did at once, arrives in any order", () => {
  it("leaves B out, whose additions and removals fall with the branch", async () => {
    const all = await cast();
    const { alice, bob } = all;
    const seen = await inEveryOrder(all, [
      () => remove(alice, "bob"),
      () => add(bob, "puppet", "owner"),
      () => remove(bob, "dave"),
      () => rotate(live(bob), { contents: "on-change" }),
    ]);
    expect(seen).toMatchObject({ contested: false, falls: ["bob: struck"] });
    expect(seen.members).toEqual(["alice", "carol", "dave", "reader"]);
  });

  it("leaves B out with puppets' records in between, which have no voice", async () => {
    const all = await cast();
    const { alice, bob } = all;
    let puppet: Device | undefined;
    let ofAlice: ReadonlySet<string> = new Set();
    const seen = await inEveryOrder(all, [
      async () => {
        ofAlice = await putBy(world, () => remove(alice, "bob"));
      },
      async () => {
        puppet = await add(bob, "puppet", "owner");
      },
      async () => {
        if (!puppet) throw new Error("nobody was let in");
        // What alice did is kept from bob's puppet, which goes on where bob has let it in.
        puppet.hooks.hides = (key) => ofAlice.has(key);
        await world.join(puppet, world.address(live(bob)));
        await makeFolder(live(puppet), "of the puppet");
      },
    ]);
    expect(seen).toMatchObject({ contested: false, falls: ["bob: struck"] });
    expect(seen.members).not.toContain("puppet");
  });
});

describe("attack 22: removals of each other arrive in any order", () => {
  it("are contested without another voice", async () => {
    const all = await cast();
    const seen = await inEveryOrder(all, [() => remove(all.alice, "bob"), () => remove(all.bob, "alice")]);
    expect(seen).toMatchObject({ contested: true, undecided: true, members: [...NAMES].sort() });
  });

  it("are decided by an uninvolved member's word, also where that comes first or hidden behind what it names", async () => {
    const all = await cast();
    const { alice, bob, dave } = all;
    const seen = await inEveryOrder(all, [
      () => remove(alice, "bob"),
      () => say(dave),
      () => remove(bob, "alice"),
      () => rotate(live(bob), { contents: "on-change" }),
    ]);
    expect(seen).toMatchObject({ contested: false, falls: ["bob: voices"] });
    expect(seen.members).toEqual(["alice", "carol", "dave", "reader"]);
  });

  it("are contested in a cycle of three", async () => {
    const all = await cast();
    const { alice, bob, carol } = all;
    const seen = await inEveryOrder(all, [
      () => remove(alice, "bob"),
      () => remove(bob, "carol"),
      () => remove(carol, "alice"),
    ]);
    expect(seen).toMatchObject({ contested: true, undecided: true });
  });

  it("leave a cycle of three for somebody who is in none", async () => {
    const all = await cast();
    const { alice, bob, carol, dave } = all;
    const seen = await inEveryOrder(all, [
      () => remove(alice, "bob"),
      () => remove(bob, "carol"),
      () => remove(carol, "alice"),
      () => leaveGroup(live(dave)),
    ]);
    expect(seen).toMatchObject({ contested: false });
    expect(seen.members).toEqual(["alice", "bob", "carol", "reader"]);
  });

  it("weigh the same as a demotion, later under the same branch", async () => {
    const all = await cast();
    const { alice, bob } = all;
    const seen = await inEveryOrder(all, [
      () => rotate(live(alice), { contents: "on-change" }),
      () => role(alice, "bob", "viewer"),
      () => remove(bob, "alice"),
    ]);
    expect(seen).toMatchObject({ contested: true, undecided: true });
  });

  it("forks in a fork are judged from the outside in", async () => {
    const all = await cast();
    const { alice, bob, carol, dave } = all;
    const seen = await inEveryOrder(all, [
      () => remove(alice, "dave"),
      async () => {
        // Carol has seen alice's removal; then alice and carol act at once.
        await catchUp(live(carol));
        await role(carol, "bob", "viewer");
      },
      () => role(alice, "carol", "admin"),
      () => add(bob, "puppet", "owner"),
    ]);
    expect(seen.members).not.toContain("puppet");
    expect(seen.members).not.toContain("dave");
    expect(live(dave).view.choice.forks).toEqual([]);
    expect(seen.falls).toContain("bob: voices");
  });
});

describe("attack 24: two records with one number, shown to different people", () => {
  it("both count in every order, and are told of; after a removal only what its author had seen", async () => {
    const all = await cast();
    const { alice, bob, carol, reader } = all;
    const meta = (name: string) => live(bob).index.get<{ value: never }>("SELECT value FROM meta WHERE name = ?", name);
    const after = {
      writer: meta("writer")?.value ?? "",
      number: meta("number")?.value ?? 0,
      previous: meta("previous")?.value ?? null,
    };
    const twin = forgedChange({ head: live(bob).view.state.head, operations: [newFolder(live(bob), "for carol")] });
    let second: ReadonlySet<string> = new Set();
    await inEveryOrder(all, [
      () => makeFolder(live(bob), "for alice"),
      async () => {
        second = await putBy(world, () => forge(live(bob), { records: [twin], after }));
      },
    ]);
    expect(shownPaths(live(reader))).toEqual(["for alice", "for carol"]);
    expect(problemCodes(live(reader))).toContain("duplicate");
    alice.hooks.hides = (key) => second.has(key);
    await catchUp(live(alice));
    await remove(alice, "bob");
    alice.hooks.hides = undefined;
    await comeTogether(alice, carol, reader);
    for (const device of [alice, carol, reader]) expect(shownPaths(live(device))).toEqual(["for alice"]);
  });
});

describe("attack 23: C removed by two at once, and let in again by one of them", () => {
  it("is out or owed to be out in every order", async () => {
    const all = await cast();
    const { alice, bob, dave } = all;
    await inEveryOrder(all, [
      () => remove(alice, "dave"),
      () => remove(bob, "dave"),
      () => addMember(live(bob), { card: dave.card, role: "editor" }).then(() => undefined),
    ]);
    await comeTogether(all.carol, alice, bob, all.reader);
    expect(seenBy(all.reader).members).toEqual(["alice", "bob", "carol", "reader"]);
  });
});

describe("attack 20 and 51: entries dated back, by who is out or still in", () => {
  /** An entry of bob's after an older one, from a fresh writer, its digest made small by trying times. */
  async function datedBack(all: Cast, parent: string, act: Act): Promise<void> {
    await forge(live(all.bob), { records: [forgedEntry(act, parent)] });
  }

  it.each(["before", "after"] as const)("move nobody, put %s the removal", async (when) => {
    const all = await cast();
    const { alice, bob, carol, dave } = all;
    const old = live(bob).view.state.head;
    // Everybody has gone on since, bob too.
    await role(alice, "dave", "admin");
    for (const device of [bob, carol, dave]) await say(device);
    await comeTogether(alice, bob, carol, dave, all.reader);
    const evil = () => datedBack(all, old, { act: "role", member: dave.card.member, role: "viewer", cut: [] });
    const removal = () => remove(alice, "bob");
    const seen = await inEveryOrder(all, when === "before" ? [evil, removal, () => say(carol)] : [removal, evil, evil]);
    expect(seen.members).toEqual(["alice", "carol", "dave", "reader"]);
    expect(seen.falls.every((fall) => /^bob: (own-word|voices)$/.test(fall))).toBe(true);
    expect(seen.falls.length).toBeGreaterThan(0);
    expect(live(all.reader).view.state.members.find(({ name }) => name === "dave")?.role).toBe("admin");
  });

  it("move nobody who settled either, and are told of", async () => {
    const all = await cast();
    const { alice, bob, carol, dave } = all;
    const old = live(bob).view.state.head;
    await role(alice, "dave", "admin");
    await comeTogether(...Object.values(all));
    for (const device of [alice, carol]) settle(live(device), live(device).view.state.head);
    for (let count = 0; count < 8; count++) {
      await datedBack(all, old, { act: "role", member: dave.card.member, role: "viewer", cut: [] });
    }
    for (const device of [alice, carol]) {
      await catchUp(live(device));
      expect(live(device).view.state.members.find(({ name }) => name === "dave")?.role).toBe("admin");
      expect(live(device).view.choice.forks[0]?.children).toHaveLength(9);
      expect(openForks(live(device)).every(({ why }) => why === "settled")).toBe(true);
    }
  });
});
