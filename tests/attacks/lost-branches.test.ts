/** What somebody emptied for a branch that lost afterwards: it comes back before that branch's epoch is emptied in turn. */
import { addMember, catchUp, reencrypt, rotate } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keysLike, people } from "../support/attacked.ts";
import { budget, live, put, texts, World } from "../support/world.ts";

const HOURS_MS = 3 * 3600 * 1000;

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe("attack 60: an epoch emptied for a branch that lost", () => {
  it.each([
    ["seen by its author", true],
    ["not seen by its author any more", false],
  ])("loses no record and no contents, the loss %s", async (_, isSeen) => {
    const { alice, bob, carol } = await people({ world, bob: "admin" });
    await put(live(carol), { one: "1" });
    for (const device of [alice, bob]) await catchUp(live(device));
    const { epoch } = live(alice).view.current;
    const dan = await world.device("dan");
    const before = new Set(await keysLike(world, /./));
    await addMember(live(alice), { card: dan.card, role: "editor" });
    await catchUp(live(carol));
    await put(live(carol), { two: "2" });
    await catchUp(live(alice));
    const hidden = new Set((await keysLike(world, /./)).filter((key) => !before.has(key)));
    bob.hooks.hides = (key) => hidden.has(key);
    await rotate(live(bob), { contents: "now" });
    await reencrypt(live(bob), { budget: budget() });
    const own = new RegExp(`^${epoch}/objects/`);
    expect((await keysLike(world, own)).filter((key) => !hidden.has(key))).toEqual([]);
    for (const device of [carol, alice, carol]) await catchUp(live(device));
    expect(live(alice).view.current.epoch).toBe(epoch);
    if (isSeen) {
      bob.hooks = {};
      await catchUp(live(bob));
    }
    const lost = () => keysLike(world, new RegExp(`^(?!${epoch})[^/]*/objects/`));
    const held = await lost();
    expect(held).not.toEqual([]);
    // Copies lie where the winning branch has them, and still: Bob's branch may yet win where others look.
    await reencrypt(live(alice), { budget: budget() });
    expect(await lost()).toEqual(held);
    world.clock.time += HOURS_MS;
    for (const device of [carol, alice]) {
      await catchUp(live(device));
      await reencrypt(live(device), { budget: budget() });
    }
    const others = (await keysLike(world, /\/(objects|records)\//)).filter((key) => !key.startsWith(epoch));
    if (!isSeen) expect(others).toEqual([]);
    const newcomer = await world.device("newcomer");
    await world.admit(alice, newcomer);
    for (const device of [alice, carol, newcomer]) {
      await catchUp(live(device));
      expect(await texts(live(device))).toEqual({ one: "1", two: "2" });
    }
  });
});
