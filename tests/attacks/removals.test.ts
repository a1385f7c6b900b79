/** Removals under attack: what those who are out can do, what those who have not heard of it do, and who finishes the work. */
import {
  addMember,
  catchUp,
  leaveGroup,
  makeFolder,
  type ObjectStore,
  readAll,
  reencrypt,
  removeMember,
  rotate,
  verify,
} from "@conclave/core";
import { Crash, memoryStore, recording } from "@conclave/stores/testing";
import { describe, expect, it } from "vitest";
import { Turns } from "../simulator/turns.ts";
import {
  comeTogether,
  details,
  keysLike,
  people,
  problemCodes,
  removeBy,
  shownPaths,
  stateOf,
} from "../support/attacked.ts";
import { keyRing, opensAnything } from "../support/key-ring.ts";
import { openWorld } from "../support/open-world.ts";
import { drawFrom } from "../support/seeded.ts";
import { budget, type Device, findMember, live, paths, put, texts, type World } from "../support/world.ts";

async function group(options: Omit<NonNullable<Parameters<typeof people>[0]>, "world"> = {}) {
  const recorder = recording(memoryStore());
  const world = openWorld({ store: recorder.store });
  return { recorder, ...(await people({ ...options, world })) };
}

async function remove(by: Device, name: string): Promise<void> {
  await removeBy(by, name, "now");
}

/** Everything that lies there and is not for everybody's eyes anyway. */
async function lying(world: World): Promise<{ key: string; bytes: Uint8Array }[]> {
  const keys = (await keysLike(world, /\.age$/)).filter((key) => !key.includes("/notice-"));
  return Promise.all(keys.map(async (key) => ({ key, bytes: await world.store.get(key) })));
}

