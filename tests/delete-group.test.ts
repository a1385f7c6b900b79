/** Deleting a group: killed at every step, and claimed by people who may not. */
import { catchUp, catchUpToDelete, changeRole, deleteGroup, reencrypt, rotate } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { removeBy } from "./support/attacked.ts";
import { DEATHS, type Death, dies } from "./support/deaths.ts";
import { conclaveJson, requireOpened, sealDeletion } from "./support/insides.ts";
import { openWorld } from "./support/open-world.ts";
import { budget, type Device, findMember, live, put, texts, type World } from "./support/world.ts";

async function scene(): Promise<{ world: World; alice: Device; bob: Device; carol: Device }> {
  const world = openWorld();
  const [alice, bob, carol] = [await world.device("alice"), await world.device("bob"), await world.device("carol")];
  await world.found(alice);
  await world.admit(alice, bob);
  await world.admit(alice, carol, "owner");
  await put(live(alice), { "a.txt": "of alice" }, 1);
  for (const device of [alice, bob, carol]) await catchUp(live(device));
  return { world, alice, bob, carol };
}

async function keys(world: World): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of world.store.list("")) found.push(key);
  return found;
}

const sweeps = DEATHS.map((death, index) => ({
  ...death,
  finisher: index % 2 === 0 ? ("carol" as const) : ("alice" as const),
}));

it.each(sweeps)(
  "a death at a $at, $when it takes effect, leaves a group whole or deleted, and $finisher finishes its deletion",
  async ({ finisher, ...death }) => {
    for (let step = 1; ; step++) {
      const stage = await scene();
      const { world, alice, bob } = stage;
      const hasDied = await dies(world, alice, {
        death: death as Death,
        step,
        work: async (session) => {
          await catchUpToDelete(session);
          await deleteGroup(session);
        },
      });
      const isMarked = (await keys(world)).some((key) => key.includes("-deleted-"));
      if (isMarked) await expect(catchUp(live(bob))).rejects.toMatchObject({ code: "deleted" });
      else {
        await catchUp(live(bob));
        expect(await texts(live(bob))).toEqual({ "a.txt": "of alice" });
      }
      const again = world.restart(stage[finisher]);
      await catchUpToDelete(again);
      await deleteGroup(again);
      expect(await keys(world)).toEqual([expect.stringContaining("-deleted-")]);
      await expect(catchUp(live(bob))).rejects.toMatchObject({
        code: "deleted",
        message: expect.stringMatching(isMarked ? /^alice / : /^/),
      });
      if (!hasDied) {
        // A sweep that never killed anything would prove nothing.
        expect(step).toBeGreaterThan(3);
        break;
      }
      world.close();
    }
  },
  300_000,
);

it("a deletion is refused to an owner who has been removed", async () => {
  const { alice, carol } = await scene();
  await removeBy(alice, "carol");
  await expect(catchUp(live(carol))).rejects.toMatchObject({ code: "removed" });
  await expect(deleteGroup(live(carol))).rejects.toMatchObject({ code: "role-too-low" });
});

it("a deletion is told of to who has slept while the key changed", async () => {
  const { world, alice, bob, carol } = await scene();
  await rotate(live(alice), { contents: "now" });
  await reencrypt(live(alice), { budget: budget() });
  await deleteGroup(live(alice));
  expect(await keys(world)).toHaveLength(2);
  for (const device of [bob, carol]) {
    await expect(catchUp(live(device))).rejects.toMatchObject({
      code: "deleted",
      message: expect.stringMatching(/^alice /),
    });
  }
});

it("a deletion that was broken off touches nothing of another group that lies there since", async () => {
  const { world, alice } = await scene();
  // Between the note that it has begun and the mark: nothing is gone yet.
  expect(await dies(world, alice, { death: { at: "call", when: "before" }, step: 2, work: deleteGroup })).toBe(true);
  for (const key of await keys(world)) await world.store.delete(key);
  const other = { "conclave.json": conclaveJson("ab".repeat(32)), [`${"cd".repeat(32)}/objects/x`]: Uint8Array.of(1) };
  for (const [key, bytes] of Object.entries(other)) await world.store.put(key, bytes);
  const again = world.restart(alice);
  await catchUpToDelete(again);
  await expect(deleteGroup(again)).rejects.toMatchObject({ code: "conflict" });
  expect((await keys(world)).sort()).toEqual(Object.keys(other).sort());
});

it("a deletion leaves what somebody keeps in the group's folders under other names", async () => {
  const { world, alice } = await scene();
  const { epoch } = live(alice).view.current;
  const others = ["requests/thesis.pdf", `${epoch}/objects/photo.jpg`, `${epoch}/letters/a.age`, "epochs/notes.txt"];
  for (const key of others) await world.store.put(key, Uint8Array.of(1));
  await deleteGroup(live(alice));
  expect((await keys(world)).filter((key) => !key.includes("-deleted-")).sort()).toEqual(others.sort());
});

describe("a deletion that was never an owner's act", () => {
  it.each<
    [string, (stage: Awaited<ReturnType<typeof scene>>) => Promise<{ by: Device; group?: string; device?: string }>]
  >([
    ["by an editor", async ({ bob }) => ({ by: bob })],
    [
      "by somebody who was an owner once",
      async ({ alice, carol }) => {
        const member = findMember(live(alice).view.state, "carol");
        await changeRole(live(alice), { member, role: "editor" });
        return { by: carol };
      },
    ],
    ["by an editor in an owner's name", async ({ bob, alice }) => ({ by: bob, device: live(alice).deviceKey })],
    ["of another group", async ({ carol }) => ({ by: carol, group: "00".repeat(32) })],
  ])("%s stops nobody", async (_, claim) => {
    const stage = await scene();
    const { world, alice, bob } = stage;
    const { by, group, device } = await claim(stage);
    const session = live(by);
    const mark = await sealDeletion(session.crypto, {
      value: {
        group: group ?? session.group,
        device: device ?? session.deviceKey,
        head: session.view.state.head,
        time: 0,
      },
      signingKey: session.device.signingKey,
      epoch: requireOpened(session),
    });
    await world.store.put(mark.key, mark.bytes);
    for (const each of [alice, bob]) {
      await catchUp(live(each));
      expect(await texts(live(each))).toEqual({ "a.txt": "of alice" });
    }
  });

  it("by bytes that do not fit their name stops nobody, whatever the storage leaves there", async () => {
    const { world, bob } = await scene();
    const { epoch } = live(bob).view.current;
    for (let number = 0; number < 40; number++) {
      const key = `epochs/${epoch}-deleted-${String(number).padStart(32, "0")}.age`;
      await world.store.put(key, Uint8Array.of(number));
    }
    await catchUp(live(bob));
    expect(await texts(live(bob))).toEqual({ "a.txt": "of alice" });
  });
});
