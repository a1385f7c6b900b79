/** What members sign that is not true: others delete nothing, lose nothing and stop nothing because of it. */
import { catchUp, changeRole, reencrypt, rotate, statusOf } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comeTogether, details, groupOf, keysLike, removeBy, shownPaths } from "../support/attacked.ts";
import { forge, forgedChange, forgedLocation, forgedReceipt, newFolder, openedEpoch } from "../support/forge.ts";
import { blobsToMove, type Location, moveContents, sealNotice } from "../support/insides.ts";
import { budget, type Device, findMember, live, put, texts, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** Where a device has itself placed a blob in the current epoch. */
function placeOf(device: Device, blob: string): { object: string; length: number } {
  const { index, view } = live(device);
  const sql = "SELECT object, length FROM locations WHERE blob = ? AND epoch = ?";
  const row = index.get<{ object: string; length: number }>(sql, blob, view.current.epoch);
  if (!row) throw new Error("the blob was not moved");
  return row;
}

describe("attack 50: a location that borrows another blob's object", () => {
  it.each([
    ["first", 0],
    ["second", 1],
  ])("lets nobody delete the good copy of the blob that is not in it, but in the %s one's", async (_, borrowedFrom) => {
    const [alice, , mallory] = await groupOf(world, ["bob", "mallory"]);
    await put(live(alice), { one: "one" });
    await put(live(alice), { two: "two" });
    await removeBy(alice, "bob");
    await catchUp(live(mallory));
    const blobs = blobsToMove(live(mallory));
    const [first, second] = [blobs[borrowedFrom], blobs[1 - borrowedFrom]];
    if (!first || !second) throw new Error("there are two blobs to move");
    await moveContents(live(mallory), { budget: budget(), blobs: [first] });
    const borrowed = forgedLocation(live(mallory), {
      blob: second.blob.blob,
      ...placeOf(mallory, first.blob.blob),
    });
    await forge(live(mallory), { locations: [borrowed] });
    await comeTogether(alice, mallory);
    expect(details(live(alice), "foreign")).toEqual([]);
    for (let round = 0; round < 2; round++) {
      expect((await reencrypt(live(alice), { budget: budget() })).remaining.objects).toBe(0);
    }
    expect(await texts(live(alice))).toEqual({ one: "one", two: "two" });
    const newcomer = await world.device("newcomer");
    await world.admit(alice, newcomer);
    expect(await texts(live(newcomer))).toEqual({ one: "one", two: "two" });
  });
});

describe("attack 58: an old object that is said to hold another blob too", () => {
  it.each([
    ["first", 0],
    ["second", 1],
  ])("is kept while the %s of them has no other copy", async (_, victim) => {
    const [alice, , mallory] = await groupOf(world, ["bob", "mallory"]);
    await put(live(alice), { one: "one" });
    await put(live(alice), { two: "two" });
    await comeTogether(alice, mallory);
    // In the order in which an index keeps them.
    const sql = "SELECT blob, object, length FROM locations ORDER BY blob";
    const places = live(mallory).index.all<{ blob: string; object: string; length: number }>(sql);
    const [kept, moved] = [places[victim], places[1 - victim]];
    if (!kept || !moved) throw new Error("there are two blobs");
    await forge(live(mallory), { locations: [forgedLocation(live(mallory), { ...kept, blob: moved.blob })] });
    await removeBy(alice, "bob");
    await catchUp(live(mallory));
    const blobs = blobsToMove(live(mallory)).filter(({ blob }) => blob.blob === moved.blob);
    await moveContents(live(mallory), { budget: budget(), blobs });
    const nowhere = forgedLocation(live(mallory), { ...kept, object: "ab".repeat(16) });
    await forge(live(mallory), { locations: [nowhere] });
    await comeTogether(alice, mallory);
    expect(details(live(alice), "foreign")).toEqual([]);
    await reencrypt(live(alice), { budget: budget() });
    expect(await texts(live(alice))).toEqual({ one: "one", two: "two" });
  });
});

describe("attack 33: a receipt for work that was not done", () => {
  const nowhere = { object: "ab".repeat(16), length: 2760 };
  it.each([
    ["alone", false],
    ["with a location in an object that does not exist", true],
  ])("deletes nothing and hides nothing, %s", async (_, isPlaced) => {
    const [alice, , mallory, carol] = await groupOf(world, ["bob", "mallory", "carol"]);
    await put(live(alice), { one: "one" });
    await comeTogether(alice, carol);
    await removeBy(alice, "bob");
    await catchUp(live(mallory));
    const blobs = blobsToMove(live(mallory)).map(({ blob }) => blob.blob);
    expect(blobs).toHaveLength(1);
    const locations = blobs.map((blob): Location => forgedLocation(live(mallory), { blob, ...nowhere }));
    await forge(live(mallory), { records: [forgedReceipt(live(mallory))], locations: isPlaced ? locations : [] });
    await catchUp(live(carol));
    expect(details(live(carol), "foreign")).toEqual([]);
    expect(await texts(live(carol))).toEqual({ one: "one" });
    await reencrypt(live(carol), { budget: budget() });
    await comeTogether(alice, carol, mallory);
    for (const device of [alice, carol, mallory]) expect(await texts(live(device))).toEqual({ one: "one" });
    const newcomer = await world.device("newcomer");
    await world.admit(alice, newcomer);
    expect(await texts(live(newcomer))).toEqual({ one: "one" });
  });
});

describe("attack 33: a viewer's receipt for work that was not done", () => {
  it("is not believed for display either", async () => {
    const [alice, , mallory] = await groupOf(world, ["bob", "mallory"], { mallory: "viewer" });
    await put(live(alice), { one: "one" });
    await comeTogether(alice, mallory);
    await removeBy(alice, "bob");
    await catchUp(live(mallory));
    const locations = blobsToMove(live(mallory)).map(({ blob: { blob } }) =>
      forgedLocation(live(mallory), { blob, object: "ab".repeat(16), length: 2760 }),
    );
    await forge(live(mallory), { records: [forgedReceipt(live(mallory))], locations });
    await catchUp(live(alice));
    expect(statusOf(live(alice)).remaining.objects).toBe(1);
  });
});

describe("attack 30: a removed member's location of what nobody declares", () => {
  it("keeps no old epoch open: the newcomer is not given its key", async () => {
    const [alice, bob] = await groupOf(world, ["bob"]);
    await put(live(alice), { one: "one" });
    const epoch = openedEpoch(live(bob));
    const location = forgedLocation(live(bob), { blob: "ab".repeat(32), object: "cd".repeat(16), length: 4219 });
    await removeBy(alice, "bob", "now");
    await forge(live(bob), { epoch, locations: [location] });
    await catchUp(live(alice));
    expect(details(live(alice), "foreign")).toEqual([]);
    expect((await reencrypt(live(alice), { budget: budget() })).remaining).toEqual({ objects: 0, bytes: 0 });
    const newcomer = await world.device("newcomer");
    await world.admit(alice, newcomer);
    expect([...live(newcomer).view.opened.keys()]).toEqual([live(alice).view.current.epoch]);
    expect(await texts(live(newcomer))).toEqual({ one: "one" });
  });
});

describe("attack 30: records that a removed member goes on putting into an epoch that has ended", () => {
  it("holds no old epoch open where another device had re-encrypted", async () => {
    const [alice, bob] = await groupOf(world, ["bob"]);
    const carol = await world.device("carol");
    await world.admit(alice, carol);
    await put(live(alice), { one: "one" });
    await catchUp(live(bob));
    const [epoch, { head }] = [openedEpoch(live(bob)), live(bob).view.state];
    await removeBy(alice, "bob", "on-change");
    await catchUp(live(carol));
    await reencrypt(live(carol), { budget: budget() });
    await catchUp(live(alice));
    await forge(live(bob), {
      epoch,
      records: [forgedChange({ head, operations: [newFolder(live(bob), "late")] })],
    });
    await catchUp(live(alice));
    const newcomer = await world.device("newcomer");
    await world.admit(alice, newcomer);
    expect([...live(newcomer).view.opened.keys()]).toEqual([live(alice).view.current.epoch]);
    expect(await texts(live(newcomer))).toEqual({ one: "one" });
  });
});

describe("what somebody has written who is out, and that counts", () => {
  it("reaches whoever comes in before anybody has re-encrypted", async () => {
    const [alice, bob] = await groupOf(world, ["bob"]);
    const { head } = live(bob).view.state;
    await forge(live(bob), { records: [forgedChange({ head, operations: [newFolder(live(bob), "of bob")] })] });
    await catchUp(live(alice));
    await removeBy(alice, "bob", "on-change");
    const newcomer = await world.device("newcomer");
    await world.admit(alice, newcomer);
    expect(shownPaths(live(newcomer))).toEqual(["of bob"]);
  });

  it("gives nobody the key of its epoch if it is no more than an entry, which the log tells anyway", async () => {
    const [alice, bob, carol] = await groupOf(world, ["bob", "carol"], { bob: "admin" });
    const former = live(alice).view.current.epoch;
    await changeRole(live(bob), { member: findMember(live(bob).view.state, "carol"), role: "viewer" });
    await catchUp(live(alice));
    await removeBy(alice, "bob", "on-change");
    await comeTogether(alice, carol);
    const newcomer = await world.device("newcomer");
    await world.admit(alice, newcomer);
    expect(findMember(live(newcomer).view.state, "carol").role).toBe("viewer");
    expect([...live(newcomer).view.opened.keys()]).not.toContain(former);
  });
});

describe("attack 57: a notice that lies in the true one's place", () => {
  it.each([
    ["does not end the epoch", 0],
    ["ends an earlier epoch", 1],
  ])("and %s keeps nobody from leaving the true one again", async (_, rotations) => {
    const [alice, bob, carol] = await groupOf(world, ["bob", "carol"]);
    for (let count = 0; count < rotations; count++) await rotate(live(alice), { contents: "on-change" });
    await comeTogether(alice, bob, carol);
    const { log, state, current: old } = live(alice).view;
    const entry = log.nodes.get(rotations === 0 ? live(alice).group : state.head);
    if (!entry) throw new Error("the entry is in the log");
    await removeBy(alice, "bob");
    const notices = new RegExp(`^${old.epoch}/notice-`);
    const [own = ""] = await keysLike(world, notices);
    await world.store.delete(own);
    const forged = await sealNotice(live(bob).crypto, {
      epoch: { ...old, suite: "classic" },
      entries: [entry.verified.signed],
    });
    await world.store.put(forged.key, forged.bytes);
    await comeTogether(carol, alice);
    expect((await keysLike(world, notices)).filter((key) => key !== forged.key)).not.toEqual([]);
  });
});