describe("attack 30: a removed member with every old key and a full copy", () => {
  it("opens no object, record, listing or grant once the re-encryption is done", async () => {
    const { world, alice, bob, carol } = await group();
    for (const who of [alice, bob]) await put(live(who), { [`of ${who.name}`]: "x".repeat(3000) });
    await comeTogether(alice, bob, carol);
    const ring = keyRing(bob, world.crypto);
    expect(await opensAnything(ring, await lying(world))).toBeDefined();
    await remove(alice, "bob");
    await reencrypt(live(alice), { budget: budget() });
    await comeTogether(alice, carol);
    await put(live(carol), { later: "y" });
    expect(await opensAnything(keyRing(bob, world.crypto), await lying(world))).toBeUndefined();
    expect(await opensAnything(keyRing(carol, world.crypto), await lying(world))).toBeDefined();
  });

  it("is not called finished because a listing hides old objects; they are deleted all the same", async () => {
    const { world, alice, carol } = await group();
    await put(live(carol), { note: "x" });
    const [old = ""] = await keysLike(world, /\/objects\//);
    await catchUp(live(alice));
    alice.store = {
      ...world.store,
      async *list(folder, options) {
        for await (const each of world.store.list(folder, options)) if (each.key !== old) yield each;
      },
    };
    world.restart(alice);
    await catchUp(live(alice));
    await remove(alice, "bob");
    await reencrypt(live(alice), { budget: budget() });
    expect(await keysLike(world, new RegExp(old))).toEqual([]);
  });

  it("is not held up by files that a stranger keeps dropping", async () => {
    const { world, alice, bob, carol } = await group();
    await put(live(carol), { note: "x" });
    await comeTogether(alice, bob, carol);
    const { epoch } = live(alice).view.current;
    await remove(alice, "bob");
    for (let number = 0; number < 3; number++) {
      const name = `${number}`.repeat(32);
      await world.store.put(`${epoch}/objects/${name}.age`, new Uint8Array(700).fill(number));
      await world.store.put(`${epoch}/records/${name}-1-1-${name}.age`, new Uint8Array(700).fill(number));
      expect((await reencrypt(live(alice), { budget: budget() })).remaining).toEqual({ objects: 0, bytes: 0 });
    }
    const old = (await keysLike(world, /\/(objects|records)\//)).filter((key) => key.startsWith(epoch));
    expect(old.every((key) => /\/(\d)\1{31}/.test(key))).toBe(true);
  });
});

describe("attack 32: a slow writer", () => {
  it("who has not seen the removal loses nothing: what it sealed to the old key is moved on", async () => {
    const { world, alice, bob, carol } = await group();
    await remove(alice, "bob");
    await reencrypt(live(alice), { budget: budget() });
    await put(live(carol), { "slow.txt": "written before it was known" });
    await comeTogether(alice, carol);
    await reencrypt(live(alice), { budget: budget() });
    await comeTogether(alice, carol);
    expect(await texts(live(alice))).toEqual({ "slow.txt": "written before it was known" });
    expect(await opensAnything(keyRing(bob, world.crypto), await lying(world))).toBeUndefined();
  });

  it("is read by who comes in after that, also before it is moved on", async () => {
    const { world, alice, carol } = await group();
    await remove(alice, "bob");
    await reencrypt(live(alice), { budget: budget() });
    await put(live(carol), { "slow.txt": "written before it was known" });
    await comeTogether(alice, carol);
    const dave = await world.device("dave");
    await world.admit(alice, dave);
    expect(await texts(live(dave))).toEqual({ "slow.txt": "written before it was known" });
    const report = await verify(live(dave), { budget: budget(), shown: await readAll(live(dave)), full: true });
    expect(report).toMatchObject({ ok: true, problems: [] });
  });

  it("who was offline puts nothing under the old key any more once it has seen the removal", async () => {
    const { recorder, world, alice, bob, carol } = await group();
    const ended = live(carol).view.current.epoch;
    carol.hooks = { fault: (call) => (call.verb === "put" ? { when: "before", error: offline() } : undefined) };
    world.restart(carol);
    await expect(makeFolder(live(carol), "made offline")).rejects.toMatchObject({ code: "unavailable" });
    carol.hooks = {};
    world.restart(carol);
    await remove(alice, "bob");
    const mark = recorder.everStored.length;
    await comeTogether(alice, carol);
    await put(live(carol), { note: "x" });
    await comeTogether(alice, carol);
    expect(shownPaths(live(alice))).toEqual(["made offline", "note"]);
    expect(recorder.everStored.slice(mark).filter(({ key }) => key.startsWith(ended))).toEqual([]);
    expect(await opensAnything(keyRing(bob, live(bob).crypto), recorder.everStored.slice(mark))).toBeUndefined();
  });
});

function offline(): Error {
  return Object.assign(new Error("no network"), { code: "unavailable" });
}

describe("attack 7: a change whose author knew an entry that is held back from whoever re-encrypts", () => {
  it("keeps its object: it may count as soon as the entry is seen", async () => {
    const { world, alice, bob, carol } = await group({ bob: "admin" });
    const known = await keysLike(world, /./);
    await addMember(live(bob), { card: (await world.device("dave")).card, role: "viewer" });
    const held = (await keysLike(world, /./)).filter((key) => !known.includes(key));
    await catchUp(live(carol));
    await put(live(carol), { note: "written by somebody who knew more" });
    alice.hooks = { hides: (key) => held.includes(key) };
    world.restart(alice);
    await catchUp(live(alice));
    await rotate(live(alice), { contents: "now" });
    await reencrypt(live(alice), { budget: budget() });
    expect(paths(live(alice))).toEqual([]);
    alice.hooks = {};
    world.restart(alice);
    await comeTogether(alice, bob, carol);
    expect(await texts(live(alice))).toEqual({ note: "written by somebody who knew more" });
    expect(await texts(live(carol))).toEqual({ note: "written by somebody who knew more" });
  });
});

describe("attack 33: two members re-encrypt at once", () => {
  it.each([1, 2, 3, 4])("converges, deletes nothing twice and loses nothing (order %i)", async (seed) => {
    const { world, recorder, alice, bob, carol } = await group();
    const files = Object.fromEntries([1, 2, 3].map((number) => [`file ${number}`, `content ${number}`]));
    for (const [path, text] of Object.entries(files)) await put(live(bob), { [path]: text });
    await comeTogether(alice, bob, carol);
    await rotate(live(alice), { contents: "on-change" });
    await comeTogether(alice, bob, carol);
    const turns = new Turns();
    for (const device of [alice, bob]) {
      device.store = turns.gate(world.store, device.name);
      world.restart(device);
    }
    const works = [alice, bob].map((device): [string, () => Promise<void>] => [
      device.name,
      async () => {
        await reencrypt(live(device), { budget: budget() });
      },
    ]);
    await turns.together(new Map(works), drawFrom(seed));
    await comeTogether(alice, bob, carol);
    for (const device of [alice, bob]) await reencrypt(live(device), { budget: budget() });
    await comeTogether(alice, bob, carol);
    expect(await texts(live(carol))).toEqual(files);
    const { epoch } = live(carol).view.current;
    expect((await keysLike(world, /\/objects\//)).filter((key) => !key.startsWith(epoch))).toEqual([]);
    expect(recorder.calls.filter(({ verb, key }) => verb === "delete" && key.startsWith(`${epoch}/objects`))).toEqual(
      [],
    );
  });
});

describe("attack 34: what the provider keeps", () => {
  it.each(["refused", "detached"] as const)("names old objects whose deletion is answered with %s", async (answer) => {
    const { world, alice, bob, carol } = await group();
    await put(live(carol), { note: "x" });
    const [old = ""] = await keysLike(world, /\/objects\//);
    await comeTogether(alice, bob, carol);
    const keeping: ObjectStore = { ...world.store, delete: async () => answer };
    alice.store = keeping;
    world.restart(alice);
    await remove(alice, "bob");
    const { kept, remaining } = await reencrypt(live(alice), { budget: budget() });
    expect(kept).toEqual([/objects\/(.*)\.age/.exec(old)?.[1]]);
    expect(remaining.objects).toBe(answer === "refused" ? 1 : 0);
  });
});

describe("attack 35: a member added after a rotation was finished", () => {
  it("opens nothing that was deleted before it, whoever re-encrypted and whoever lets them in", async () => {
    const { world, recorder, alice, bob, carol } = await group();
    await put(live(alice), { past: "a secret of the past" }, 1);
    await put(live(alice), { past: "kept" }, 2);
    await comeTogether(alice, bob, carol);
    await remove(alice, "bob");
    await catchUp(live(carol));
    await reencrypt(live(carol), { budget: budget() });
    await comeTogether(alice, carol);
    const { epoch } = live(alice).view.current;
    const dave = await world.device("dave");
    await world.admit(alice, dave);
    expect(await texts(live(dave))).toEqual({ past: "kept" });
    const before = recorder.everStored.filter(({ key }) => !key.includes(epoch));
    expect(await opensAnything(keyRing(dave, world.crypto), before)).toBeUndefined();
  });

  it("opens nothing that was deleted before it, given every byte ever stored", async () => {
    const { world, recorder, alice, bob, carol } = await group();
    await put(live(alice), { past: "a secret of the past" }, 1);
    await put(live(alice), { past: "kept" }, 2);
    await comeTogether(alice, bob, carol);
    await remove(alice, "bob");
    await reencrypt(live(alice), { budget: budget() });
    const { epoch } = live(alice).view.current;
    const dave = await world.device("dave");
    await world.admit(alice, dave);
    expect(await texts(live(dave))).toEqual({ past: "kept" });
    const before = recorder.everStored.filter(({ key }) => !key.includes(epoch));
    expect(before.length).toBeGreaterThan(5);
    expect(await opensAnything(keyRing(dave, world.crypto), before)).toBeUndefined();
  });
});

describe("attack 49: a removal that is hidden from one writer", () => {
  const hidden: readonly (readonly [string, (epoch: string) => (key: string) => boolean])[] = [
    ["its grant", (epoch) => (key) => key.startsWith(`epochs/${epoch}-`)],
    ["its grant and its recipient", (epoch) => (key) => key.startsWith(`epochs/${epoch}`)],
    ["all of the new epoch", (epoch) => (key) => key.includes(epoch)],
  ];

  it.each(hidden)("with %s hidden: never seals to the old key after the notice", async (_, hides) => {
    const { world, recorder, alice, bob, carol } = await group();
    const ended = live(carol).view.current.epoch;
    await remove(alice, "bob");
    carol.hooks = { hides: hides(live(alice).view.current.epoch) };
    world.restart(carol);
    await catchUp(live(carol));
    const mark = recorder.everStored.length;
    await expect(put(live(carol), { note: "not under the old key" })).rejects.toMatchObject({ code: "stale-epoch" });
    await expect(makeFolder(live(carol), "nor this")).rejects.toMatchObject({ code: "stale-epoch" });
    expect(recorder.everStored.slice(mark).filter(({ key }) => key.startsWith(ended))).toEqual([]);
    expect(live(carol).view.state.members.map(({ name }) => name)).not.toContain(bob.name);
  });
});

describe("attack 21: removals and additions at once", () => {
  it.each([1, 2, 3])("ends with the removed admin out and one branch for all (keys %i)", async () => {
    const { world, alice, bob, carol } = await group({ bob: "admin" });
    const [dave, erin] = [await world.device("dave"), await world.device("erin")];
    await world.admit(alice, erin);
    await comeTogether(alice, bob, carol, erin);
    // At the same moment: alice removes bob; bob admits dave and removes erin.
    const forBob = live(bob);
    await remove(alice, "bob");
    await addMember(forBob, { card: dave.card, role: "editor" });
    await removeMember(forBob, { member: findMember(forBob.view.state, "erin"), contents: "now" });
    await world.join(dave, world.address(forBob)).catch(() => undefined);
    const all = dave.session ? [alice, bob, carol, erin, dave] : [alice, bob, carol, erin];
    await comeTogether(...all);
    await comeTogether(...all);
    expect(live(carol).view.state.members.map(({ name }) => name)).not.toContain("bob");
    expect(stateOf(live(carol))).toEqual(stateOf(live(alice)));
    await expect(catchUp(live(bob))).rejects.toMatchObject({ code: expect.stringMatching(/^(removed|not-a-member)$/) });
    // The lost branch's own epoch is emptied once nobody can still be on it.
    world.clock.time += 2 * 3600 * 1000;
    await reencrypt(live(alice), { budget: budget() });
    await comeTogether(alice, carol);
    await put(live(carol), { later: "z" });
    expect(await opensAnything(keyRing(bob, world.crypto), await lying(world))).toBeUndefined();
    expect(problemCodes(live(alice))).toContain("fork");
  });

  it.each([1, 2, 3, 4])("nobody who has seen the removal seals to a key that its target holds (keys %i)", async () => {
    const { world, recorder, alice, bob, carol } = await group({ bob: "admin" });
    await remove(alice, "bob");
    // On the other branch bob goes on, and starts an epoch of his own.
    await rotate(live(bob), { contents: "on-change" });
    await catchUp(live(carol));
    const mark = recorder.everStored.length;
    await put(live(carol), { note: "for those who are in" }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: "stale-epoch" });
    });
    expect(await opensAnything(keyRing(bob, world.crypto), recorder.everStored.slice(mark))).toBeUndefined();
  });

  it.each([1, 2, 3, 4, 5, 6])("nobody seals to it either where the removal was lost at first (keys %i)", async () => {
    const { world, recorder, alice, bob, carol } = await group();
    const dave = await world.device("dave");
    await world.admit(alice, dave);
    await comeTogether(alice, bob, carol, dave);
    // One of these two is lost, by the smaller digest alone.
    await remove(alice, "bob");
    await leaveGroup(live(dave));
    await catchUp(live(carol));
    const mark = recorder.everStored.length;
    await put(live(carol), { note: "for those who are in" }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: "stale-epoch" });
    });
    const since = () => recorder.everStored.slice(mark).filter(({ key }) => !key.includes("/notice-"));
    expect(await opensAnything(keyRing(bob, world.crypto), since())).toBeUndefined();
    await comeTogether(alice, carol);
    await put(live(carol), { note: "for those who are in" });
    expect(await opensAnything(keyRing(bob, world.crypto), since())).toBeUndefined();
    expect(live(carol).view.state.members.map(({ name }) => name)).toEqual(["alice", "carol"]);
  });

  it("signs a lost addition and a lost role again, each by its author", async () => {
    const { world, alice, bob, carol } = await group({ bob: "admin" });
    const dave = await world.device("dave");
    for (let round = 0; round < 4; round++) {
      // Whichever of two acts of one moment is lost, both hold in the end.
      const newcomer = round === 0 ? dave : await world.device(`dave ${round}`);
      await addMember(live(alice), { card: newcomer.card, role: "viewer" });
      const stranger = await world.device(`erin ${round}`);
      await addMember(live(bob), { card: stranger.card, role: "editor" });
      await comeTogether(alice, bob, carol);
      const names = live(carol).view.state.members.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining([newcomer.name, stranger.name]));
    }
  });
});

