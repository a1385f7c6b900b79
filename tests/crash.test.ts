/**
 * A process may die at any point. Each sweep kills one device after every single storage call and at every local
 * transaction of a command, and lets another one, or the same one started again, finish the work.
 */
import { catchUp, flushOutbox, readAll, reencrypt, removeMember, type Session, verify } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { DEATHS, dies } from "./support/deaths.ts";
import { openWorld } from "./support/open-world.ts";
import { budget, type Device, findMember, live, put, texts, type World } from "./support/world.ts";

async function newWorld(): Promise<{ world: World; alice: Device; bob: Device; carol: Device }> {
  const world = openWorld();
  const [alice, bob, carol] = [await world.device("alice"), await world.device("bob"), await world.device("carol")];
  await world.found(alice);
  await world.admit(alice, bob);
  await world.admit(alice, carol);
  return { world, alice, bob, carol };
}

async function whole(session: Session): Promise<void> {
  const report = await verify(session, { budget: budget(), shown: await readAll(session), full: true });
  expect(report.problems.filter(({ code }) => code !== "fork")).toEqual([]);
  expect(report.ok).toBe(true);
}

describe.each(DEATHS)("a death at a $at, $when it takes effect", (death) => {
  it("during an upload loses nothing, and running it again completes it", async () => {
    const files = { "a.txt": "first", "b/c.txt": "second" };
    for (let step = 1; ; step++) {
      const { world, alice, bob } = await newWorld();
      await put(live(alice), { "a.txt": "old", "kept.txt": "kept" }, 1);
      const hasDied = await dies(world, alice, {
        death,
        step,
        work: async (session) => {
          await catchUp(session);
          await put(session, files, 2);
        },
      });
      // Another member sees the old state or the new one of each file, never anything else.
      await catchUp(live(bob));
      const seen = await texts(live(bob));
      expect(seen["kept.txt"]).toBe("kept");
      expect(["old", "first"]).toContain(seen["a.txt"]);

      const again = world.restart(alice);
      await catchUp(again);
      await put(again, files, 2);
      await catchUp(live(bob));
      expect(await texts(live(bob))).toEqual({ "a.txt": "first", "b/c.txt": "second", "kept.txt": "kept" });
      await whole(live(bob));
      await expect(unclaimed(world, live(bob))).resolves.toEqual([]);
      if (!hasDied) {
        // A sweep that never killed anything would prove nothing.
        expect(step).toBeGreaterThan(5);
        break;
      }
      world.close();
    }
  }, 300_000);

  it("during a removal lets another member finish, and the removed one never in", async () => {
    for (let step = 1; ; step++) {
      const { world, alice, bob, carol } = await newWorld();
      await put(live(alice), { "a.txt": "of alice" }, 1);
      await catchUp(live(bob));
      await put(live(bob), { "b.txt": "of bob" }, 1);
      await catchUp(live(alice));
      await catchUp(live(carol));
      const hasDied = await dies(world, alice, {
        death,
        step,
        work: async (session) => {
          await catchUp(session);
          await removeMember(session, { member: findMember(session.view.state, "bob"), contents: "now" });
          await reencrypt(session, { budget: budget() });
        },
      });
      // Whatever stands on the storage now, everybody who is in reads everything.
      await catchUp(live(carol));
      expect(await texts(live(carol))).toEqual({ "a.txt": "of alice", "b.txt": "of bob" });
      // If the removal was committed, another member finishes; else the same command does it again.
      if (live(carol).view.state.members.length === 3) {
        const again = world.restart(alice);
        await catchUp(again);
        if (again.view.state.members.length === 3) {
          await removeMember(again, { member: findMember(again.view.state, "bob"), contents: "now" });
        }
        await catchUp(live(carol));
      }
      expect(live(carol).view.state.members.map(({ name }) => name)).toEqual(["alice", "carol"]);
      await reencrypt(live(carol), { budget: budget() });
      await expect(catchUp(live(bob))).rejects.toMatchObject({ code: "removed" });
      const after = world.restart(alice);
      await catchUp(after);
      await flushOutbox(after);
      await reencrypt(after, { budget: budget() });
      expect(await texts(after)).toEqual({ "a.txt": "of alice", "b.txt": "of bob" });
      await whole(after);
      await catchUp(live(carol));
      await whole(live(carol));
      await expect(oldObjects(world, live(carol))).resolves.toEqual([]);
      if (!hasDied) {
        // A sweep that never killed anything would prove nothing.
        expect(step).toBeGreaterThan(5);
        break;
      }
      world.close();
    }
  }, 300_000);
});

/** Objects that no record places. */
async function unclaimed(world: World, session: Session): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of world.store.list("")) {
    const [epoch = "", kind, name = ""] = key.split("/");
    if (kind !== "objects") continue;
    const row = session.index.get(
      "SELECT 1 FROM locations WHERE epoch = ? AND object = ?",
      epoch,
      name.replace(".age", ""),
    );
    if (row === undefined) found.push(key);
  }
  return found;
}

/** Objects that lie in an epoch that has ended. */
async function oldObjects(world: World, session: Session): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of world.store.list("")) {
    if (key.includes("/objects/") && !key.startsWith(session.view.current.epoch)) found.push(key);
  }
  return found;
}
