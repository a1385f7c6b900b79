/** Epochs that members start who manage nobody, as a new kit or a removed device does: what of it shuts out or voids others. */
import { catchUp, leaveGroup, makeDeviceCard, removeMember, rotate } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { comeTogether, people } from "../support/attacked.ts";
import { forge, forgedEntry } from "../support/forge.ts";
import type { Act } from "../support/insides.ts";
import { openWorld } from "../support/open-world.ts";
import { type Device, findMember, live, put, texts, type World } from "../support/world.ts";

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
    await removeMember(live(alice), { member: findMember(live(alice).view.state, "carol"), contents: "on-change" });
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
