import { catchUp, readAll, reencrypt, removeMember, verify } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { budget, findMember, live, paths, put, texts, World } from "./support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe("a group on a storage", () => {
  it("gives every member the same files, and a removed one nothing", async () => {
    const [alice, bob, carol] = [await world.device("alice"), await world.device("bob"), await world.device("carol")];
    await world.found(alice);
    await put(live(alice), { "a/one.txt": "one", "two.txt": "two", empty: "" });
    await world.admit(alice, bob);
    await world.admit(alice, carol);
    await put(live(bob), { "a/three.txt": "three" });
    await catchUp(live(alice));
    await catchUp(live(carol));
    const all = { "a/one.txt": "one", "a/three.txt": "three", empty: "", "two.txt": "two" };
    expect(await texts(live(alice))).toEqual(all);
    expect(await texts(live(carol))).toEqual(all);

    await removeMember(live(alice), { member: findMember(live(alice).view.state, "bob"), contents: "now" });
    const done = await reencrypt(live(alice), { budget: budget() });
    expect(done.remaining).toEqual({ objects: 0, bytes: 0 });
    await expect(catchUp(live(bob))).rejects.toMatchObject({ code: "removed" });
    await catchUp(live(carol));
    expect(await texts(live(carol))).toEqual(all);
    expect(
      await verify(live(carol), { budget: budget(), shown: await readAll(live(carol)), full: true }),
    ).toMatchObject({ ok: true, files: 4 });
  });

  it("keeps what two members wrote at once, side by side", async () => {
    const [alice, bob] = [await world.device("alice"), await world.device("bob")];
    await world.found(alice);
    await world.admit(alice, bob);
    await put(live(alice), { "note.txt": "of alice" });
    await put(live(bob), { "note.txt": "of bob" });
    await catchUp(live(alice));
    await catchUp(live(bob));
    expect(paths(live(alice))).toEqual(paths(live(bob)));
    expect(Object.values(await texts(live(alice))).sort()).toEqual(["of alice", "of bob"]);
  });
});
