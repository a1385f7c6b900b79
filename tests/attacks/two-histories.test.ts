/** A storage that shows some members one history and some another, and joins them later: who is led where, and who is asked first. */
import {
  addMember,
  catchUp,
  changeRole,
  makeFolder,
  openForks,
  readAll,
  reencrypt,
  removeMember,
  rotate,
  settle,
} from "@conclave/core";
import { memoryStore, recording } from "@conclave/stores/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  comeTogether,
  details,
  keysLike,
  problemCodes,
  putBy,
  removeBy,
  shownPaths,
  stateOf,
} from "../support/attacked.ts";
import { budget, type Device, findMember, live, put, texts, World } from "../support/world.ts";

const HOUR_MS = 3600 * 1000;
const YEAR_MS = 365 * 24 * HOUR_MS;

let recorder: ReturnType<typeof recording>;
let world: World;
beforeEach(() => {
  recorder = recording(memoryStore());
  world = new World({ store: recorder.store });
});
afterEach(() => world.close());

const NAMES = ["alice", "bob", "carol", "dave", "erin"] as const;
type Cast = Readonly<Record<(typeof NAMES)[number], Device>>;

/** Alice and bob own; carol, dave and erin edit. Everybody has seen everything. */
async function cast(): Promise<Cast> {
  const made = await Promise.all(NAMES.map((name) => world.device(name)));
  const all = Object.fromEntries(made.map((device) => [device.name, device])) as unknown as Cast;
  await world.found(all.alice);
  await world.admit(all.alice, all.bob, "owner");
  for (const device of [all.carol, all.dave, all.erin]) await world.admit(all.alice, device);
  await comeTogether(...made);
  return all;
}

function remove(by: Device, name: string) {
  return removeBy(by, name);
}

function promote(by: Device, name: string, role: "viewer" | "admin" | "owner") {
  return changeRole(live(by), { member: findMember(live(by).view.state, name), role });
}

/** Looks at the storage often enough, and over long enough, that a branch has stood. */
async function lookForHours(devices: readonly Device[], looks = 3): Promise<void> {
  for (let look = 0; look < looks; look++) {
    world.clock.time += 2 * HOUR_MS;
    for (const device of devices) await catchUp(live(device));
  }
}

/** What one side does is hidden from the other until it is joined. */
async function twoSides(
  sides: readonly [readonly Device[], readonly Device[]],
  works: readonly [() => Promise<unknown>, () => Promise<unknown>],
): Promise<void> {
  const [left, right] = sides;
  const ofLeft = await putBy(world, works[0]);
  for (const device of right) device.hooks.hides = (key) => ofLeft.has(key);
  const ofRight = await putBy(world, works[1]);
  for (const device of left) device.hooks.hides = (key) => ofRight.has(key);
}

function join(...devices: readonly Device[]): void {
  for (const device of devices) device.hooks.hides = undefined;
}

/** Alice has removed bob, and carol has gone on with her; bob went on as an owner, with dave and erin, and made dave one. */
async function bobWasRemoved(options: { readonly looks?: number } = {}): Promise<Cast> {
  const all = await cast();
  const { alice, bob, carol, dave, erin } = all;
  await twoSides(
    [
      [alice, carol],
      [bob, dave, erin],
    ],
    [
      async () => {
        await remove(alice, "bob");
        await catchUp(live(carol));
        await put(live(carol), { "of carol": "with alice" });
        await catchUp(live(alice));
      },
      async () => {
        await promote(bob, "dave", "owner");
        for (const device of [dave, erin]) {
          await catchUp(live(device));
          await put(live(device), { [`of ${device.name}`]: "with bob" });
        }
      },
    ],
  );
  await lookForHours([alice, carol, bob, dave, erin], options.looks);
  join(alice, carol, bob, dave, erin);
  return all;
}

function isIn(device: Device, name: string): boolean {
  return live(device).view.state.members.some((member) => member.name === name);
}

