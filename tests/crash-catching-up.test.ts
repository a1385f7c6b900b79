/** Catching up that is broken off at any step, by a death or by the network: the next time it is as if nothing had been. */
import { catchUp, changeRole, reencrypt } from "@conclave/core";
import { onCall } from "@conclave/stores/testing";
import { afterEach, describe, expect, it } from "vitest";
import { comeTogether, people, removeBy, shownPaths } from "./support/attacked.ts";
import { DEATHS, diesIn } from "./support/deaths.ts";
import { budget, type Device, findMember, live, put, texts, World } from "./support/world.ts";

/** More steps than any catching up has here. */
const STEPS_MAX = 100;

let world: World;
afterEach(() => world.close());

function offline(): Error {
  return Object.assign(new Error("no network"), { code: "unavailable" });
}

interface Break {
  readonly name: string;
  /** Catches up, and breaks off at that step; false once there are no more steps. */
  readonly breaks: (device: Device, step: number) => Promise<boolean>;
}

const BREAKS: readonly Break[] = [
  {
    name: "the network",
    async breaks(device, step) {
      device.hooks = { fault: onCall(step, { when: "before", error: offline() }) };
      const result = await Promise.allSettled([catchUp(world.restart(device))]);
      device.hooks = {};
      return result[0].status === "rejected";
    },
  },
  ...DEATHS.map((death) => ({
    name: `death ${death.when} a ${death.at}`,
    breaks: (device: Device, step: number) => diesIn(device, { death, step }, () => catchUp(world.restart(device))),
  })),
];

/** Breaks a device's catching up off at each step in turn, on a new stage each time, and holds what follows. */
async function sweep(
  { breaks }: Break,
  stage: () => Promise<Device>,
  holds: (device: Device) => Promise<void>,
): Promise<void> {
  for (let step = 1; step <= STEPS_MAX; step++) {
    world = new World();
    const device = await stage();
    const isBroken = await breaks(device, step);
    await catchUp(world.restart(device));
    await holds(device);
    if (!isBroken) {
      expect(step).toBeGreaterThan(5);
      return;
    }
    world.close();
  }
  throw new Error("catching up has no end");
}

describe("catching up with a demotion that is broken off", () => {
  it.each(BREAKS)("by $name at any step shows nothing that the cut leaves out", { timeout: 60_000 }, async (each) => {
    const stage = async () => {
      const { alice, bob, carol } = await people({ world });
      await put(live(bob), { "bob.txt": "not in the cut" });
      await catchUp(live(carol));
      await changeRole(live(alice), { member: findMember(live(alice).view.state, "bob"), role: "viewer" });
      return carol;
    };
    await sweep(each, stage, async (carol) => expect(shownPaths(live(carol))).toEqual([]));
  });
});

describe("catching up with a removal, with an upload in the outbox that was not put", () => {
  it.each(BREAKS)("broken off by $name at any step loses nothing of it", { timeout: 60_000 }, async (each) => {
    let alice: Device;
    const stage = async () => {
      const all = await people({ world });
      alice = all.alice;
      const { carol } = all;
      carol.hooks.fault = ({ verb, key }) =>
        verb === "put" && key.includes("/records/") ? { when: "before", error: offline() } : undefined;
      await catchUp(world.restart(carol));
      await expect(put(live(carol), { "c.txt": "of carol" })).rejects.toMatchObject({ code: "unavailable" });
      carol.hooks = {};
      await removeBy(alice, "bob");
      return carol;
    };
    await sweep(each, stage, async (carol) => {
      await comeTogether(alice, carol);
      expect(await texts(live(alice))).toEqual({ "c.txt": "of carol" });
      expect(await reencrypt(live(alice), { budget: budget() })).toMatchObject({
        problems: [],
        remaining: { objects: 0 },
      });
    });
  });
});
