/** Attack 52: who would have a hybrid group go on with keys that a quantum computer breaks. */
import { addMember, joinGroup } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { comeTogether, expectUnchanged, putBy } from "../support/attacked.ts";
import { forge, forgedEntry, openedEpoch } from "../support/forge.ts";
import { newEpochIdentity, sealGrant } from "../support/insides.ts";
import { openWorld } from "../support/open-world.ts";
import { type Device, live, put, type World } from "../support/world.ts";

/** Alice has founded a hybrid group with Bob as its admin. */
async function hybrid(): Promise<{ readonly world: World; readonly alice: Device; readonly bob: Device }> {
  const world = openWorld();
  const [alice, bob] = [await world.device("alice"), await world.device("bob")];
  await world.found(alice, { suite: "hybrid" });
  await world.admit(alice, bob, "admin");
  await comeTogether(alice, bob);
  return { world, alice, bob };
}

/** The current epoch's grant to all, as it would be in a classic group: every device and kit has such a key too. */
async function classicGrant(by: Device): Promise<{ readonly key: string; readonly bytes: Uint8Array }> {
  const { state, log } = live(by).view;
  const { epoch, identity } = openedEpoch(live(by));
  return sealGrant(live(by).crypto, {
    state: { ...state, suite: "classic" },
    audience: "all",
    identities: [[epoch, identity]],
    lines: [...log.nodes.values()].map(({ verified }) => verified.signed),
  });
}

describe("a hybrid group", () => {
  it("lets nobody in, and nobody back in by a kit, by a grant that is sealed to classic keys", async () => {
    const { world, alice } = await hybrid();
    const carol = await world.device("carol");
    const ofCarol = await putBy(world, () => addMember(live(alice), { card: carol.card, role: "editor" }), /^epochs\//);
    const address = world.address(live(alice));
    const forged = await classicGrant(alice);
    await world.store.put(forged.key, forged.bytes);
    const isGrant = (key: string): boolean => /^epochs\/[0-9a-f]{64}-/.test(key) && key !== forged.key;
    carol.hooks = { hides: isGrant };
    const join = (): Promise<unknown> => joinGroup(world.ports(carol), { address, anyAudience: true });
    expect(await join()).toBeUndefined();
    const kit = Object.assign(await world.device("kit"), { secrets: carol.kit, hooks: { hides: isGrant } });
    await expect(world.openKit(kit, address)).rejects.toMatchObject({ name: "ConclaveError" });
    // What was meant for her lets her in.
    carol.hooks = { hides: (key) => isGrant(key) && !ofCarol.has(key) };
    expect(await join()).toHaveProperty("view");
  });

  it("seals nothing to a classic epoch, though an admin starts one", async () => {
    const { world, alice, bob } = await hybrid();
    const { recipient } = await newEpochIdentity("classic");
    const before = openedEpoch(live(alice));
    await expectUnchanged([alice, bob], async () => {
      const { head } = live(bob).view.state;
      const rotate = { act: "rotate", cut: [], recipient, contents: "now" } as const;
      await forge(live(bob), { records: [forgedEntry(rotate, head)] });
      await comeTogether(alice, bob);
    });
    for (const key of await putBy(world, () => put(live(alice), { note: "x" }))) expect(key).toContain(before.epoch);
  });
});