describe("attack 25: two histories shown to two members, and joined later", () => {
  it("lets nobody change sides silently where an hour and the lag have passed", async () => {
    const { alice, bob, carol } = await bobWasRemoved();
    for (const device of [alice, carol]) {
      const { head, epoch, members } = stateOf(live(device));
      await catchUp(live(device));
      expect(live(device).view.choice.late).toBe(true);
      expect(stateOf(live(device))).toMatchObject({ head, epoch, members });
      expect(isIn(device, "bob")).toBe(false);
      expect(problemCodes(live(device))).toContain("late");
      expect(details(live(device), "late").join()).toMatch(/alice's.*bob's|bob's.*alice's/);
    }
    // Bob's side has lost nobody, and the records lead to it: it need not change.
    await catchUp(live(bob));
    expect(live(bob).view.choice.late).toBe(false);
    expect(isIn(bob, "bob")).toBe(true);
    expect(problemCodes(live(bob))).toContain("fork");
  });

  it("names both histories: where they part, who did what, and which one is followed", async () => {
    const { alice, bob, carol } = await bobWasRemoved();
    await catchUp(live(carol));
    const [fork, ...more] = openForks(live(carol));
    expect(more).toEqual([]);
    expect(fork).toMatchObject({ why: "late", histories: [{ isFollowed: true }, { isFollowed: false }] });
    const acts = fork?.histories.map(({ acts }) =>
      acts.map(({ entry }) => (entry.type === "conclave/v1/entry" ? entry.act.act : "")),
    );
    expect(acts).toEqual([["remove"], ["role"]]);
    const authors = fork?.histories.map(({ acts }) => acts[0]?.entry.device);
    expect(authors).toEqual([live(alice).deviceKey, live(bob).deviceKey]);
  });

  it("stops all that would be signed or put by itself or on command; reading goes on", async () => {
    const { alice, carol } = await bobWasRemoved();
    for (const device of [alice, carol]) {
      await catchUp(live(device));
      const mark = recorder.everStored.length;
      const refused = { code: "contested" };
      await expect(put(live(device), { more: "x" })).rejects.toMatchObject(refused);
      await expect(makeFolder(live(device), "more")).rejects.toMatchObject(refused);
      await expect(reencrypt(live(device), { budget: budget() })).rejects.toMatchObject(refused);
      await lookForHours([device]);
      expect(recorder.everStored.length).toBe(mark);
      expect(await texts(live(device))).toMatchObject({ "of carol": "with alice", "of dave": "with bob" });
    }
    await expect(remove(alice, "carol")).rejects.toMatchObject({ code: "contested" });
    await expect(rotate(live(alice), { contents: "now" })).rejects.toMatchObject({ code: "contested" });
  });

  it("is no rollback where those who followed the other have emptied this one's epoch", async () => {
    const all = await cast();
    const { alice, bob, dave, erin } = all;
    await put(live(dave), { "before both": "x" });
    await comeTogether(...Object.values(all));
    await twoSides(
      [[alice], [bob, dave, erin]],
      [
        async () => {
          await remove(alice, "bob");
          await put(live(alice), { "of alice": "here" });
        },
        async () => {
          await remove(bob, "alice");
          for (const device of [dave, erin]) {
            await catchUp(live(device));
            await makeFolder(live(device), `of ${device.name}`);
          }
        },
      ],
    );
    await lookForHours([alice, bob, dave, erin]);
    const own = live(alice).view.current.epoch;
    join(bob, dave, erin);
    for (let round = 0; round < 2; round++) {
      for (const device of [dave, erin]) {
        await catchUp(live(device));
        await reencrypt(live(device), { budget: budget() });
      }
      world.clock.time += 3 * HOUR_MS;
    }
    expect(await keysLike(world, new RegExp(`^${own}/(records|objects)/`))).toEqual([]);
    join(alice);
    await catchUp(live(alice));
    expect(openForks(live(alice)).map(({ why }) => why)).toEqual(["contested"]);
    expect(live(alice).view.current.epoch).toBe(own);
    expect(shownPaths(live(alice))).toContain("of alice");
    expect(await texts(live(dave))).toMatchObject({ "before both": "x" });
  });

  it("asks nobody once one side alone is left to follow", async () => {
    const { alice, carol, dave, erin } = await bobWasRemoved();
    await catchUp(live(carol));
    expect(live(carol).view.choice.late).toBe(true);
    // Two who had gone on with bob go over to alice: now the records lead there too.
    const child = openForks(live(carol))[0]?.histories[0]?.entry ?? "";
    for (const device of [dave, erin]) {
      await readAll(live(device));
      settle(live(device), child);
      await catchUp(live(device));
      await put(live(device), { [`${device.name} again`]: "with alice" });
    }
    await comeTogether(alice, carol);
    for (const device of [alice, carol]) {
      expect(live(device).view.choice.late).toBe(false);
      expect(isIn(device, "bob")).toBe(false);
    }
  });
});

