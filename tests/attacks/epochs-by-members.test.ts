/** Epochs that members start who manage nobody, as a new kit or a removed device does: what of it shuts out or voids others. */
import {
  askForGrant,
  askToJoin,
  catchUp,
  epochStarter,
  lacksGrant,
  leaveGroup,
  listRequests,
  makeDeviceCard,
  rotate,
} from "@conclave/core";
import { describe, expect, it } from "vitest";
import { comeTogether, keysLike, people, removeBy } from "../support/attacked.ts";
import { forge, forgedEntry } from "../support/forge.ts";
import { type Act, grantToListed } from "../support/insides.ts";
import { openWorld } from "../support/open-world.ts";
import { type Device, live, put, texts, type World } from "../support/world.ts";

/** Alice, who founded the group, Bob, an editor, and Carol, a viewer; everybody has seen everything. */
async function group() {
  const world = openWorld();
  return people({ world, carol: "viewer" });
}

/** Lists a new kit, and with it starts an epoch, without a grant to anybody. */
async function startUngranted(world: World, by: Device): Promise<void> {
  const session = live(by);
  const { kit, card: strange } = await world.device("strange");
  const card = await makeDeviceCard(world.crypto, {
    keys: kit,
    member: session.view.me?.id ?? "",
    kind: "kit",
    time: 1,
  });
  const act: Act = {
    act: "kit",
    kit: new TextDecoder().decode(card.signed.line),
    signature: Buffer.from(card.signed.signature).toString("base64"),
    cut: [],
    recipient: strange.card.device.classic,
    contents: "on-change",
  };
  await forge(session, { records: [forgedEntry(act, session.view.state.head)] });
}

describe("attack 36: an epoch that a viewer starts and grants to nobody", () => {
  it("ends with the next one, which any admin may start who cannot open it, by removing that viewer too", async () => {
    const { world, alice, bob, carol } = await group();
    await put(live(bob), { "a.txt": "before" });
    await startUngranted(world, carol);
    for (const device of [alice, bob]) await catchUp(live(device));
    await expect(put(live(bob), { "b.txt": "nobody's" })).rejects.toMatchObject({ code: "stale-epoch" });
    await removeBy(alice, "carol");
    await comeTogether(alice, bob);
    await put(live(bob), { "c.txt": "after" });
    await comeTogether(alice, bob);
    for (const device of [alice, bob]) {
      expect(await texts(live(device))).toEqual({ "a.txt": "before", "c.txt": "after" });
    }
    expect(live(bob).view.state.members.map(({ name }) => name)).toEqual(["alice", "bob"]);
  });

  it("lets nobody below an admin start one in its place", async () => {
    const { world, alice, bob, carol } = await group();
    await startUngranted(world, carol);
    for (const device of [alice, bob]) await catchUp(live(device));
    await expect(rotate(live(bob), { contents: "on-change" })).rejects.toMatchObject({ code: "role-too-low" });
    await rotate(live(alice), { contents: "on-change" });
    await comeTogether(alice, bob, carol);
    expect(live(bob).view.opened.has(live(alice).view.current.epoch)).toBe(true);
  });
});

describe("attack 36: an epoch that is granted to some alone", () => {
  /** Carol, an admin, starts an epoch and takes its grant to all away; of the others only who is named has one. */
  async function leftOut(...granted: readonly ("alice" | "dave")[]) {
    const world = openWorld();
    const everybody = await people({ world, carol: "admin" });
    const { alice, bob, carol } = everybody;
    const dave = await world.device("dave");
    await world.admit(alice, dave);
    await comeTogether(alice, bob, carol, dave);
    await rotate(live(carol), { contents: "on-change" });
    const { epoch } = live(carol).view.current;
    for (const key of await keysLike(world, new RegExp(`^epochs/${epoch}-`))) await world.store.delete(key);
    for (const name of granted) await grantToListed(live(carol), { device: live({ alice, dave }[name]).deviceKey });
    for (const device of [alice, bob, dave]) await catchUp(live(device));
    const canOpen = (device: Device): boolean => live(device).view.opened.has(epoch);
    expect([alice, bob, dave].map(canOpen)).toEqual([granted.includes("alice"), false, granted.includes("dave")]);
    return { ...everybody, dave, canOpen };
  }

  it("is opened by a listed device that asks, once an admin who can looks at the requests", async () => {
    const { world, alice, bob, canOpen } = await leftOut("alice");
    expect(lacksGrant(live(bob))).toBe(true);
    expect(epochStarter(live(alice))).toMatchObject({ member: { name: "carol" }, isMine: true });
    expect(epochStarter(live(bob))).toMatchObject({ member: { name: "carol" }, isMine: false });
    expect(await askForGrant(live(bob), { card: bob.card })).toBe(true);
    expect(await askForGrant(live(bob), { card: bob.card })).toBe(false);
    expect(await listRequests(live(alice))).toEqual([]);
    expect(await keysLike(world, /^requests\//)).toEqual([]);
    await catchUp(live(bob));
    expect(canOpen(bob)).toBe(true);
    await put(live(bob), { "a.txt": "again" });
    await comeTogether(alice, bob);
    expect(await texts(live(alice))).toEqual({ "a.txt": "again" });
  });

  it("is given to nobody by an editor, who leaves the request to those who may", async () => {
    const { world, bob, dave, canOpen } = await leftOut("dave");
    await askForGrant(live(bob), { card: bob.card });
    const grants = await keysLike(world, /^epochs\//);
    expect(await listRequests(live(dave))).toEqual([]);
    expect(await keysLike(world, /^epochs\//)).toEqual(grants);
    expect(await keysLike(world, /^requests\//)).toHaveLength(1);
    await catchUp(live(bob));
    expect(canOpen(bob)).toBe(false);
  });

  it("is given to no device that is off the list, by whatever card it asks", async () => {
    const { world, alice, bob } = await leftOut("alice");
    await askForGrant(live(bob), { card: bob.card });
    await removeBy(alice, "bob");
    const { epoch } = live(alice).view.current;
    const mallory = await world.device("mallory");
    for (const card of [bob.card, mallory.card]) {
      await askToJoin(world.ports(bob), {
        group: live(bob).group,
        recipient: live(alice).view.current.recipient,
        card,
      });
    }
    const grants = await keysLike(world, /^epochs\//);
    expect((await listRequests(live(alice))).map(({ state }) => state).sort()).toEqual(["refused", "waiting"]);
    expect(await keysLike(world, /^epochs\//)).toEqual(grants);
    await comeTogether(bob);
    expect(live(bob).view.opened.has(epoch)).toBe(false);
  });
});

describe("attacks 19 and 57: a cut by a member who manages nobody", () => {
  it("voids nothing of somebody who has left, whose own epoch an admin's device ends with what it has read", async () => {
    const { world, alice, bob, carol } = await group();
    await put(live(bob), { "a.txt": "bob's" });
    await comeTogether(alice, carol);
    await leaveGroup(live(bob));
    await catchUp(live(carol));
    await startUngranted(world, carol);
    await catchUp(live(alice));
    await rotate(live(alice), { contents: "on-change" });
    await comeTogether(alice, carol);
    for (const device of [alice, carol]) expect(await texts(live(device))).toEqual({ "a.txt": "bob's" });
    expect(live(alice).view.state).toMatchObject({ owedRotation: [] });
  });
});