describe("attack 22: two owners remove each other", () => {
  it("is contested without a third voice: each stays where it was, and says so", async () => {
    const { alice, bob } = await group({ bob: "owner" });
    const forBob = live(bob);
    await remove(alice, "bob");
    await removeMember(forBob, { member: findMember(forBob.view.state, "alice"), contents: "now" });
    for (const device of [alice, bob]) await catchUp(live(device)).catch(() => undefined);
    expect(problemCodes(live(alice))).toContain("contested");
    expect(problemCodes(live(bob))).toContain("contested");
    expect(live(alice).view.state.members.map(({ name }) => name)).not.toContain("bob");
    expect(live(bob).view.state.members.map(({ name }) => name)).not.toContain("alice");
  });

  it("is decided by a member who had gone on with one of them; puppets have no voice", async () => {
    const { world, alice, bob, carol } = await group({ bob: "owner" });
    const forBob = live(bob);
    await remove(alice, "bob");
    await catchUp(live(carol));
    await makeFolder(live(carol), "carol is with alice");
    await removeMember(forBob, { member: findMember(forBob.view.state, "alice"), contents: "now" });
    for (const name of ["puppet one", "puppet two"]) {
      const puppet = await world.device(name);
      await addMember(forBob, { card: puppet.card, role: "editor" });
      const joined = await world.join(puppet, world.address(forBob)).catch(() => undefined);
      if (joined) await makeFolder(joined, name).catch(() => undefined);
    }
    await comeTogether(alice, carol, bob);
    expect(live(carol).view.state.members.map(({ name }) => name)).toEqual(["alice", "carol"]);
    expect(stateOf(live(alice))).toEqual(stateOf(live(carol)));
    // Bob cannot read what decided it: for him it stays contested, and nothing that he writes reaches the others.
    await catchUp(live(bob)).catch(() => undefined);
    await makeFolder(live(bob), "of bob alone").catch(() => undefined);
    await comeTogether(alice, carol);
    expect(shownPaths(live(carol))).toEqual(["carol is with alice"]);
  });
});

