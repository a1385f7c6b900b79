/** Another member's location, copied into a file of one's own: nobody takes that for the only place where it stands. */
import { catchUp, reencrypt } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { groupOf, keysLike, removeBy } from "../support/attacked.ts";
import { forge, openedEpoch } from "../support/forge.ts";
import { openRecords, parseRecordsKey, type SignedLine } from "../support/insides.ts";
import { budget, type Device, live, put, texts, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

interface Placing {
  /** The file in which the locations stand. */
  readonly key: string;
  readonly locations: readonly SignedLine[];
}

/** The records file of a device's current epoch that says where contents lie. */
async function placingFile(by: Device): Promise<Placing> {
  const { crypto, group } = live(by);
  const epoch = openedEpoch(live(by));
  for (const key of await keysLike(world, new RegExp(`^${epoch.epoch}/records/`))) {
    const name = parseRecordsKey(key);
    if (!name) continue;
    const { locations } = await openRecords(crypto, { name, bytes: await world.store.get(key), epoch, group });
    if (locations.length > 0) return { key, locations: locations.map(({ signed }) => signed) };
  }
  throw new Error("no file places anything");
}

describe("attack 50: a location that an editor copies into a file which is read first", () => {
  it("keeps the file in which it stood first, while what that places could not be moved", async () => {
    const [alice, , mallory, dave] = (await groupOf(world, ["bob", "mallory", "dave"])) as [
      Device,
      Device,
      Device,
      Device,
    ];
    await put(live(alice), { one: "one" });
    await catchUp(live(mallory));
    const { key, locations } = await placingFile(mallory);
    const copy = await forge(live(mallory), { copied: locations });
    // Dave's index is made anew, and meets the copy first.
    const reader = await world.fresh(dave);
    reader.hooks.hides = (each) => each === key;
    await world.join(reader, world.address(live(alice)));
    reader.hooks = {};
    await catchUp(live(reader));
    await world.store.delete(copy.key);
    await removeBy(alice, "bob");
    await catchUp(live(reader));
    // The object does not come to the reader this time, so it is not moved.
    reader.hooks.hides = (each) => each.includes("/objects/");
    await reencrypt(live(reader), { budget: budget() });
    expect(await keysLike(world, new RegExp(`^${key.slice(0, 64)}/records/`))).toContain(key);
    const anew = await world.join(await world.fresh(mallory), world.address(live(alice)));
    expect(await texts(anew)).toEqual({ one: "one" });
  });
});

describe("attack 26: a location that an editor copies into a file of their own", () => {
  it("makes no rollback of that file's deletion, while the one in which it stood first is shown", async () => {
    const [alice, mallory, dave] = (await groupOf(world, ["mallory", "dave"])) as [Device, Device, Device];
    await put(live(alice), { one: "one" });
    await catchUp(live(mallory));
    const { key, locations } = await placingFile(mallory);
    const copy = await forge(live(mallory), { copied: locations });
    dave.hooks.hides = (each) => each === key;
    await catchUp(live(dave));
    dave.hooks = {};
    await catchUp(live(dave));
    await world.store.delete(copy.key);
    await catchUp(live(dave));
    expect(await texts(live(dave))).toEqual({ one: "one" });
  });
});
