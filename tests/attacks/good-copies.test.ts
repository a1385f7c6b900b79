/** Good copies of contents: no honest device deletes the last one because others say or show what is not so. */
import { catchUp, changeRole, download, reencrypt, rotate } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comeTogether, details, groupOf, keysLike, putBy, removeBy } from "../support/attacked.ts";
import { forge, forgedLocation, forgedReceipt, openedEpoch } from "../support/forge.ts";
import { blobsToMove, type Location, moveContents } from "../support/insides.ts";
import { memoryTarget } from "../support/memory-files.ts";
import { budget, type Device, findMember, live, put, texts, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

async function newcomerOf(admin: Device): Promise<Device> {
  const newcomer = await world.device("newcomer");
  await world.admit(admin, newcomer);
  return newcomer;
}

/** Objects in an epoch's folder. */
function objectsIn(epoch: string): Promise<string[]> {
  return keysLike(world, new RegExp(`^${epoch}/objects/`));
}

describe("attack 50: an object in the new epoch that an editor deletes or cuts before the old one goes", () => {
  it.each(["deleted", "cut"])("is made anew where it was %s, by who has put it", async (how) => {
    const [alice] = await groupOf(world, ["bob"]);
    await put(live(alice), { one: "one" });
    await removeBy(alice, "bob");
    await moveContents(live(alice), { budget: budget(), blobs: blobsToMove(live(alice)) });
    const [key = ""] = await objectsIn(live(alice).view.current.epoch);
    const bytes = await world.store.get(key);
    await world.store.delete(key);
    if (how === "cut") await world.store.put(key, bytes.slice(0, 100));
    expect((await reencrypt(live(alice), { budget: budget() })).remaining.objects).toBe(0);
    expect(await texts(live(alice))).toEqual({ one: "one" });
  });
});

describe("what was moved", () => {
  it("is not moved again, by whoever looks", async () => {
    const [alice, , carol] = await groupOf(world, ["bob", "carol"]);
    await put(live(alice), { one: "one" });
    await comeTogether(alice, carol);
    await removeBy(alice, "bob");
    expect((await reencrypt(live(alice), { budget: budget() })).reencrypted.objects).toBe(1);
    await catchUp(live(carol));
    for (const device of [alice, carol]) expect(blobsToMove(live(device))).toEqual([]);
  });

  it("is not moved again where the provider lets nobody delete the old one", async () => {
    const [alice] = await groupOf(world, ["bob"]);
    await put(live(alice), { one: "one" });
    await removeBy(alice, "bob");
    const { traits, put: write, get, list } = world.store;
    alice.store = { traits, put: write, get, list, delete: async () => "refused" };
    expect((await reencrypt(world.restart(alice), { budget: budget() })).reencrypted.objects).toBe(1);
    expect((await reencrypt(live(alice), { budget: budget() })).reencrypted.objects).toBe(0);
  });

  it("is not read again by who has put it, before the old one goes", async () => {
    const [alice] = await groupOf(world, ["bob"]);
    await put(live(alice), { one: "one" });
    await removeBy(alice, "bob");
    const read: string[] = [];
    alice.hooks.alter = (key, bytes) => {
      if (key.startsWith(`${live(alice).view.current.epoch}/objects/`)) read.push(key);
      return bytes;
    };
    expect((await reencrypt(live(alice), { budget: budget() })).remaining).toEqual({ objects: 0, bytes: 0 });
    expect(read).toEqual([]);
  });

  it("is moved by nobody who is a viewer, or out", async () => {
    const [alice, bob, carol] = await groupOf(world, ["bob", "carol"], { carol: "viewer" });
    await put(live(alice), { one: "one" });
    await comeTogether(alice, bob, carol);
    await removeBy(alice, "bob");
    await catchUp(live(carol));
    await expect(catchUp(live(bob))).rejects.toMatchObject({ code: "removed" });
    for (const device of [bob, carol])
      await expect(reencrypt(live(device), { budget: budget() })).rejects.toMatchObject({ code: "role-too-low" });
  });
});

describe("an object in the new epoch that another member has put", () => {
  it("is read whole, and then the old one goes: nothing is moved twice", async () => {
    const [alice, , carol] = await groupOf(world, ["bob", "carol"]);
    await put(live(alice), { one: "one" });
    await comeTogether(alice, carol);
    const old = live(alice).view.current.epoch;
    await removeBy(alice, "bob");
    await moveContents(live(alice), { budget: budget(), blobs: blobsToMove(live(alice)) });
    await catchUp(live(carol));
    expect((await reencrypt(live(carol), { budget: budget() })).reencrypted.objects).toBe(0);
    expect(await objectsIn(old)).toEqual([]);
    expect(await texts(live(carol))).toEqual({ one: "one" });
  });
});

describe("attack 33: a receipt and locations for work that was not done, while a listing hides old objects", () => {
  it.each([
    ["alone", /\/objects\//],
    ["with the records files that place them", /\/(?:objects|records)\//],
  ])("let nobody delete what says where they lie, hidden %s", async (_, hidden) => {
    const [alice, , mallory, carol, dave] = await groupOf(world, ["bob", "mallory", "carol", "dave"]);
    await put(live(alice), { one: "one" });
    await comeTogether(alice, carol, mallory);
    const old = live(alice).view.current.epoch;
    await removeBy(alice, "bob");
    await catchUp(live(mallory));
    const locations = blobsToMove(live(mallory)).map(
      ({ blob: { blob } }): Location => forgedLocation(live(mallory), { blob, object: "ab".repeat(16), length: 2760 }),
    );
    await forge(live(mallory), { records: [forgedReceipt(live(mallory))], locations });
    await catchUp(live(carol));
    carol.hooks.hides = (key) => key.startsWith(old) && hidden.test(key);
    await reencrypt(live(carol), { budget: budget() });
    carol.hooks = {};
    // With the removal's grant to all, which holds the old key, and what lies there, and nothing else.
    const anew = await world.join(await world.fresh(dave), world.address(live(alice)));
    expect(await texts(anew)).toEqual({ one: "one" });
    await catchUp(live(carol));
    await reencrypt(live(carol), { budget: budget() });
    expect(await objectsIn(old)).toEqual([]);
    expect(await texts(live(carol))).toEqual({ one: "one" });
  });
});

describe("attack 30: old objects that the storage puts back once they were deleted", () => {
  it("are deleted again by the next re-encryption, and their key goes to no newcomer after that", async () => {
    const [alice] = await groupOf(world, ["bob"]);
    await put(live(alice), { one: "one" });
    const old = live(alice).view.current.epoch;
    const [key = ""] = await objectsIn(old);
    const bytes = await world.store.get(key);
    await removeBy(alice, "bob");
    await reencrypt(live(alice), { budget: budget() });
    await world.store.put(key, bytes);
    await reencrypt(live(alice), { budget: budget() });
    expect(await objectsIn(old)).toEqual([]);
    const newcomer = await newcomerOf(alice);
    expect([...live(newcomer).view.opened.keys()]).toEqual([live(alice).view.current.epoch]);
  });
});

/** Forty objects that do not exist, in each of which the only blob that there is is said to lie. */
function falsePlaces(by: Device): Location[] {
  const [place] = live(by).index.all<{ blob: string; length: number }>("SELECT blob, length FROM locations");
  if (!place) throw new Error("there is a blob");
  return Array.from({ length: 40 }, (_, index) =>
    forgedLocation(live(by), { ...place, object: index.toString(16).padStart(32, "0") }),
  );
}

describe("attack 58: a location by an editor who may only read by now", () => {
  it("is no reason not to move the contents", async () => {
    const [alice, bob] = await groupOf(world, ["bob"]);
    await put(live(alice), { one: "one" });
    await changeRole(live(alice), { member: findMember(live(alice).view.state, "bob"), role: "viewer" });
    await rotate(live(alice), { contents: "on-change" });
    await catchUp(live(bob));
    const locations = blobsToMove(live(bob)).map(
      ({ blob: { blob } }): Location => forgedLocation(live(bob), { blob, object: "ab".repeat(16), length: 2760 }),
    );
    expect(locations).toHaveLength(1);
    await forge(live(bob), { locations });
    await catchUp(live(alice));
    expect(blobsToMove(live(alice))).toHaveLength(1);
  });
});

describe("attack 58: many locations of a removed editor, beside those of somebody else who is out", () => {
  it("hide from no reader what that one had placed, and from no re-encryption", async () => {
    const [alice, bob, mallory] = await groupOf(world, ["bob", "mallory"]);
    await put(live(bob), { one: "one" });
    await comeTogether(alice, mallory);
    const epoch = openedEpoch(live(mallory));
    const lies = falsePlaces(mallory);
    for (const name of ["mallory", "bob"]) await removeBy(alice, name);
    await forge(live(mallory), { epoch, locations: lies });
    await catchUp(live(alice));
    expect(details(live(alice), "foreign")).toEqual([]);
    expect(await texts(live(alice))).toEqual({ one: "one" });
    await reencrypt(live(alice), { budget: budget() });
    expect(await objectsIn(epoch.epoch)).toEqual([]);
    expect(await texts(live(alice))).toEqual({ one: "one" });
  });

  it("hide from no re-encryption what they themselves had placed before", async () => {
    const [alice, mallory] = await groupOf(world, ["mallory"]);
    await put(live(mallory), { one: "one" });
    await catchUp(live(alice));
    const epoch = openedEpoch(live(mallory));
    const lies = falsePlaces(mallory);
    await removeBy(alice, "mallory");
    await forge(live(mallory), { epoch, locations: lies });
    await catchUp(live(alice));
    await reencrypt(live(alice), { budget: budget() });
    expect(await texts(live(alice))).toEqual({ one: "one" });
  });
});

describe("attack 50: many locations of an editor in one epoch, of a blob that somebody else has put", () => {
  it("cost each reader one look, and hide no contents", async () => {
    const [alice, mallory, carol] = await groupOf(world, ["mallory", "carol"]);
    await put(live(alice), { one: "one" });
    await comeTogether(mallory, carol);
    // An index keeps them in the order of their names: all of these come before what is there.
    await forge(live(mallory), { locations: falsePlaces(mallory) });
    await catchUp(live(carol));
    expect(details(live(carol), "foreign")).toEqual([]);
    const asked = new Set<string>();
    carol.hooks.fault = ({ verb, key }) => {
      if (verb === "get" && key.includes("/objects/")) asked.add(key);
      return undefined;
    };
    expect(await texts(world.restart(carol))).toEqual({ one: "one" });
    expect(asked.size).toBe(2);
  });
});

describe("attack 50: a version whose object an editor deletes, and that somebody still has on their disk", () => {
  /** Alice has downloaded what she had uploaded, and does it again with `into`; Mallory has seen it. */
  async function downloaded() {
    const [alice, mallory] = await groupOf(world, ["mallory"]);
    await put(live(alice), { one: "first" });
    const target = memoryTarget();
    const into = () => download(live(alice), { path: "", target, budget: budget() });
    await into();
    await catchUp(live(mallory));
    return { alice, mallory, target, into };
  }

  it("is not replaced there by a newer one", async () => {
    const { alice, mallory, target, into } = await downloaded();
    const [key = ""] = await objectsIn(live(alice).view.current.epoch);
    await put(live(mallory), { one: "another" }, 1);
    await world.store.delete(key);
    await catchUp(live(alice));
    expect((await into()).failed).toMatchObject([{ path: "one", code: "conflict" }]);
    expect(target.texts()).toEqual({ one: "first" });
  });

  it("is replaced there while the storage gives it back", async () => {
    const { alice, mallory, target, into } = await downloaded();
    await put(live(mallory), { one: "another" }, 1);
    await catchUp(live(alice));
    expect((await into()).failed).toEqual([]);
    expect(target.texts()).toEqual({ one: "another" });
  });

  it("is not replaced either where its person changes it while the storage takes its time", async () => {
    const { alice, mallory, target, into } = await downloaded();
    const ofMallory = await putBy(world, () => put(live(mallory), { one: "another" }, 1), /\/objects\//);
    await catchUp(live(alice));
    alice.hooks.alter = (key, bytes) => {
      if (ofMallory.has(key)) target.files.set("one", Buffer.from("hers, as of now"));
      return bytes;
    };
    expect((await into()).failed).toMatchObject([{ path: "one", code: "conflict" }]);
    expect(target.texts()).toEqual({ one: "hers, as of now" });
  });
});