describe("attack 25: settled by a person", () => {
  it("stays for the history chosen, works on, and no later record undoes it", async () => {
    const { alice, bob, carol, dave, erin } = await bobWasRemoved();
    for (const device of [alice, carol]) {
      await catchUp(live(device));
      const [here] = openForks(live(device))[0]?.histories ?? [];
      expect(settle(live(device), here?.entry.slice(0, 16) ?? "")).toBe(here?.entry);
    }
    await comeTogether(alice, carol);
    await put(live(alice), { "of alice": "works on" });
    // Over there the removal is owed: dave, an owner there, signs it again. Bob seals nothing to a key that he holds himself.
    await catchUp(live(bob));
    await expect(makeFolder(live(bob), "of bob again")).rejects.toMatchObject({ code: "stale-epoch" });
    for (const device of [dave, erin]) {
      await catchUp(live(device));
      await makeFolder(live(device), `of ${device.name} again`);
    }
    await promote(dave, "erin", "owner");
    await lookForHours([alice, carol]);
    for (const device of [alice, carol]) {
      expect(live(device).view.choice).toMatchObject({ late: false, undecided: false });
      expect(isIn(device, "bob")).toBe(false);
      expect(details(live(device), "fork").join()).toMatch(/as this device's person has settled/);
      expect(shownPaths(live(device))).toEqual(expect.arrayContaining(["of alice", "of carol"]));
    }
    // What the others hold is not emptied for a history that they do not follow.
    const theirs = new RegExp(live(dave).view.current.epoch);
    const lying = await keysLike(world, theirs);
    expect(live(alice).view.opened.has(live(dave).view.current.epoch)).toBe(true);
    await reencrypt(live(alice), { budget: budget(), settled: true });
    await reencrypt(live(carol), { budget: budget(), settled: true });
    expect(await keysLike(world, theirs)).toEqual(lying);
    for (const device of [dave, erin]) {
      await catchUp(live(device));
      expect(await texts(live(device))).toMatchObject({ "of dave": "with bob", "of erin": "with bob" });
    }
  });

  it("goes over to the other, where the lost removal is signed again first of all", async () => {
    const { alice, bob, carol, dave, erin } = await bobWasRemoved();
    for (const device of [carol, alice]) {
      await catchUp(live(device));
      const [, there] = openForks(live(device))[0]?.histories ?? [];
      settle(live(device), there?.entry ?? "");
    }
    await comeTogether(alice, carol, dave, erin);
    const after = [alice, carol, dave, erin].map((device) => stateOf(live(device)));
    expect(new Set(after.map((each) => JSON.stringify(each))).size).toBe(1);
    for (const device of [alice, carol, dave, erin]) {
      expect(isIn(device, "bob")).toBe(false);
      expect(live(device).view.choice.late).toBe(false);
    }
    await put(live(carol), { "of carol": "seen everywhere" });
    await comeTogether(alice, carol, dave, erin);
    expect(await texts(live(dave))).toMatchObject({ "of carol": "seen everywhere", "of dave": "with bob" });
    await expect(catchUp(live(bob))).rejects.toMatchObject({ code: "removed" });
  });

  it("can be settled again, the other way, and back", async () => {
    const { carol } = await bobWasRemoved();
    await catchUp(live(carol));
    const [here, there] = openForks(live(carol))[0]?.histories ?? [];
    for (const [entry, isBobIn] of [
      [there?.entry, true],
      [here?.entry, false],
      [there?.entry, true],
    ] as const) {
      settle(live(carol), entry ?? "");
      await catchUp(live(carol));
      expect(isIn(carol, "bob")).toBe(isBobIn);
    }
  });

  it("refuses what is no entry, too short a prefix, and what both histories have", async () => {
    const { carol } = await bobWasRemoved();
    await catchUp(live(carol));
    const session = live(carol);
    const { at = "", histories = [] } = openForks(session)[0] ?? {};
    for (const typed of ["", "bob", "0123456789abcdef", histories[0]?.entry.slice(0, 7) ?? "", `${at}0`]) {
      expect(() => settle(session, typed)).toThrow(expect.objectContaining({ code: "not-found" }));
    }
    for (const typed of [at, session.group]) {
      expect(() => settle(session, typed)).toThrow(expect.objectContaining({ code: "contested" }));
    }
    expect(session.view.choice.late).toBe(true);
  });
});

describe("attack 22 and 25: a contested group is settled", () => {
  it.each(["alice", "bob"] as const)("for %s, by whoever stood nowhere, and all works on", async (winner) => {
    const { alice, bob, carol } = await cast();
    const before = live(bob);
    await remove(alice, "bob");
    await removeMember(before, { member: findMember(before.view.state, "alice"), contents: "on-change" });
    await catchUp(live(carol));
    expect(live(carol).view.choice).toMatchObject({ contested: true, undecided: true });
    await expect(put(live(carol), { more: "x" })).rejects.toMatchObject({ code: "contested" });
    const side = openForks(live(carol))[0]?.histories.find(
      ({ acts }) => acts[0]?.entry.device === live({ alice, bob }[winner]).deviceKey,
    );
    settle(live(carol), side?.entry ?? "");
    await catchUp(live(carol));
    await put(live(carol), { more: `with ${winner}` });
    const [won, lost] = winner === "alice" ? [alice, bob] : [bob, alice];
    await comeTogether(won, carol);
    expect(await texts(live(won))).toEqual({ more: `with ${winner}` });
    expect(isIn(carol, lost.name)).toBe(false);
    expect(live(won).view.choice.contested).toBe(false);
  });
});

describe("ordinary use asks nobody", () => {
  it("where the storage has joined both sides before an hour and the lag have passed", async () => {
    const { alice, carol } = await bobWasRemoved({ looks: 1 });
    await comeTogether(alice, carol);
    for (const device of [alice, carol]) expect(live(device).view.choice.late).toBe(false);
  });

  it("where a laptop slept for a year between the two: it had looked once only", async () => {
    const { carol } = await bobWasRemoved({ looks: 0 });
    world.clock.time += YEAR_MS;
    await catchUp(live(carol));
    expect(live(carol).view.choice.late).toBe(false);
  });

  it.each([
    ["one jump forward by years", [0, 20]],
    ["one back", [0, -20]],
    ["forward and back", [0, 20, 0]],
    ["back and forward", [0, -20, 0]],
    ["forward, back and forward", [0, 20, 0, 20]],
    ["many, each back after each forward", [0, 20, -20, 15, -15, 20, 0]],
  ] as const)("where the clock makes %s", async (_, years) => {
    const { alice, carol } = await bobWasRemoved({ looks: 0 });
    for (const device of [alice, carol]) {
      const { hides } = device.hooks;
      const seen = new Set(
        live(device)
          .index.all<{ key: string }>("SELECT key FROM files")
          .map(({ key }) => key),
      );
      device.hooks.hides = (key) => /\/records\/|^epochs\//.test(key) && !seen.has(key);
      for (const skew of years) {
        device.clockSkewMs = skew * YEAR_MS;
        await catchUp(live(device));
      }
      device.hooks.hides = hides;
      device.clockSkewMs = 0;
      await catchUp(live(device));
      expect(live(device).view.choice.late).toBe(false);
    }
  });

  it("where nobody has lost a role, however long both sides stood: two additions of one moment", async () => {
    const { alice, bob, carol, dave, erin } = await cast();
    const [frank, gina] = [await world.device("frank"), await world.device("gina")];
    await twoSides(
      [
        [alice, carol],
        [bob, dave, erin],
      ],
      [
        async () => {
          await addMember(live(alice), { card: frank.card, role: "admin" });
          await promote(alice, "carol", "admin");
        },
        async () => {
          await addMember(live(bob), { card: gina.card, role: "owner" });
          await promote(bob, "dave", "owner");
        },
      ],
    );
    await lookForHours([alice, bob, carol, dave, erin]);
    join(alice, bob, carol, dave, erin);
    await comeTogether(alice, bob, carol, dave, erin);
    for (const device of [alice, bob, carol, dave, erin]) {
      expect(live(device).view.choice.late).toBe(false);
      for (const name of ["frank", "gina"]) expect(isIn(device, name)).toBe(true);
    }
  });

  it("where a laptop that was away for months had added somebody, and others removed somebody meanwhile", async () => {
    const { alice, bob, carol, dave, erin } = await cast();
    const frank = await world.device("frank");
    await twoSides(
      [[bob], [alice, carol, dave, erin]],
      [
        () => addMember(live(bob), { card: frank.card, role: "editor" }),
        async () => {
          await remove(alice, "erin");
          await catchUp(live(carol));
          await put(live(carol), { "of carol": "1" });
        },
      ],
    );
    for (let month = 0; month < 6; month++) {
      world.clock.time += YEAR_MS / 12;
      for (const device of [alice, bob, carol, dave]) await catchUp(live(device));
    }
    join(alice, bob, carol, dave);
    await comeTogether(alice, bob, carol, dave);
    for (const device of [alice, bob, carol, dave]) {
      expect(live(device).view.choice.late).toBe(false);
      expect(isIn(device, "erin")).toBe(false);
      expect(isIn(device, "frank")).toBe(true);
    }
  });

  it("where an index is put back to a backup from before the two parted", async () => {
    const { carol, alice } = await cast();
    const copy = world.backUp(carol);
    await remove(alice, "bob");
    await lookForHours([alice, carol]);
    world.restore(carol, copy);
    await comeTogether(alice, carol);
    expect(live(carol).view.choice.late).toBe(false);
    expect(stateOf(live(carol))).toEqual(stateOf(live(alice)));
  });
});
