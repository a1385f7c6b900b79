/**
 * The acts on a member's own devices and kit, killed before and after every single storage call and local transaction. A
 * device that never comes back is no excuse: another member's device finishes what had come to count, and whatever was
 * removed or retired opens nothing with every key that it ever had.
 */
import {
  admitDevice,
  type Crypto,
  catchUp,
  type DeviceSecrets,
  kitDevice,
  makeDeviceCard,
  newKitSecret,
  readAll,
  recover,
  reencrypt,
  removeDevices,
  replaceKit,
  type Session,
  verify,
} from "@conclave/core";
import { restoreSnapshot, takeSnapshot } from "@conclave/stores/testing";
import { describe, expect, it } from "vitest";
import { DEATHS, dies, diesIn, isLeftOver } from "./support/deaths.ts";
import { deviceRing, isSecret, keysRing, opensAnything } from "./support/key-ring.ts";
import { openWorld } from "./support/open-world.ts";
import { budget, type Device, findMember, live, put, texts, type World } from "./support/world.ts";

interface Scene {
  readonly world: World;
  readonly alice: Device;
  /** Alice's second device, and one that it has admitted. */
  readonly phone: Device;
  readonly tablet: Device;
  readonly carol: Device;
}

const CONTENTS = { "a.txt": "of alice", "c.txt": "of carol" };

/** What a scene is put back to before each step of a sweep: making it anew takes longer than what is tried in it. */
type Reset = () => Promise<void>;

async function scene(): Promise<Scene & { readonly desk: Device; readonly reset: Reset }> {
  const world = openWorld();
  const [alice, carol] = [await world.device("alice"), await world.device("carol")];
  await world.found(alice);
  await world.admit(alice, carol);
  const phone = await world.further(alice);
  await world.admitFurther(alice, phone);
  const tablet = await world.further(alice, "tablet");
  await world.admitFurther(phone, tablet);
  await put(live(phone), { "a.txt": "of alice" }, 1);
  await catchUp(live(carol));
  await put(live(carol), { "c.txt": "of carol" }, 1);
  const [stored, devices] = [await takeSnapshot(world.store), [alice, carol, phone, tablet]];
  const backups = devices.map((device) => [device, world.backUp(device)] as const);
  const reset = async () => {
    await restoreSnapshot(world.store, stored);
    for (const [device, copy] of backups) world.restore(device, copy);
  };
  return { world, alice, phone, tablet, carol, desk: await world.further(alice, "desk"), reset };
}

/** Plays the scene again and again, one step further each time, until the work gets through alive. */
async function sweep(reset: Reset, play: (step: number) => Promise<boolean>): Promise<void> {
  let step = 1;
  for (; await play(step); step++) await reset();
  // A sweep that never killed anything would prove nothing.
  expect(step).toBeGreaterThan(3);
}

/** @param options.left - Whether somebody has died, and has not been back since. */
async function expectWhole(session: Session, options: { readonly left?: boolean } = {}): Promise<void> {
  const { ok, problems } = await verify(session, { budget: budget(), shown: await readAll(session), full: true });
  expect({ ok, problems: problems.filter((each) => !(options.left && isLeftOver(each))) }).toEqual({
    ok: true,
    problems: [],
  });
}

/** Carol alone goes on: she reads everything, empties the old epochs, and finds nothing amiss. */
async function carolFinishes({ carol }: Scene): Promise<void> {
  await catchUp(live(carol));
  await reencrypt(live(carol), { budget: budget() });
  expect(await texts(live(carol))).toEqual(CONTENTS);
  await expectWhole(live(carol), { left: true });
}

async function lying(world: World): Promise<{ key: string; bytes: Uint8Array }[]> {
  const found: { key: string; bytes: Uint8Array }[] = [];
  for await (const { key } of world.store.list(""))
    if (isSecret(key)) found.push({ key, bytes: await world.store.get(key) });
  return found;
}

/** Nothing that lies there now opens with any of these keys; something does with Carol's, or this would prove nothing. */
async function expectShutOut({ world, carol }: Scene, rings: readonly ReturnType<typeof keysRing>[]): Promise<void> {
  const objects = await lying(world);
  expect(await opensAnything(deviceRing(carol, world.crypto), objects)).toBeDefined();
  for (const ring of rings) expect(await opensAnything(ring, objects)).toBeUndefined();
}

function keysOf(session: Session, kind: "device" | "kit"): string[] {
  const { devices } = findMember(session.view.state, "alice");
  return devices.filter((each) => each.kind === kind).map(({ verifyingKey }) => verifyingKey);
}

function cardOf(crypto: Crypto, options: { session: Session; keys: DeviceSecrets; kind: "device" | "kit" }) {
  const { session, keys, kind } = options;
  return makeDeviceCard(crypto, { keys, member: findMember(session.view.state, "alice").id, kind, time: 1 });
}