describe("attack 23: removed and admitted again at once, and the last owner", () => {
  it.each([1, 2, 3])("leaves the removed one out (keys %i)", async () => {
    const { alice, bob, carol } = await group({ bob: "admin" });
    const forBob = live(bob);
    await remove(alice, "carol");
    await removeMember(forBob, { member: findMember(forBob.view.state, "carol"), contents: "now" });
    await addMember(forBob, { card: carol.card, role: "editor" });
    await comeTogether(alice, bob);
    await comeTogether(alice, bob);
    expect(live(alice).view.state.members.map(({ name }) => name)).toEqual(["alice", "bob"]);
    expect(stateOf(live(bob))).toEqual(stateOf(live(alice)));
  });

  it("does not let the last owner leave without a successor", async () => {
    const { alice } = await group();
    await expect(leaveGroup(live(alice))).rejects.toMatchObject({ code: "last-owner" });
  });
});

describe("attack 31: a leaver who died before saying so", () => {
  it("says it when started again, so that the key changes", async () => {
    const { world, alice, carol } = await group();
    const { epoch } = live(alice).view.current;
    carol.hooks = { fault: (call) => (call.verb === "put" ? { when: "before", error: new Crash("here") } : undefined) };
    world.restart(carol);
    await expect(leaveGroup(live(carol))).rejects.toThrow("here");
    await catchUp(live(alice));
    expect(live(alice).view.state.members).toHaveLength(3);
    carol.hooks = {};
    await expect(catchUp(world.restart(carol))).rejects.toMatchObject({ code: "removed" });
    await catchUp(live(alice));
    expect(live(alice).view.state.members.map(({ name }) => name)).toEqual(["alice", "bob"]);
    expect(live(alice).view.current.epoch).not.toBe(epoch);
  });
});

