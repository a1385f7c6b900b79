/** A storage that alters files for a while: what it shows rightly again is read, and nobody is warned of what is gone. */
import { catchUp, type ProblemCode, rotate } from "@conclave/core";
import { flipped, type Hooks } from "@conclave/stores/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { people, problemCodes, putBy, removeBy, shownPaths } from "../support/attacked.ts";
import { forge, forgedChange, newFolder } from "../support/forge.ts";
import type { NumberedRecord, Operation } from "../support/insides.ts";
import { type Device, live, put, texts, World } from "../support/world.ts";

const HOUR_MS = 3600 * 1000;

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** Shows a device other bytes of the same size. */
function spoiled(keys: ReadonlySet<string>): NonNullable<Hooks["alter"]> {
  return (key, bytes) => (keys.has(key) ? flipped(bytes, -1) : bytes);
}

async function polls(device: Device, times: number): Promise<void> {
  for (let poll = 0; poll < times; poll++) await catchUp(live(device));
}

describe("attack 7: a file whose bytes are others for a while, of the same size", () => {
  it("is read once they fit again, after however many polls, if it holds records", async () => {
    const { alice, bob } = await people({ world });
    const hers = await putBy(world, () => put(live(alice), { hers: "hers" }), /\/records\//);
    bob.hooks.alter = spoiled(hers);
    await polls(bob, 30);
    expect(problemCodes(live(bob))).toEqual<ProblemCode[]>(["altered"]);
    bob.hooks.alter = undefined;
    world.clock.time += HOUR_MS;
    await catchUp(live(bob));
    expect(await texts(live(bob))).toEqual({ hers: "hers" });
    expect(problemCodes(live(bob))).toEqual([]);
  });

  it("is read once they fit again, if it is the grant of a new epoch", async () => {
    const { alice, carol } = await people({ world });
    const grants = await putBy(world, () => rotate(live(alice), { contents: "on-change" }), /-all-/);
    carol.hooks.alter = spoiled(grants);
    await polls(carol, 3);
    const { opened } = live(carol).view;
    carol.hooks.alter = undefined;
    await catchUp(live(carol));
    expect(live(carol).view.opened.size).toBe(opened.size + 1);
  });

  it("is read once they fit again, if it is the notice that an epoch has ended", async () => {
    const { alice, carol } = await people({ world });
    const notices = await putBy(world, () => rotate(live(alice), { contents: "on-change" }), /\/notice-/);
    const { epoch } = live(alice).view.current;
    carol.hooks = { alter: spoiled(notices), hides: (key) => key.includes(epoch) };
    world.restart(carol);
    await polls(carol, 3);
    expect(live(carol).view.current.epoch).not.toBe(epoch);
    carol.hooks.alter = undefined;
    await catchUp(live(carol));
    expect(live(carol).view.current.epoch).toBe(epoch);
  });
});

describe("attack 5: a file that fits nothing, and is taken away again", () => {
  it("is warned of while it lies there, and not for ever", async () => {
    const { alice } = await people({ world });
    const { epoch } = live(alice).view.current;
    const hex = "0123456789abcdef".repeat(2);
    const keys = [`${epoch}/records/${hex}-1-1-${hex}.age`, `${epoch}/notice-${hex}.age`];
    for (const key of keys) await world.store.put(key, new Uint8Array(700));
    await catchUp(live(alice));
    expect(problemCodes(live(alice))).toEqual<ProblemCode[]>(["altered"]);
    for (const key of keys) await world.store.delete(key);
    await catchUp(live(alice));
    expect(problemCodes(live(alice))).toEqual([]);
  });
});

describe("attack 10: what nobody can read, left by whoever knows an epoch's recipient", () => {
  it("is fetched some twenty times, and then ever more seldom", async () => {
    const { alice, bob } = await people({ world });
    const stranger = await world.device("a stranger");
    const unread = ({ device }: { device: string }) =>
      ({ type: "conclave/v9/entry", device }) as unknown as NumberedRecord;
    const { key } = await forge(live(alice), { as: stranger.secrets, records: [unread] });
    let fetched = 0;
    bob.hooks.fault = (call) => {
      if (call.verb === "get" && call.key === key) fetched += 1;
      return undefined;
    };
    world.restart(bob);
    await polls(bob, 60);
    // Each time twice: what is newer is looked at for an admin's word.
    expect(fetched).toBeLessThan(2 * 30);
    expect(fetched).toBeGreaterThan(20);
  });
});

describe("attack 7: so much held back that the rest of a device has no room to wait in", () => {
  it("is all read once what was held back is shown", async () => {
    const { alice, bob } = await people({ world });
    const { head } = live(alice).view.state;
    const folder = (name: string): Operation => newFolder(live(alice), name);
    const change = (name: string, parents: readonly string[] = []) =>
      forgedChange({ head, parents, operations: [folder(name)] });
    const held = await forge(live(alice), { records: Array.from({ length: 256 }, (_, n) => change(`held ${n}`)) });
    const parents = held.signed.map(({ digest }) => digest).sort();
    await forge(live(alice), {
      records: Array.from({ length: 40 }, (_, n) => change(`on top ${n}`, parents)),
      after: { writer: held.writer, number: 256, previous: held.signed.at(-1)?.digest ?? null },
    });
    bob.hooks.hides = (key) => key === held.key;
    await polls(bob, 2);
    expect(shownPaths(live(bob))).toEqual([]);
    bob.hooks.hides = undefined;
    await catchUp(world.restart(bob));
    expect(shownPaths(live(bob))).toHaveLength(296);
  });
});

describe("attack 12: an entry that an older version could not read", () => {
  it("is taken in by the version that can, though the storage shows it nowhere any more", async () => {
    const { alice, carol } = await people({ world });
    const removal = await putBy(world, () => removeBy(alice, "bob"));
    const { log, state } = live(alice).view;
    const signed = log.nodes.get(state.head)?.verified.signed;
    carol.hooks.hides = (key) => removal.has(key);
    const session = world.restart(carol);
    session.index.run(
      "INSERT INTO newer(digest, device, line, signature) VALUES(?, ?, ?, ?)",
      state.head,
      live(alice).deviceKey,
      signed?.line ?? "",
      signed?.signature ?? "",
    );
    await catchUp(session);
    expect(session.view.state.head).toBe(state.head);
    expect(session.view.state.members.map(({ name }) => name)).not.toContain("bob");
  });
});