describe.each(DEATHS)("a death at a $at, $when it takes effect", (death) => {
  it("while admitting a device: it is in when the command is given again, and reads everything", {
    timeout: 300_000,
  }, async () => {
    const stage = await scene();
    await sweep(stage.reset, async (step) => {
      const { world, alice, carol } = stage;
      const desk = await world.fresh(stage.desk);
      const admit = async (session: Session) => {
        await catchUp(session);
        const admitted = await cardOf(world.crypto, { session, keys: desk.secrets, kind: "device" });
        if (keysOf(session, "device").includes(admitted.card.keys.verifyingKey)) return;
        await admitDevice(session, { admitted });
      };
      const hasDied = await dies(world, alice, { death, step, work: admit });
      await carolFinishes(stage);
      await admit(world.restart(alice));
      await world.join(desk, world.address(live(carol)));
      expect(await texts(live(desk))).toEqual(CONTENTS);
      await carolFinishes(stage);
      await expectWhole(live(desk));
      return hasDied;
    });
  });

  it("while removing a device and what it admitted: they are out for good, and their person goes on", {
    timeout: 300_000,
  }, async () => {
    const stage = await scene();
    await sweep(stage.reset, async (step) => {
      const { world, alice, phone, tablet, carol } = stage;
      const devices = [phone, tablet].map((device) => live(device).deviceKey).sort();
      const remove = async (session: Session) => {
        await catchUp(session);
        if (keysOf(session, "device").length > 1) await removeDevices(session, { devices, contents: "now" });
        await reencrypt(session, { budget: budget() });
      };
      const hasDied = await dies(world, alice, { death, step, work: remove });
      await catchUp(live(carol));
      // If it has come to count, nobody needs Alice's laptop any more.
      if (keysOf(live(carol), "device").length > 1) await remove(world.restart(alice));
      await carolFinishes(stage);
      for (const out of [phone, tablet]) await expect(catchUp(live(out))).rejects.toMatchObject({ code: "removed" });
      await expectShutOut(
        stage,
        [phone, tablet].map((device) => deviceRing(device, world.crypto)),
      );
      await remove(world.restart(alice));
      expect(await texts(live(alice))).toEqual(CONTENTS);
      await expectWhole(live(alice));
      return hasDied;
    });
  });

  it("while replacing the kit: the old one opens nothing in the end, and the new one everything", {
    timeout: 300_000,
  }, async () => {
    const stage = await scene();
    await sweep(stage.reset, async (step) => {
      const { world, alice, carol } = stage;
      const keys = kitDevice(newKitSecret(world.crypto));
      const replace = async (session: Session) => {
        await catchUp(session);
        const kit = await cardOf(world.crypto, { session, keys, kind: "kit" });
        if (!keysOf(session, "kit").includes(kit.card.keys.verifyingKey))
          await replaceKit(session, { kit, contents: "now" });
        await reencrypt(session, { budget: budget() });
      };
      const before = keysOf(live(carol), "kit");
      const hasDied = await dies(world, alice, { death, step, work: replace });
      await catchUp(live(carol));
      if (keysOf(live(carol), "kit")[0] === before[0]) await replace(world.restart(alice));
      await carolFinishes(stage);
      await expectShutOut(stage, [keysRing(alice.kit, world.crypto)]);
      const address = world.address(live(carol));
      await expect(world.withKit(alice, address)).rejects.toMatchObject({ code: "not-a-member" });
      const seen = await world.withKit({ ...alice, kit: keys }, address);
      expect(seen.member.name).toBe("alice");
      await replace(world.restart(alice));
      expect(await texts(live(alice))).toEqual(CONTENTS);
      await expectWhole(live(alice));
      return hasDied;
    });
  });

  it("while coming back by a kit: its person is in, with that kit or a next one", { timeout: 300_000 }, async () => {
    const ends = new Set<string>();
    const stage = await scene();
    await sweep(stage.reset, async (step) => {
      const { world, alice, carol } = stage;
      const address = world.address(live(carol));
      const desk = await world.fresh(stage.desk);
      const reader = await world.fresh({ ...alice, secrets: alice.kit });
      const keys = kitDevice(newKitSecret(world.crypto));
      const comeBack = async (by: Device) => {
        const seen = await world.openKit(by, address);
        await recover(seen, { device: desk.secrets, kit: keys });
      };
      const hasDied = await diesIn(reader, { death, step }, () => comeBack(reader));
      await carolFinishes(stage);
      if (
        keysOf(live(carol), "kit")[0] ===
        (await cardOf(world.crypto, { session: live(carol), keys, kind: "kit" })).card.keys.verifyingKey
      ) {
        ends.add("counted");
      } else {
        ends.add("anew");
        // The index that the kit worked with is gone: it begins from nothing, and nothing stands in its way.
        await comeBack(await world.fresh(reader));
        await carolFinishes(stage);
      }
      await world.join(desk, world.address(live(carol)));
      expect(await texts(live(desk))).toEqual(CONTENTS);
      await expectShutOut(stage, [keysRing(alice.kit, world.crypto)]);
      await world.withKit({ ...alice, kit: keys }, world.address(live(carol)));
      // The index that the kit worked with is gone for good.
      await expectWhole(live(desk), { left: true });
      return hasDied;
    });
    expect([...ends].sort()).toEqual(["anew", "counted"]);
  });
});
