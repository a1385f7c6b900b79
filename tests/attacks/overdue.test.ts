/** What should lie on the storage and does not, for longer than anything takes to arrive: it is named, once that is proved. */
import {
  catchUp,
  openSession,
  type ProblemCode,
  problemsOf,
  readAll,
  reencrypt,
  rotate,
  StoreError,
  verify,
  whyIncomplete,
} from "@conclave/core";
import { flipped } from "@conclave/stores/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comeTogether, details, people, problemCodes, putBy, removeBy } from "../support/attacked.ts";
import { forge, forgedChange, newFolder } from "../support/forge.ts";
import { budget, type Device, live, paths, put, texts, World } from "../support/world.ts";

const HOUR_MS = 3600 * 1000;
const WEEK_MS = 7 * 24 * HOUR_MS;

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** Looks at the storage every half hour, so long that nothing can be on its way any more. */
async function looksFor(device: Device, hours: number): Promise<void> {
  for (let look = 0; look < 2 * hours; look++) {
    world.clock.time += HOUR_MS / 2;
    await catchUp(live(device));
  }
}

describe("attack 26: what vanishes from an epoch that has ended, before it was moved on", () => {
  /** Everybody has seen what carol wrote in an epoch that has ended since, and that is not emptied yet. */
  async function ended() {
    const { alice, bob, carol } = await people({ world });
    const hers = await putBy(world, () => put(live(carol), { hers: "hers" }), /\/records\//);
    await comeTogether(alice, bob);
    await rotate(live(alice), { contents: "on-change" });
    await comeTogether(alice, bob);
    return { alice, bob, carol, hers };
  }

  it("is named as a rollback once it should have been seen elsewhere, and put back on demand", async () => {
    const { alice, bob, hers } = await ended();
    for (const key of hers) await world.store.delete(key);
    await catchUp(live(bob));
    await expect(looksFor(bob, 3)).rejects.toMatchObject({
      code: "rollback",
      message: expect.stringContaining("carol's record"),
    });
    const report = await verify(live(bob), { budget: budget(), shown: await readAll(live(bob)) });
    expect(report.problems.filter(({ code }) => code === "rollback").map(({ key }) => key)).toEqual([...hers]);
    await catchUp(openSession(world.ports(bob), { acceptRollback: true }));
    world.restart(bob);
    await looksFor(bob, 3);
    expect(paths(await world.admit(alice, await world.device("dave")))).toEqual(["hers"]);
  });

  it("raises no alarm where it was moved on, though that is seen late", async () => {
    const { alice, bob } = await ended();
    const moved = await putBy(world, () => reencrypt(live(alice), { budget: budget() }), /\/records\//);
    bob.hooks.hides = (key) => moved.has(key);
    world.clock.time += HOUR_MS / 2;
    await catchUp(live(bob));
    await catchUp(live(bob));
    bob.hooks.hides = undefined;
    await looksFor(bob, 3);
    expect(await texts(live(bob))).toEqual({ hers: "hers" });
  });

  it("raises no alarm on a device that has only slept in between", async () => {
    const { bob, hers } = await ended();
    bob.hooks.hides = (key) => hers.has(key);
    await catchUp(live(bob));
    world.clock.time += WEEK_MS;
    await catchUp(live(bob));
    bob.hooks.hides = undefined;
    await looksFor(bob, 3);
  });

  it("is named too where the copy in the current epoch was hidden first, which the old one excused", async () => {
    const { alice, bob, hers } = await ended();
    alice.hooks.fault = ({ verb, key }) => {
      const isOld = verb === "delete" && hers.has(key);
      return isOld ? { when: "before", error: new StoreError("no right", { code: "refused" }) } : undefined;
    };
    world.restart(alice);
    const copies = await putBy(
      world,
      () => reencrypt(live(alice), { budget: budget() }).catch(() => {}),
      /\/records\//,
    );
    await catchUp(live(bob));
    for (const key of copies) await world.store.delete(key);
    await catchUp(live(bob));
    for (const key of hers) await world.store.delete(key);
    await expect(looksFor(bob, 3)).rejects.toMatchObject({ code: "rollback" });
  });
});

describe("attack 7: a record that somebody else than its author has seen, and that does not come", () => {
  /** Bob has written on top of what carol wrote, and alice on top of that; dave is not shown carol's. */
  async function heldBack() {
    const { alice, bob, carol } = await people({ world });
    const hers = await putBy(world, () => put(live(carol), { hers: "hers" }), /\/records\//);
    await catchUp(live(bob));
    await put(live(bob), { his: "his" });
    await catchUp(live(alice));
    await put(live(alice), { "of alice": "of alice" });
    await comeTogether(alice, bob, carol);
    const dave = await world.device("dave");
    dave.hooks.hides = (key) => hers.has(key);
    await world.admit(alice, dave);
    world.restart(dave);
    return { alice, bob, carol, dave, hers };
  }

  it("is awaited while it may be on its way, and missing after that; work goes on", async () => {
    const { dave } = await heldBack();
    await catchUp(live(dave));
    expect(problemCodes(live(dave))).toEqual<ProblemCode[]>(["awaited"]);
    expect(whyIncomplete(live(dave))).toBeUndefined();
    await looksFor(dave, 3);
    expect(problemCodes(live(dave))).toEqual<ProblemCode[]>(["hidden-key", "missing"]);
    expect(whyIncomplete(live(dave))).toMatchObject({
      code: "missing",
      message: expect.stringMatching(/named by bob/),
    });
    const report = await verify(live(dave), { budget: budget(), shown: await readAll(live(dave)) });
    expect(report.ok).toBe(false);
    await put(live(dave), { "of dave": "goes on" });
    dave.hooks.hides = undefined;
    await catchUp(live(dave));
    expect(whyIncomplete(live(dave))).toBeUndefined();
    expect(await texts(live(dave))).toEqual({ hers: "hers", his: "his", "of alice": "of alice", "of dave": "goes on" });
  });

  it("is missing too where other bytes lie in its place", async () => {
    const { dave, hers } = await heldBack();
    dave.hooks = { alter: (key, bytes) => (hers.has(key) ? flipped(bytes, -1) : bytes) };
    world.restart(dave);
    await looksFor(dave, 3);
    expect(problemCodes(live(dave))).toEqual<ProblemCode[]>(["altered", "hidden-key", "missing"]);
    expect(whyIncomplete(live(dave))).toMatchObject({ code: "missing" });
  });

  it("is said no more to who goes on without it", async () => {
    const { dave } = await heldBack();
    await looksFor(dave, 3);
    const accepting = openSession(world.ports(dave), { acceptRollback: true });
    await catchUp(accepting);
    await looksFor({ ...dave, session: world.restart(dave) }, 3);
    expect(whyIncomplete(live(dave))).toBeUndefined();
    expect(details(live(dave), "awaited")).toHaveLength(1);
  });

  it("is said no more to who goes on without it, and lacks the current key besides", async () => {
    const { alice, dave, hers } = await heldBack();
    await catchUp(live(dave));
    await rotate(live(alice), { contents: "on-change" });
    const { epoch } = live(alice).view.current;
    dave.hooks.hides = (key) => hers.has(key) || key.startsWith(`epochs/${epoch}-`);
    await looksFor(dave, 3);
    expect(live(dave).view.opened.has(live(dave).view.current.epoch)).toBe(false);
    expect(whyIncomplete(live(dave))).toMatchObject({ code: "missing" });
    await catchUp(openSession(world.ports(dave), { acceptRollback: true }));
    world.restart(dave);
    await looksFor(dave, 3);
    expect(whyIncomplete(live(dave))).toBeUndefined();
  });
});

describe("attack 53: a record that never was", () => {
  it("is awaited for ever where its author alone names it, and missing to nobody", async () => {
    const { alice, bob } = await people({ world });
    const { head } = live(bob).view.state;
    const operations = [newFolder(live(bob), "on nothing")];
    await forge(live(bob), { records: [forgedChange({ head, parents: ["ab".repeat(32)], operations })] });
    const after = { writer: "ab".repeat(16), number: 6, previous: "cd".repeat(32) };
    await forge(live(bob), { records: [forgedChange({ head, operations })], after });
    await looksFor(alice, 30);
    // Where nobody else is heard either, its person is told who named it, and whom to ask.
    expect(problemsOf(live(alice)).map(({ code }) => code)).toEqual(["awaited", "awaited", "hidden-key"]);
    expect(details(live(alice), "hidden-key")).toEqual([expect.stringMatching(/records that bob named/)]);
    expect(whyIncomplete(live(alice))).toBeUndefined();
  });
});

describe("attack 53: a record that never was, invented by two members together", () => {
  it("is missing to all with their names, stops nobody, and is so no more once one of them is out", async () => {
    const { alice, bob, carol } = await people({ world });
    const { head } = live(bob).view.state;
    for (const member of [bob, carol]) {
      const operations = [newFolder(live(member), "on nothing")];
      await forge(live(member), { records: [forgedChange({ head, parents: ["ab".repeat(32)], operations })] });
    }
    await looksFor(alice, 3);
    expect(whyIncomplete(live(alice))?.message).toMatch(/named by (bob, carol|carol, bob)$/);
    await put(live(alice), { hers: "hers" });
    await removeBy(alice, "bob");
    expect(whyIncomplete(live(alice))).toBeUndefined();
  });
});

describe("attack 5: one file of junk among the records, under a member's name", () => {
  it("ends no command of anybody's with an error, however long it lies there", async () => {
    const { alice, bob, carol } = await people({ world });
    const [his = ""] = await putBy(world, () => put(live(bob), { his: "his" }), /\/records\//);
    await comeTogether(alice, bob, carol);
    await world.store.put(his.replace(/-\d+-1-[0-9a-f]{32}/, `-99-1-${"ab".repeat(16)}`), new Uint8Array(700));
    for (const device of [alice, bob, carol]) {
      await looksFor(device, 30);
      expect(whyIncomplete(live(device))).toBeUndefined();
      expect(problemCodes(live(device))).toEqual<ProblemCode[]>(["altered"]);
      await put(live(device), { [device.name]: device.name });
    }
  });
});
