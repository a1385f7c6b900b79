/** Files that anybody may leave among the records and take away again, and files that the storage itself loses. */
import { catchUp, openSession, readAll, reencrypt, type Session, verify } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comeTogether, type People, people, putBy, removeBy, shownPaths } from "../support/attacked.ts";
import { forge, forgedLocation, hexOf, openedEpoch } from "../support/forge.ts";
import { plantFor } from "../support/planting.ts";
import { budget, type Device, live, put, texts, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** A group out of which bob is; he has its public recipients, and his old device. */
async function afterRemoval(): Promise<People> {
  const all = await people({ world });
  const { alice, bob, carol } = all;
  await put(live(carol), { "c.txt": "of carol" });
  await comeTogether(alice, bob, carol);
  await removeBy(alice, "bob", "now");
  await reencrypt(live(alice), { budget: budget() });
  await comeTogether(alice, carol);
  return all;
}

/** A location by a device that is out, sealed to the recipient of the current epoch, which anybody can read. */
async function locationBy(bob: Device, group: Device, blob: string): Promise<string> {
  const epoch = openedEpoch(live(group));
  const object = hexOf(world.crypto.randomBytes(16));
  const location = { ...forgedLocation(live(bob), { blob, object, length: 2760 }), epoch: epoch.epoch };
  return (await forge(live(group), { as: bob.secrets, epoch, locations: [location] })).key;
}

function verifying(session: Session) {
  return readAll(session).then((shown) => verify(session, { budget: budget(), shown, full: true }));
}

describe("attack 5: a records file that holds nothing, by anybody, taken away again", () => {
  it("is foreign while it lies there, and no rollback afterwards", async () => {
    const { alice, carol } = await people({ world });
    const { epoch, recipient } = live(alice).view.current;
    const start = `${epoch}/records/${"ab".repeat(16)}-1-0-`;
    const key = await plantFor(alice, { recipient, start, plaintext: new Uint8Array(1024).fill(0x0a) });
    await comeTogether(alice, carol);
    expect((await verifying(live(carol))).problems).toMatchObject([{ code: "foreign", key }]);
    await world.store.delete(key);
    await comeTogether(alice, carol);
    expect(await verifying(live(carol))).toMatchObject({ ok: true, problems: [] });
  });
});

describe("attack 20: a location by somebody who was removed", () => {
  it("is no rollback once it is taken away", async () => {
    const { alice, bob, carol } = await afterRemoval();
    const key = await locationBy(bob, alice, hexOf(world.crypto.randomBytes(32)));
    await comeTogether(alice, carol);
    await world.store.delete(key);
    await comeTogether(alice, carol);
    await put(live(carol), { "more.txt": "more" });
    expect(await texts(live(carol))).toEqual({ "c.txt": "of carol", "more.txt": "more" });
  });

  it("of contents that lie elsewhere is no damage to the group", async () => {
    const { alice, bob, carol } = await afterRemoval();
    const known = live(bob).index.get<{ blob: string }>("SELECT blob FROM locations");
    await locationBy(bob, alice, known?.blob ?? "");
    await comeTogether(alice, carol);
    expect(await verifying(live(carol))).toMatchObject({ ok: true, problems: [] });
  });
});

describe("attack 26: a records file that the storage loses, with what it says of contents", () => {
  /** Carol's file, which everybody has read, is gone; alice is to go on without it. */
  async function lostFile() {
    const { alice, bob, carol } = await people({ world });
    const of = await putBy(world, () => put(live(carol), { "c.txt": "of carol" }), /\/records\//);
    await comeTogether(alice, bob, carol);
    for (const key of of) await world.store.delete(key);
    await expect(catchUp(live(alice))).rejects.toMatchObject({ code: "rollback" });
    return { alice, carol };
  }

  async function expectWhole(alice: Device): Promise<void> {
    const dave = await world.device("dave");
    await world.admit(alice, dave);
    expect(await texts(live(dave))).toEqual({ "c.txt": "of carol" });
    for (const device of [alice, dave]) expect(await verifying(live(device))).toMatchObject({ ok: true, problems: [] });
  }

  it("is put back whole by whoever goes on, for who comes in later too", async () => {
    const { alice } = await lostFile();
    await catchUp(openSession(world.ports(alice), { acceptRollback: true }));
    world.restart(alice);
    await catchUp(live(alice));
    await expectWhole(alice);
  });

  it("is put back by a later run, where the one that was to do so is broken off", async () => {
    const { alice } = await lostFile();
    alice.hooks.fault = ({ verb }) => (verb === "put" ? { when: "before", error: offline() } : undefined);
    const accepting = openSession(world.ports(alice), { acceptRollback: true });
    await expect(catchUp(accepting)).rejects.toMatchObject({ code: "unavailable" });
    alice.hooks = {};
    world.restart(alice);
    await catchUp(live(alice));
    expect(shownPaths(live(alice))).toEqual(["c.txt"]);
    await expectWhole(alice);
  });

  it("is placed anew by its author, where others have put back the records alone", async () => {
    const { alice, carol } = await lostFile();
    await catchUp(openSession(world.ports(alice), { acceptRollback: true }));
    for (const key of placings(live(alice))) await world.store.delete(key);
    await comeTogether(carol, alice);
    await expectWhole(alice);
  });
});

describe("attack 26: a file that says where contents lie, and nothing else, by somebody who is in", () => {
  it("is missed, once the storage has lost it, and put back by its author", async () => {
    const { alice, carol } = await afterRemoval();
    const [key = ""] = placings(live(alice));
    await world.store.delete(key);
    for (const device of [alice, carol])
      await expect(catchUp(live(device))).rejects.toMatchObject({ code: "rollback" });
    await catchUp(openSession(world.ports(alice), { acceptRollback: true }));
    await comeTogether(carol, alice);
    expect(await verifying(live(carol))).toMatchObject({ ok: true, problems: [] });
  });
});

/** Records files that hold locations alone. */
function placings({ index }: Session): string[] {
  const rows = index.all<{ key: string }>("SELECT key FROM placings WHERE key NOT IN (SELECT key FROM held)");
  return rows.map(({ key }) => key);
}

function offline(): Error {
  return Object.assign(new Error("no network"), { code: "unavailable" });
}
