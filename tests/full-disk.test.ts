/** Attack 56: the disk on which a device keeps its index has no room left, at whichever step of its work. */
import { catchUp, problemsOf, readAll, verify } from "@conclave/core";
import { afterEach, describe, expect, it } from "vitest";
import { groupOf, keysLike, removeBy, stateOf } from "./support/attacked.ts";
import { budget, type Device, live, paths, put, texts, World } from "./support/world.ts";

/** With names long enough that what is noted of them needs room. */
const FILES: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 30 }, (_, index) => [`${index}`.padStart(150, "n"), `content ${index}`]),
);
const OLD = Object.keys(FILES)[0] ?? "";
let world: World;
afterEach(() => world.close());

/** Starts a device whose index may grow by so many pages and no more, as SQLite finds it on a full disk. */
function restartOnFullDisk(device: Device, pages: number): ReturnType<World["restart"]> {
  const session = world.restart(device);
  const size = session.index.get<{ page_count: number }>("PRAGMA page_count")?.page_count ?? 0;
  session.index.script(`PRAGMA max_page_count = ${size + pages}`);
  return session;
}

/** Whether the work ended for want of room. */
async function endsFull(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    // SQLITE_FULL; any other end is a defect.
    expect(error).toMatchObject({ errcode: 13 });
    return true;
  }
}

describe("a local disk that gets full", () => {
  it("during an upload uses no number twice, and puts nothing twice, once there is room again", {
    timeout: 300_000,
  }, async () => {
    let fullAt = 0;
    for (let pages = 0; ; pages += 2) {
      world = new World();
      const [alice, bob] = await groupOf(world, ["bob"]);
      await put(live(alice), { [OLD]: "old", "kept.txt": "kept" }, 1);
      const wasFull = await endsFull(async () => {
        const session = restartOnFullDisk(alice, pages);
        await catchUp(session);
        await put(session, FILES, 2);
      });
      await catchUp(live(bob));
      expect((await texts(live(bob)))["kept.txt"]).toBe("kept");

      const again = world.restart(alice);
      await catchUp(again);
      await put(again, FILES, 2);
      await catchUp(live(bob));
      expect(await texts(live(bob))).toEqual({ ...FILES, "kept.txt": "kept" });
      expect(paths(live(bob))).toHaveLength(31);
      for (const device of [alice, bob]) expect(problemsOf(live(device))).toEqual([]);
      const report = await verify(live(bob), { budget: budget(), shown: await readAll(live(bob)), full: true });
      expect(report).toMatchObject({ ok: true, problems: [] });
      expect(await keysLike(world, /\/objects\//)).toHaveLength(2);
      if (!wasFull) break;
      fullAt += 1;
      world.close();
    }
    // A disk that was never full would prove nothing.
    expect(fullAt).toBeGreaterThan(3);
  });

  it("while others' work is read keeps nobody from it once there is room again", { timeout: 300_000 }, async () => {
    let fullAt = 0;
    for (let pages = 0; ; pages += 2) {
      world = new World();
      const [alice, bob] = await groupOf(world, ["bob"]);
      await put(live(alice), FILES);
      await removeDave(alice);
      const wasFull = await endsFull(() => catchUp(restartOnFullDisk(bob, pages)));
      await catchUp(world.restart(bob));
      expect(await texts(live(bob))).toEqual(FILES);
      expect(stateOf(live(bob))).toEqual(stateOf(live(alice)));
      expect(problemsOf(live(bob))).toEqual([]);
      if (!wasFull) break;
      fullAt += 1;
      world.close();
    }
    expect(fullAt).toBeGreaterThan(3);
  });
});

/** Somebody comes and goes, so that there is a change of key to read as well. */
async function removeDave(admin: Device): Promise<void> {
  await world.admit(admin, await world.device("dave"));
  await removeBy(admin, "dave");
}
