/** Two processes of one home: two sessions on one index, of which one comes in between what the other does. */
import {
  catchUp,
  changeRole,
  makeFolder,
  openSession,
  problemsOf,
  readAll,
  removeMember,
  rotate,
  type Session,
  type Verification,
  verify,
} from "@conclave/core";
import { afterEach, describe, expect, it } from "vitest";
import { keysLike, people, removeBy, shownPaths } from "./support/attacked.ts";
import { epochRing, opensAnything } from "./support/key-ring.ts";
import { budget, type Device, findMember, live, put, texts, World } from "./support/world.ts";

let world: World;
afterEach(() => world.close());

/** A session of a device, in which something comes in between before each seal: told which one it is, from 1. */
function sealing(device: Device, between: (seal: number) => Promise<void>): Session {
  const ports = world.ports(device);
  let seal = 0;
  return openSession({
    ...ports,
    crypto: {
      ...ports.crypto,
      async sealPayload(options) {
        await between(++seal);
        return ports.crypto.sealPayload(options);
      },
    },
  });
}

describe("two processes of one home", () => {
  it.each([1, 2, 3])("never give one number to two records, whoever comes in between %i times", async (times) => {
    world = new World();
    const { alice, bob } = await people({ world });
    const second = openSession(world.ports(alice));
    // The other one publishes after this one has drawn its number, and before it has noted that.
    const first = sealing(alice, async (seal) => {
      if (seal <= times) await makeFolder(second, `second${times - seal}`);
    });
    await makeFolder(first, "first");
    await catchUp(live(bob));
    const expected = ["first", ...Array.from({ length: times }, (_, index) => `second${index}`)];
    expect(shownPaths(live(bob))).toEqual(expected);
    expect(problemsOf(live(bob))).toEqual([]);
    const report = await verify(live(bob), { budget: budget(), shown: await readAll(live(bob)), full: true });
    expect(report).toMatchObject({ ok: true, problems: [] });
  });

  it("find no object missing that one has put while the other verifies", async () => {
    world = new World();
    const { alice } = await people({ world });
    await put(live(alice), { "a.txt": "one" }, 1);
    const second = openSession(world.ports(alice));
    const ports = world.ports(alice);
    const { store } = ports;
    let isPut = false;
    const first = openSession({
      ...ports,
      store: {
        traits: store.traits,
        put: store.put,
        get: store.get,
        delete: store.delete,
        async *list(folder, call) {
          yield* store.list(folder, call);
          if (folder === "" && !isPut) await put(second, { "b.txt": "two" }, 2);
          isPut ||= folder === "";
        },
      },
    });
    const missing = ({ problems }: Verification) => problems.filter(({ code }) => code === "missing");
    const report = await verify(first, { budget: budget(), shown: await readAll(live(alice)) });
    expect([isPut, report.objects, missing(report)]).toEqual([true, 2, []]);
    for (const key of await keysLike(world, /\/objects\//)) await world.store.delete(key);
    const lost = await verify(first, { budget: budget(), shown: await readAll(live(alice)) });
    expect([lost.ok, lost.objects, missing(lost).length]).toEqual([false, 0, 2]);
  });

  it.each([1, 2])("upload the same file at once as one, which stays one when it is changed (seal %i)", async (at) => {
    world = new World();
    const { alice, bob } = await people({ world });
    const second = openSession(world.ports(alice));
    const first = sealing(alice, async (seal) => {
      if (seal === at) await put(second, { "d/a.txt": "one" }, 1);
    });
    await put(first, { "d/a.txt": "one" }, 1);
    await catchUp(live(bob));
    expect(await texts(live(bob))).toEqual({ "d/a.txt": "one" });
    world.restart(alice);
    await catchUp(live(alice));
    await put(live(alice), { "d/a.txt": "two" }, 2);
    await catchUp(live(bob));
    expect(await texts(live(bob))).toEqual({ "d/a.txt": "two" });
    expect(problemsOf(live(bob))).toEqual([]);
  });

  it("see no rollback in what one of them puts, or reads, while the other lists", async () => {
    world = new World();
    const { alice, bob } = await people({ world });
    const second = openSession(world.ports(alice));
    const ports = world.ports(alice);
    const folder = `${second.view.current.epoch}/records`;
    const between = [
      () => makeFolder(second, "of alice"),
      async () => {
        await makeFolder(live(bob), "of bob");
        await catchUp(second);
      },
    ];
    const first = openSession({
      ...ports,
      store: {
        ...ports.store,
        async *list(listed, options) {
          yield* ports.store.list(listed, options);
          if (listed === folder) await between.pop()?.();
        },
      },
    });
    await catchUp(first);
    await catchUp(first);
    expect(between).toEqual([]);
    await catchUp(first);
    expect(shownPaths(first)).toEqual(["of alice", "of bob"]);
  });

  it("put nothing under a key that one of them has ended, whatever the other was doing", async () => {
    world = new World();
    const { alice, bob, carol } = await people({ world });
    const second = openSession(world.ports(alice));
    await catchUp(second);
    const ended = second.view.current.epoch;
    const keys = epochRing(live(bob).view.opened.get(ended)?.identity ?? "", world.crypto);
    await removeBy(alice, "bob", "now");
    const before = new Set(await keysLike(world, /./));
    await put(second, { "second.txt": "after the removal" });
    const fresh = (await keysLike(world, /./)).filter((key) => !before.has(key));
    expect(fresh.length).toBeGreaterThan(1);
    const lying = fresh.map(async (key) => ({ key, bytes: await world.store.get(key, {}) }));
    expect(await opensAnything(keys, await Promise.all(lying))).toBeUndefined();
    await catchUp(live(carol));
    expect(await texts(live(carol))).toEqual({ "second.txt": "after the removal" });
  });

  it.each([
    ["ends a key", "an object", 1],
    ["ends a key", "records", 2],
    ["sees a key end", "an object", 1],
    ["sees a key end", "records", 2],
    ["sees a key end", "a listing", 3],
  ])("say so where one %s while the other seals %s, and done again it goes on", async (how, _, at) => {
    world = new World();
    const { alice, bob } = await people({ world, bob: "admin" });
    const second = openSession(world.ports(alice));
    await catchUp(second);
    const ended = second.view.current.epoch;
    const first = sealing(alice, async (seal) => {
      if (seal !== at) return;
      await removeBy(how === "ends a key" ? alice : bob, "carol");
      await readAll(second);
    });
    const before = new Set(await keysLike(world, /./));
    await expect(put(first, { "a.txt": "one" })).rejects.toMatchObject({ code: "overtaken" });
    const fresh = (await keysLike(world, /./)).filter((key) => !before.has(key) && key.startsWith(ended));
    expect(fresh.filter((key) => !/\/notice-/.test(key))).toHaveLength(at - 1);
    await put(first, { "a.txt": "one" });
    await catchUp(live(bob));
    expect(await texts(live(bob))).toEqual({ "a.txt": "one" });
  });

  it.each([
    ["a role", "viewer"],
    ["a removal", undefined],
  ] as const)(
    "sign no two entries on one: whoever comes second with %s is told to do it again, and can",
    async (_, role) => {
      world = new World();
      const { alice, bob } = await people({ world });
      const second = openSession(world.ports(alice));
      const first = sealing(alice, async (seal) => {
        if (seal === 1) await changeRole(second, { member: findMember(second.view.state, "bob"), role: "viewer" });
      });
      const act = () => {
        const member = findMember(first.view.state, "carol");
        return role ? changeRole(first, { member, role }) : removeMember(first, { member, contents: "on-change" });
      };
      await expect(act()).rejects.toMatchObject({ code: "overtaken" });
      await act();
      await catchUp(live(bob));
      expect(live(bob).view.choice.forks).toEqual([]);
      const roles = live(bob).view.state.members.map(({ name, role }) => `${name} ${role}`);
      expect(roles.sort()).toEqual(["alice owner", "bob viewer", ...(role ? [`carol ${role}`] : [])]);
    },
  );

  it("seal no old record anew to a key that one of them sees end meanwhile", async () => {
    world = new World();
    const { alice, bob } = await people({ world, bob: "admin" });
    await put(live(alice), { "a.txt": "one" });
    const second = openSession(world.ports(alice));
    await catchUp(second);
    await rotate(live(bob), { contents: "now" });
    const { epoch } = live(bob).view.current;
    let seals = 0;
    const first = sealing(alice, async (seal) => {
      seals = seal;
      if (seal > 1) return;
      await removeBy(bob, "carol");
      await readAll(second);
    });
    const before = new Set(await keysLike(world, /./));
    await catchUp(first);
    expect(seals).toBe(1);
    const fresh = (await keysLike(world, /\/records\//)).filter((key) => !before.has(key) && key.startsWith(epoch));
    expect(fresh).toEqual([]);
    await catchUp(first);
    await catchUp(live(bob));
    expect(await texts(live(bob))).toEqual({ "a.txt": "one" });
  });
});
