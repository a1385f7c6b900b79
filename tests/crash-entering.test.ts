/**
 * Founding a group and joining one, killed before and after every single storage call and local transaction: what was begun
 * is finished by the same device, or begun anew, and nobody else is harmed.
 */
import { addMember, catchUp, flushOutbox, foundGroup, readAll, type Session, verify } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { DEATHS, diesIn } from "./support/deaths.ts";
import { openWorld } from "./support/open-world.ts";
import { budget, live, put, texts, type World } from "./support/world.ts";

async function keysOn(world: World): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of world.store.list("")) keys.push(key);
  return keys;
}

async function expectWhole(session: Session): Promise<void> {
  const report = await verify(session, { budget: budget(), shown: await readAll(session), full: true });
  expect(report).toMatchObject({ ok: true, problems: [] });
}

describe.each(DEATHS)("a death at a $at, $when it takes effect", (death) => {
  it("while founding: nothing lies there and it is founded anew, or the group is finished", {
    timeout: 300_000,
  }, async () => {
    const ends = new Set<string>();
    for (let step = 1; ; step++) {
      const world = openWorld();
      let alice = await world.device("alice");
      const bob = await world.device("bob");
      const founding = { card: alice.card, suite: "classic", settled: true } as const;
      const hasDied = await diesIn(alice, { death, step }, async () => {
        alice.session = await foundGroup(world.ports(alice), founding);
        await flushOutbox(alice.session);
        await catchUp(alice.session);
      });
      if (alice.session) {
        ends.add("finished");
        world.restart(alice);
      } else {
        // Nobody has noted this group: its index is forgotten, and nothing of it may have got out.
        ends.add("anew");
        expect(await keysOn(world)).toEqual([]);
        alice = await world.device("alice", alice);
        alice.session = await foundGroup(world.ports(alice), founding);
      }
      await flushOutbox(live(alice));
      await catchUp(live(alice));
      expect(await keysOn(world)).toHaveLength(4);
      await put(live(alice), { "a.txt": "of alice" });
      await world.admit(alice, bob);
      expect(await texts(live(bob))).toEqual({ "a.txt": "of alice" });
      await expectWhole(live(bob));
      await expectWhole(live(alice));
      if (!hasDied) break;
    }
    // A sweep that met only one of the two would have left out half of the founding.
    expect([...ends].sort()).toEqual(["anew", "finished"]);
  });

  it("while joining: it joins when told to again, and others notice nothing", { timeout: 300_000 }, async () => {
    let step = 1;
    for (; ; step++) {
      const world = openWorld();
      const [alice, bob] = [await world.device("alice"), await world.device("bob")];
      await world.found(alice);
      await put(live(alice), { "a.txt": "of alice" });
      const address = world.address(live(alice));
      await world.ask(bob, address);
      await catchUp(live(alice));
      await addMember(live(alice), { card: bob.card, role: "editor" });
      const hasDied = await diesIn(bob, { death, step }, () => world.join(bob, address));
      await world.join(bob, address);
      await put(live(bob), { "b.txt": "of bob" });
      await catchUp(live(alice));
      const everything = { "a.txt": "of alice", "b.txt": "of bob" };
      expect(await texts(live(bob))).toEqual(everything);
      expect(await texts(live(alice))).toEqual(everything);
      await expectWhole(live(alice));
      await expectWhole(live(bob));
      if (!hasDied) break;
    }
    expect(step).toBeGreaterThan(3);
  });
});
