/** Purging: contents go for good only by a word that may decide it, and after thirty days. */
import {
  catchUp,
  copyPath,
  emptyTrash,
  movePath,
  purgePath,
  readAll,
  reencrypt,
  removeMember,
  removePath,
  resolvePath,
  restorePath,
  rotate,
  type Session,
  trash,
  verify,
} from "@conclave/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { problemCodes, putBy } from "./support/attacked.ts";
import { DEATHS, type Death, dies } from "./support/deaths.ts";
import { forge, forgedChange, openedEpoch } from "./support/forge.ts";
import { budget, type Device, findMember, live, put, texts, World } from "./support/world.ts";

const DAY_MS = 24 * 3600 * 1000;

/** Three who may write, one of them the owner; closed when the test is over. */
async function scene(): Promise<{ world: World; alice: Device; bob: Device; carol: Device }> {
  const world = new World();
  onTestFinished(() => world.close());
  const alice = await world.device("alice");
  await world.found(alice);
  const editors: Device[] = [];
  for (const name of ["bob", "carol"]) {
    const editor = await world.device(name);
    await world.admit(alice, editor);
    editors.push(editor);
  }
  for (const name of ["kept", "gone"]) await put(live(alice), { [`${name}.txt`]: name }, 1);
  for (const device of [alice, ...editors]) await catchUp(live(device));
  const [bob, carol] = editors as [Device, Device];
  return { world, alice, bob, carol };
}

/** How many objects lie in the newest epoch after all was re-encrypted. */
async function objectsAfterReencryption(world: World, admin: Device, by: Device = admin): Promise<number> {
  await catchUp(live(admin));
  await rotate(live(admin), { contents: "now" });
  const session = live(by);
  await catchUp(session);
  await reencrypt(session, { budget: budget() });
  expect((await verified(session)).ok).toBe(true);
  let count = 0;
  for await (const _ of world.store.list(`${session.view.current.epoch}/objects`)) count += 1;
  return count;
}

async function verified(session: Session) {
  return verify(session, { budget: budget(), shown: await readAll(session), full: true });
}

/** Time passes for all who have seen what there is. */
async function wait(world: World, days: number, ...devices: readonly Device[]): Promise<void> {
  for (const device of devices) await catchUp(live(device));
  world.clock.time += days * DAY_MS;
}