describe("attack 20: work that builds on what is cut later", () => {
  it("keeps a member's own version readable that took over the bytes of somebody cut", async () => {
    const { alice, bob, carol } = await group();
    const forAlice = live(alice);
    await put(live(bob), { note: "bob's words" }, 1);
    await catchUp(live(carol));
    await put(live(carol), { note: "bob's words" }, 2);
    await removeMember(forAlice, { member: findMember(forAlice.view.state, "bob"), contents: "now" });
    await comeTogether(alice, carol);
    expect(paths(live(alice))).toEqual(["note"]);
    expect(await texts(live(carol))).toEqual({ note: "bob's words" });
  });
});

describe("attack 25: two histories shown to two members, and joined later", () => {
  it("both report the fork, and end on one branch", async () => {
    const { world, alice, bob, carol } = await group({ bob: "admin" });
    const [dave, erin] = [await world.device("dave"), await world.device("erin")];
    await addMember(live(alice), { card: dave.card, role: "editor" });
    await put(live(alice), { "of alice": "1" });
    await addMember(live(bob), { card: erin.card, role: "editor" });
    await put(live(bob), { "of bob": "2" });
    await comeTogether(alice, bob, carol);
    for (const device of [alice, bob]) {
      expect(details(live(device), "fork").join()).toMatch(/alice's.*and.*bob's|bob's.*and.*alice's/);
    }
    expect(stateOf(live(alice))).toEqual(stateOf(live(bob)));
    expect(paths(live(carol))).toEqual(["of alice", "of bob"]);
  });
});

describe("attack 60: two re-encryptions from two concurrent epochs, each towards the other", () => {
  it.each([1, 2, 3])("lose nothing (keys %i)", async () => {
    const { alice, bob, carol } = await group({ bob: "admin" });
    const files = { one: "1", two: "2", three: "3" };
    for (const [path, text] of Object.entries(files)) await put(live(carol), { [path]: text });
    await comeTogether(alice, bob, carol);
    await rotate(live(alice), { contents: "now" });
    await rotate(live(bob), { contents: "now" });
    await reencrypt(live(alice), { budget: budget() });
    await reencrypt(live(bob), { budget: budget() });
    await comeTogether(alice, bob, carol);
    for (const device of [bob, alice, carol]) await reencrypt(live(device), { budget: budget() });
    await comeTogether(alice, bob, carol);
    for (const device of [alice, bob, carol]) expect(await texts(live(device))).toEqual(files);
    const report = await verify(live(carol), { budget: budget(), shown: await readAll(live(carol)), full: true });
    expect(report.ok).toBe(true);
  });
});
