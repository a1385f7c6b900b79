/** A storage that is full, that others change while it is read, or that gets very much at once. */
import { addMember, catchUp, reencrypt, StoreError } from "@conclave/core";
import type { Hooks } from "@conclave/stores/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keysLike, removeBy } from "../support/attacked.ts";
import { budget, live, paths, put, texts, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe("attack 56: a storage without room for records", () => {
  /** Full for records, from the first object on. */
  function fullAfterObjects(): NonNullable<Hooks["fault"]> {
    let isFull = false;
    return ({ verb, key }) => {
      if (verb !== "put") return undefined;
      if (key.includes("/objects/")) isFull = true;
      if (!isFull || !key.includes("/records/")) return undefined;
      return { when: "before", error: new StoreError("no room", { code: "full" }) };
    };
  }

  it("keeps every old object while the word where its successor lies waits in the outbox", async () => {
    const [alice, bob] = [await world.device("alice"), await world.device("bob")];
    await world.found(alice);
    await world.admit(alice, bob);
    await put(live(alice), { one: "one" });
    await removeBy(alice, "bob");
    alice.hooks = { fault: fullAfterObjects() };
    world.restart(alice);
    await expect(reencrypt(live(alice), { budget: budget() })).rejects.toMatchObject({ code: "full" });
    world.restart(alice);
    await catchUp(live(alice));
    const before = await keysLike(world, /\/(objects|records)\//);
    await expect(reencrypt(live(alice), { budget: budget() })).rejects.toMatchObject({ code: "full" });
    expect(await keysLike(world, /\/(objects|records)\//)).toEqual(expect.arrayContaining(before));
    alice.hooks = {};
    world.restart(alice);
    await catchUp(live(alice));
    expect((await reencrypt(live(alice), { budget: budget() })).remaining.objects).toBe(0);
    expect(await texts(live(alice))).toEqual({ one: "one" });
  });

  it("still reads for somebody whose duties find no room", async () => {
    const [alice, bob] = [await world.device("alice"), await world.device("bob")];
    await world.found(alice);
    await world.admit(alice, bob);
    await put(live(alice), { one: "one" });
    await removeBy(alice, "bob");
    await put(live(alice), { two: "two" });
    alice.hooks = {
      fault: ({ verb }) =>
        verb === "put" ? { when: "before", error: new StoreError("no room", { code: "full" }) } : undefined,
    };
    for (const key of await keysLike(world, /\/notice-/)) await world.store.delete(key);
    world.restart(alice);
    await catchUp(live(alice));
    expect(await texts(live(alice))).toEqual({ one: "one", two: "two" });
  });
});

describe("attack 10: very many names at once", () => {
  it("go out in files of bounded size, so that nothing waits for ever", async () => {
    const [alice, bob] = [await world.device("alice"), await world.device("bob")];
    await world.found(alice);
    await world.admit(alice, bob);
    const deep = [0, 1, 2].map((level) => `${level}`.repeat(1000)).join("/");
    const files = Object.fromEntries(
      Array.from({ length: 2000 }, (_, number) => [`${deep}/${"n".repeat(1000)}${number}`, ""]),
    );
    await put(live(alice), files);
    await put(live(alice), { small: "small" });
    let largestBytes = 0;
    for await (const { key, size } of world.store.list("")) {
      if (key.includes("/records/")) largestBytes = Math.max(largestBytes, size);
    }
    expect(largestBytes).toBeGreaterThan(4 * 1024 * 1024);
    expect(largestBytes).toBeLessThan(9 * 1024 * 1024);
    await catchUp(live(bob));
    expect(paths(live(bob))).toHaveLength(2001);
  }, 120_000);
});

describe("attack 36: a grant that vanishes between listing and fetching", () => {
  it("stops no poll: what it would have said is asked again", async () => {
    const [alice, bob, carol, dan] = [
      await world.device("alice"),
      await world.device("bob"),
      await world.device("carol"),
      await world.device("dan"),
    ];
    await world.found(alice);
    for (const device of [bob, carol]) await world.admit(alice, device);
    await removeBy(alice, "bob");
    await catchUp(live(carol));
    await addMember(live(alice), { card: dan.card, role: "editor" });
    await removeBy(alice, "dan");
    let vanished = 0;
    carol.hooks = {
      fault: ({ verb, key }) => {
        if (verb !== "get" || !/^epochs\/.*-all-/.test(key)) return undefined;
        vanished += 1;
        return { when: "before", error: new StoreError("gone", { code: "not-found" }) };
      },
    };
    world.restart(carol);
    await catchUp(live(carol));
    expect(vanished).toBeGreaterThan(0);
    carol.hooks = {};
    world.restart(carol);
    await catchUp(live(carol));
    expect(live(carol).view.current.epoch).toBe(live(alice).view.current.epoch);
    await put(live(carol), { hers: "hers" });
  });
});