describe("purged contents", () => {
  it("go with a re-encryption thirty days after the device that deletes has seen it, and everything else stays", async () => {
    const { world, alice, bob, carol } = await scene();
    expect((await purgePath(live(alice), "gone.txt")).bytes).toBeGreaterThan(0);
    await wait(world, 29, alice, bob);
    expect(await objectsAfterReencryption(world, alice)).toBe(2);
    await wait(world, 2, alice);
    // Carol's device has not looked since: by its own clock it knows of the purge from now on.
    expect(await objectsAfterReencryption(world, alice, carol)).toBe(2);
    expect(await objectsAfterReencryption(world, alice)).toBe(1);
    for (const device of [alice, bob, carol]) {
      await catchUp(live(device));
      expect(await texts(live(device))).toEqual({ "kept.txt": "kept" });
      expect((await verified(live(device))).ok).toBe(true);
      const { problems } = await reencrypt(live(device), { budget: budget() });
      expect(problems).toEqual([]);
      // Neither the device that deleted them nor any other says that it has brought back what nobody can read.
      const restoring = restorePath(live(device), { path: "gone.txt", id: "f" });
      await expect(restoring).rejects.toMatchObject({ code: "not-found", message: /not stored any more/ });
      expect(await texts(live(device))).toEqual({ "kept.txt": "kept" });
    }
  });

  it("stay if one editor alone purges, and go thirty days after another member has confirmed that", async () => {
    const { world, alice, bob, carol } = await scene();
    await purgePath(live(bob), "gone.txt");
    await wait(world, 31, alice, bob, carol);
    expect(await objectsAfterReencryption(world, alice)).toBe(2);
    await catchUp(live(carol));
    // Emptying the trash confirms nothing that it does not show.
    expect(await emptyTrash(live(carol))).toEqual({ items: 0, bytes: 0 });
    await wait(world, 31, alice, bob, carol);
    expect(await objectsAfterReencryption(world, alice)).toBe(2);
    expect(await emptyTrash(live(carol), { purged: true })).toMatchObject({ items: 1 });
    await wait(world, 31, alice, bob, carol);
    expect(await objectsAfterReencryption(world, alice)).toBe(1);
  });

  it.each<[string, (session: Session) => Promise<unknown>]>([
    ["copies", (session) => copyPath(session, { from: "gone.txt", to: "copy.txt" })],
    ["moves", (session) => movePath(session, { from: "gone.txt", to: "moved.txt" })],
    ["edits", (session) => put(session, { "gone.txt": "gone" }, 2)],
  ])("stay if somebody %s what they come from without knowing of it", async (_, rescue) => {
    const { world, alice, bob, carol } = await scene();
    await purgePath(live(alice), "gone.txt");
    await rescue(live(bob));
    await wait(world, 31, alice, bob, carol);
    expect(await objectsAfterReencryption(world, alice)).toBe(2);
    expect(Object.values(await texts(live(alice))).sort()).toEqual(["gone", "kept"]);
  });

  it("stay if somebody restores by its id what they come from; an admin's word before that is none afterwards", async () => {
    const { world, alice, bob, carol } = await scene();
    await purgePath(live(alice), "gone.txt");
    await wait(world, 31, alice, bob, carol);
    await restorePath(live(carol), { path: "gone.txt", id: "f" });
    await catchUp(live(bob));
    await purgePath(live(bob), "gone.txt");
    await wait(world, 31, alice, bob, carol);
    expect(await objectsAfterReencryption(world, alice)).toBe(2);
    await catchUp(live(carol));
    await restorePath(live(carol), { path: "gone.txt", id: "f" });
    expect(await texts(live(carol))).toEqual({ "gone.txt": "gone", "kept.txt": "kept" });
  });

  it("stay while a record is awaited that could refer to them", async () => {
    const { world, alice, bob } = await scene();
    await purgePath(live(alice), "gone.txt");
    const { head } = live(bob).view.state;
    await forge(live(bob), { records: [forgedChange({ head, parents: ["00".repeat(32)], operations: [] })] });
    await wait(world, 31, alice, bob);
    expect(await objectsAfterReencryption(world, alice)).toBe(2);
  });

  it.each([
    ["a viewer writes a version of them", false],
    ["a removed editor writes a version of them, and names a record that nobody has", true],
  ])("go although %s", async (_, isRemoved) => {
    const { world, alice, bob } = await scene();
    const victor = await world.device("victor");
    await world.admit(alice, victor, "viewer");
    const by = live(isRemoved ? bob : victor);
    const epoch = openedEpoch(by);
    const found = resolvePath(by.index, "gone.txt");
    if (found?.kind !== "file") throw new Error("the scene has no such file");
    const { node, extents, size } = found;
    const version = { node, replaces: [], size, modified: 3, executable: false, extents, path: "gone.txt" };
    const { head } = by.view.state;
    await purgePath(live(alice), "gone.txt");
    if (isRemoved) {
      await removeMember(live(alice), { member: findMember(live(alice).view.state, "bob"), contents: "on-change" });
      await forge(by, { epoch, records: [forgedChange({ head, parents: ["00".repeat(32)], operations: [] })] });
    }
    await forge(by, { epoch, records: [forgedChange({ head, operations: [{ op: "file", ...version }] })] });
    await wait(world, 31, alice);
    expect(problemCodes(live(alice))).toContain("void");
    expect(await objectsAfterReencryption(world, alice)).toBe(1);
  });

  it("stay for thirty days after somebody deletes what an admin has purged while it was in use", async () => {
    const { world, alice, bob, carol } = await scene();
    const session = live(alice);
    const found = resolvePath(session.index, "gone.txt");
    if (found?.kind !== "file" || found.version === null) throw new Error("the scene has no such file");
    const operations = [{ op: "purge", node: found.node, path: "gone.txt" }] as const;
    const { head } = session.view.state;
    await forge(session, { records: [forgedChange({ head, parents: [found.version], operations })] });
    await wait(world, 31, alice, bob, carol);
    await removePath(live(bob), "gone.txt");
    expect(await objectsAfterReencryption(world, alice)).toBe(2);
    await wait(world, 31, alice);
    expect(await objectsAfterReencryption(world, alice)).toBe(1);
  });
});

