/** What somebody emptied for a branch that lost afterwards: it comes back before that branch's epoch is emptied in turn. */
import { addMember, catchUp, recover, reencrypt, removeDevices, rotate, settle } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comeTogether, details, keysLike, people, removeBy } from "../support/attacked.ts";
import { budget, type Device, keyOf, live, put, texts, World } from "../support/world.ts";

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

describe("whoever is on a branch that lost, in an epoch that others empty", () => {
  it("learns that it is over from a notice there, where no key of the other branch was given to it", async () => {
    const { alice, bob, carol } = await people({ world });
    const seen = await world.withKit(bob, world.address(live(alice)));
    await rotate(live(alice), { contents: "now" });
    await catchUp(live(carol));
    const { kit } = await world.device("new kit");
    const old = live(carol).view.state.epochs.at(-2)?.epoch;
    const back = Object.assign(await world.further(bob, "new laptop"), { kit });
    back.hooks.hides = (key) => key.startsWith(`${old}/notice-`);
    await recover(seen, { device: back.secrets, kit });
    await world.join(back, world.address(seen.session));
    expect(live(back).view.choice.forks).toEqual([]);
    await emptyLost([alice, carol], live(back).view.current.epoch);
    await expect(catchUp(live(back))).rejects.toMatchObject({ code: "not-a-member" });
    expect(details(live(back), "foreign")).toEqual([]);
  });

  it("hears of the other branch, and not that the storage went back, where records that it cannot read decide", async () => {
    const { alice, bob, carol } = await people({ world, bob: "admin" });
    const phone = await world.further(alice);
    await world.admitFurther(alice, phone);
    await put(live(bob), { "bob's": "from before" });
    await comeTogether(alice, phone, bob, carol);
    await removeBy(phone, "bob");
    const removal = live(phone).view.state.head;
    await catchUp(live(carol));
    await put(live(carol), { "a word": "for the phone's branch" });
    await removeDevices(live(alice), { devices: [keyOf(phone.secrets)], contents: "on-change" });
    await catchUp(live(bob));
    await emptyLost([alice, carol], live(bob).view.current.epoch);
    await expect(catchUp(live(bob))).rejects.toMatchObject({
      code: "contested",
      message: expect.stringMatching(/^the storage does not show .*history on which alice signed /),
    });
    settle(live(bob), removal);
    await expect(catchUp(live(bob))).rejects.toMatchObject({
      code: "removed",
      message: expect.stringMatching("by alice"),
    });
  });

  /** Lets the others see that an epoch has lost, and empty it. */
  async function emptyLost(devices: readonly Device[], epoch: string): Promise<void> {
    for (const device of devices) await catchUp(live(device));
    world.clock.time += HOURS_MS;
    for (const device of devices) {
      await catchUp(live(device));
      await reencrypt(live(device), { budget: budget() });
    }
    expect(await keysLike(world, new RegExp(`^${epoch}/records/`))).toEqual([]);
  }
});
