/** A storage that shows one device less than another, for a while: nothing is lost by it, and nothing is given up for good. */
import { addMember, catchUp, changeRole, reencrypt, rotate } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comeTogether, details, groupOf, putBy, removeBy } from "../support/attacked.ts";
import { blobsToMove } from "../support/insides.ts";
import { budget, type Device, findMember, live, paths, put, texts, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** Frank lets Erin in, which is kept from Alice; Carol writes knowing of it, and Alice sees what she has written. */
async function writeBehindAdmission({
  alice,
  frank,
  carol,
}: Record<"alice" | "frank" | "carol", Device>): Promise<void> {
  const erin = await world.device("erin");
  const admission = await putBy(world, () => addMember(live(frank), { card: erin.card, role: "editor" }));
  alice.hooks.hides = (key) => admission.has(key);
  await catchUp(live(carol));
  await put(live(carol), { mine: "mine" });
  await catchUp(live(alice));
}

describe("attack 33: a re-encryption by somebody who was not shown everything", () => {
  it("leaves others what was uploaded meanwhile, though its receipt says that nothing remains", async () => {
    const [alice, , carol, dave] = await groupOf(world, ["bob", "carol", "dave"]);
    await put(live(alice), { one: "one" });
    await comeTogether(alice, carol, dave);
    const late = await putBy(world, () => put(live(dave), { late: "late" }), /\/records\//);
    alice.hooks.hides = (key) => late.has(key);
    await catchUp(live(carol));
    await removeBy(alice, "bob", "now");
    await reencrypt(live(alice), { budget: budget() });
    await catchUp(live(carol));
    const files = { one: "one", late: "late" };
    expect(await texts(live(carol))).toEqual(files);
    await reencrypt(live(carol), { budget: budget() });
    alice.hooks = {};
    await comeTogether(alice, carol, dave);
    for (const device of [alice, carol, dave]) expect(await texts(live(device))).toEqual(files);
  });

  it("deletes no contents of a change by somebody removed while it was not shown all that the removal lets stand", async () => {
    const [alice, bob, carol] = await groupOf(world, ["bob", "carol"]);
    await put(live(bob), { one: "one" });
    await comeTogether(alice, carol);
    const later = await putBy(world, () => put(live(bob), { two: "two" }), /\/records\//);
    await catchUp(live(alice));
    await removeBy(alice, "bob");
    carol.hooks.hides = (key) => later.has(key);
    await catchUp(live(carol));
    await reencrypt(live(carol), { budget: budget() });
    carol.hooks = {};
    await comeTogether(alice, carol);
    for (const device of [alice, carol]) expect(await texts(live(device))).toEqual({ one: "one", two: "two" });
  });

  it("deletes no contents of a change that it cannot judge yet", async () => {
    const [alice, frank, , carol] = await groupOf(world, ["frank", "bob", "carol"], { frank: "admin" });
    await writeBehindAdmission({ alice, frank, carol });
    await removeBy(alice, "bob", "now");
    await reencrypt(live(alice), { budget: budget() });
    alice.hooks = {};
    await comeTogether(alice, frank, carol);
    for (const device of [alice, carol]) expect(await texts(live(device))).toEqual({ mine: "mine" });
  });
});

describe("attack 33: a re-encryption by somebody who has cut the author of what cannot be judged yet", () => {
  it("deletes nothing that they wrote in an epoch which went on after the cut", async () => {
    const [alice, frank, , carol] = await groupOf(world, ["frank", "bob", "carol"], { frank: "admin" });
    const carols = () => findMember(live(alice).view.state, "carol");
    await changeRole(live(alice), { member: carols(), role: "viewer" });
    await comeTogether(frank, carol);
    const promotion = await putBy(world, () => changeRole(live(frank), { member: carols(), role: "editor" }));
    alice.hooks.hides = (key) => promotion.has(key);
    await catchUp(live(carol));
    await put(live(carol), { mine: "mine" });
    await catchUp(live(alice));
    await removeBy(alice, "bob", "now");
    await reencrypt(live(alice), { budget: budget() });
    alice.hooks = {};
    await comeTogether(alice, frank, carol);
    for (const device of [alice, carol]) expect(await texts(live(device))).toEqual({ mine: "mine" });
  });
});

describe("attack 33: a change that cannot be judged yet, by somebody who was removed and let in again", () => {
  it("keeps its contents: what it builds on may arrive", async () => {
    const [alice, frank, carol] = await groupOf(world, ["frank", "carol"], { frank: "admin" });
    await writeBehindAdmission({ alice, frank, carol });
    await removeBy(alice, "carol");
    expect(blobsToMove(live(alice))).toEqual([]);
    await addMember(live(alice), { card: carol.card, role: "editor" });
    expect(blobsToMove(live(alice))).toHaveLength(1);
  });
});

describe("attack 60: a change that counts on a branch that lost, and would not on the other", () => {
  it("keeps its contents: the branch may win yet", async () => {
    const [alice, frank, carol, bob, dan] = await groupOf(world, ["frank", "carol", "bob", "dan"], {
      frank: "admin",
      carol: "viewer",
    });
    const erin = await world.device("erin");
    const others = await putBy(world, async () => {
      await addMember(live(alice), { card: erin.card, role: "editor" });
      for (const device of [bob, dan]) {
        await catchUp(live(device));
        await put(live(device), { [`of ${device.name}`]: device.name });
      }
    });
    const member = findMember(live(frank).view.state, "carol");
    await changeRole(live(frank), { member, role: "editor" });
    carol.hooks.hides = (key) => others.has(key);
    await catchUp(live(carol));
    await put(live(carol), { "of carol": "carol" });
    await catchUp(live(alice));
    expect(paths(live(alice)).sort()).toEqual(["of bob", "of dan"]);
    await rotate(live(alice), { contents: "on-change" });
    expect(blobsToMove(live(alice))).toHaveLength(3);
  });
});

describe("attack 7: an admission that is held back", () => {
  it("costs the newcomer nothing, however often others look in between", async () => {
    const [alice, carol] = await groupOf(world, ["carol"]);
    const erin = await world.device("erin");
    const admission = await putBy(world, () => addMember(live(alice), { card: erin.card, role: "editor" }));
    carol.hooks.hides = (key) => admission.has(key);
    await world.join(erin, world.address(live(alice)));
    await put(live(erin), { hers: "hers" });
    for (let poll = 0; poll < 25; poll++) await catchUp(live(carol));
    expect(details(live(carol), "foreign")).toEqual([expect.stringMatching(/signed by nobody whom the log lists/)]);
    carol.hooks = {};
    await comeTogether(carol);
    expect(paths(live(carol))).toEqual(["hers"]);
  });
});

describe("attack 20: what a removed member went on writing", () => {
  it("is no parent of what others write, so that nobody waits for it once it is gone", async () => {
    const [alice, bob, carol, dave] = await groupOf(world, ["bob", "carol", "dave"]);
    await removeBy(alice, "bob", "on-change");
    const ofBob = await putBy(world, () => put(live(bob), { late: "late" }), /\/records\//);
    await catchUp(live(carol));
    await put(live(carol), { hers: "hers" });
    for (const key of ofBob) await world.store.delete(key);
    await catchUp(live(dave));
    expect(paths(live(dave))).toEqual(["hers"]);
    expect(details(live(dave), "awaited")).toEqual([]);
  });
});

describe("attack 49: the new epoch is hidden from one writer, the notice is not", () => {
  it.each(["a removal", "a rotation"])("it seals nothing to the old key after %s", async (what) => {
    const [alice, , carol] = await groupOf(world, ["bob", "carol"]);
    if (what === "a removal") await removeBy(alice, "bob", "on-change");
    else await rotate(live(alice), { contents: "on-change" });
    const { epoch } = live(alice).view.current;
    carol.hooks.hides = (key) => key.includes(epoch);
    const written = await putBy(world, async () => {
      await catchUp(live(carol));
      await expect(put(live(carol), { hers: "hers" })).rejects.toMatchObject({ code: "stale-epoch" });
    });
    expect([...written]).toEqual([]);
    carol.hooks = {};
    await comeTogether(alice, carol);
    await put(live(carol), { hers: "hers" });
    await catchUp(live(alice));
    expect(await texts(live(alice))).toEqual({ hers: "hers" });
  });
});

describe("attack 49: everything of the remover is delayed for one writer", () => {
  it("what that writer seals to the old key meanwhile counts, and is moved on; nothing more once it has seen the removal", async () => {
    const [alice, bob, carol, dave] = await groupOf(world, ["bob", "carol", "dave"]);
    const ended = live(carol).view.current.epoch;
    const ofAlice = await putBy(world, () => removeBy(alice, "bob", "now"));
    carol.hooks.hides = (key) => ofAlice.has(key);
    await comeTogether(alice, dave);
    await put(live(dave), { "of dave": "under the new key" });
    await catchUp(live(carol));
    await put(live(carol), { "of carol": "not knowing better" });
    carol.hooks = {};
    const after = await putBy(world, async () => {
      await comeTogether(alice, carol, dave);
      await put(live(carol), { "later of carol": "knowing" });
      await reencrypt(live(alice), { budget: budget() });
      await comeTogether(alice, carol, dave);
    });
    expect([...after].filter((key) => key.startsWith(ended))).toEqual([]);
    const files = { "of dave": "under the new key", "of carol": "not knowing better", "later of carol": "knowing" };
    for (const device of [alice, carol, dave]) expect(await texts(live(device))).toEqual(files);
    await expect(catchUp(live(bob))).rejects.toMatchObject({ code: "removed" });
  });
});