describe("the thirty days", () => {
  it("begin again where an edit held the purge up meanwhile, which a removal has made void", async () => {
    const { world, alice, bob, carol } = await scene();
    await purgePath(live(alice), "gone.txt");
    await wait(world, 10, carol);
    const edit = await putBy(world, () => put(live(bob), { "gone.txt": "edited" }, 2));
    await wait(world, 10, carol);
    alice.hooks = { hides: (key) => edit.has(key) };
    world.restart(alice);
    await catchUp(live(alice));
    const member = findMember(live(alice).view.state, "bob");
    await removeMember(live(alice), { member, contents: "on-change" });
    alice.hooks = {};
    await wait(world, 15, carol);
    expect(await objectsAfterReencryption(world, alice, carol)).toBe(2);
    await wait(world, 16, carol);
    expect(await objectsAfterReencryption(world, alice, carol)).toBe(1);
    expect(await texts(live(carol))).toEqual({ "kept.txt": "kept" });
  });

  it("are not longer for a device whose clock was a year ahead when it saw the purge", async () => {
    const { world, alice, carol } = await scene();
    await purgePath(live(alice), "gone.txt");
    carol.clockSkewMs = 365 * DAY_MS;
    await catchUp(live(carol));
    carol.clockSkewMs = 0;
    await wait(world, 29, carol);
    expect(await objectsAfterReencryption(world, alice, carol)).toBe(2);
    await wait(world, 2, carol);
    expect(await objectsAfterReencryption(world, alice, carol)).toBe(1);
  });
});

describe("the trash", () => {
  it("lists the last deleted first, and for all the same what was deleted at once, however it arrives", async () => {
    const { alice, bob, carol } = await scene();
    const names = ["a", "b", "c", "d", "e", "f"];
    await put(live(alice), Object.fromEntries(names.map((name) => [name, name])), 1);
    for (const device of [bob, carol]) await catchUp(live(device));
    for (const name of ["b", "a", "c"]) await removePath(live(alice), name);
    for (const name of ["f", "d", "e"]) await removePath(live(bob), name);
    const shown = ({ index }: Session) => trash(index).map(({ path }) => path);
    expect(shown(live(alice))).toEqual(["c", "a", "b"]);
    expect(shown(live(bob))).toEqual(["e", "d", "f"]);
    const lists = [];
    for (const device of [bob, alice, carol]) {
      await catchUp(live(device));
      lists.push(shown(live(device)));
    }
    // The n-th deletions of both stand side by side, as neither had seen the other's.
    const [first = []] = lists;
    expect([first.slice(0, 2).sort(), first.slice(2, 4).sort(), first.slice(4).sort()]).toEqual([
      ["c", "e"],
      ["a", "d"],
      ["b", "f"],
    ]);
    for (const list of lists) expect(list).toEqual(first);
    await removePath(live(carol), "kept.txt");
    expect(shown(live(carol))[0]).toBe("kept.txt");
  });
});

/** Of many steps every fifth, from another one on for each kind of death: the parts are swept by themselves elsewhere. */
const STRIDE = 5;
const sweeps = DEATHS.map((death, index) => ({ ...death, first: 1 + index }));

describe.each(sweeps)("a death at a $at, $when it takes effect", ({ first, ...death }) => {
  it("while the trash is emptied and all is re-encrypted loses nothing else, and it can be done again", async () => {
    for (let step = first; ; step += STRIDE) {
      const { world, alice, bob, carol } = await scene();
      await removePath(live(alice), "gone.txt");
      const work = async (session: Session): Promise<void> => {
        await catchUp(session);
        await emptyTrash(session);
        world.clock.time += 31 * DAY_MS;
        await rotate(session, { contents: "now" });
        await reencrypt(session, { budget: budget() });
      };
      const hasDied = await dies(world, alice, { death: death as Death, step, work });
      await catchUp(live(bob));
      expect(await texts(live(bob))).toEqual({ "kept.txt": "kept" });
      await work(world.restart(alice));
      for (const device of [alice, carol]) {
        await catchUp(live(device));
        expect(await texts(live(device))).toEqual({ "kept.txt": "kept" });
        expect((await verified(live(device))).ok).toBe(true);
      }
      if (!hasDied) {
        // A sweep that never killed anything would prove nothing.
        expect(step).toBeGreaterThan(5);
        break;
      }
    }
  }, 300_000);
});
