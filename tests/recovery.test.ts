/** RECOVERY.md's own commands, run by a shell with stock tools, bring every file back. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catchUp, movePath, type ObjectStore, reencrypt, removeMember, removePath } from "@conclave/core";
import { memoryStore } from "@conclave/stores/testing";
import { afterEach, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { type RecoveryOptions, recover } from "./support/recovery.ts";
import { requireOrSkip } from "./support/require.ts";
import { budget, type Device, findMember, live, put, World } from "./support/world.ts";

let world: World;
let folder: string;
beforeEach(() => {
  world = new World();
  folder = mkdtempSync(join(tmpdir(), "conclave-recovery-"));
});
afterEach(() => {
  world.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The files that come back with a device's kit and the group's id. */
async function filesFor(
  context: TestContext,
  device: Device,
  options: Partial<RecoveryOptions> = {},
): Promise<Readonly<Record<string, string>>> {
  const { group, store } = live(device);
  const { files, apart, said, status } = await recover(context, { folder, store, kit: device, group, ...options });
  expect({ apart, status }, said).toEqual({ apart: {}, status: 0 });
  return files;
}

const big = "0123456789abcdef".repeat(600_000);

describe("RECOVERY.md", () => {
  it("brings every file back right after an upload", async (context) => {
    const alice = await world.device("alice");
    await world.found(alice);
    const files = {
      "a/b/deep.txt": "deep",
      "with space & 'quote'.txt": "odd",
      "line\nfeed.txt": "lf",
      "big.bin": big,
      empty: "",
    };
    await put(live(alice), files);
    expect(await filesFor(context, alice)).toEqual(files);
    expect(statSync(join(folder, "out/big.bin")).mtimeMs).toBe(1_700_000_000_000);
  }, 600_000);

  it("brings back new versions, moves and deletions made since the listing, for another member's kit", async (context) => {
    const [alice, bob] = [await world.device("alice"), await world.device("bob")];
    await world.found(alice);
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`many/${index}.txt`, `file ${index}`]));
    await put(live(alice), many);
    await world.admit(alice, bob);
    await put(live(bob), { "many/3.txt": "three, again", "late.txt": "late" }, 2);
    await removePath(live(bob), "many/5.txt");
    await catchUp(live(alice));
    await movePath(live(alice), { from: "many", to: "moved" });
    const expected: Record<string, string> = { "late.txt": "late" };
    for (let index = 0; index < 40; index++) if (index !== 5) expected[`moved/${index}.txt`] = `file ${index}`;
    expected["moved/3.txt"] = "three, again";
    expect(await filesFor(context, bob)).toEqual(expected);
  }, 600_000);

  it("brings back what a member with a slow clock wrote after the listing, and takes nothing away by it", async (context) => {
    const [alice, bob] = [await world.device("alice"), await world.device("bob")];
    await world.found(alice);
    await world.admit(alice, bob);
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`many/${index}.txt`, `file ${index}`]));
    await put(live(alice), many);
    await catchUp(live(bob));
    bob.clockSkewMs = -365 * 24 * 3600 * 1000;
    await put(live(bob), { "late.txt": "late", "many/3.txt": "three, again" }, 2);
    await put(live(bob), { "late.txt": "later" }, 3);
    await removePath(live(bob), "many/5.txt");
    await catchUp(live(alice));
    await put(live(alice), { "late.txt": "last" }, 4);
    const found = await filesFor(context, alice);
    expect(found).toEqual({ ...many, "late.txt": "last", "many/3.txt (another)": "three, again" });
  }, 600_000);

  it("brings everything back after a removal, and nothing with the removed member's kit", async (context) => {
    const [alice, bob] = [await world.device("alice"), await world.device("bob")];
    await world.found(alice);
    await world.admit(alice, bob);
    await put(live(bob), { "of bob.txt": "kept" });
    await catchUp(live(alice));
    await removeMember(live(alice), { member: findMember(live(alice).view.state, "bob"), contents: "now" });
    await reencrypt(live(alice), { budget: budget() });
    expect(await filesFor(context, alice)).toEqual({ "of bob.txt": "kept" });
    for (const left of readdirSync(folder)) rmSync(join(folder, left), { recursive: true });
    const { status, said } = await recover(context, { folder, store: world.store, kit: bob, group: live(alice).group });
    expect(status, said).toBe(1);
    expect(said).toContain("no grant of group");
  }, 600_000);

  it("brings every file back from a group with post-quantum keys, by an age that knows them", async (context) => {
    const age = requireOrSkip(context, "hybrid-age");
    const [alice, bob] = [await world.device("alice"), await world.device("bob")];
    await world.found(alice, { suite: "hybrid" });
    await world.admit(alice, bob);
    await put(live(bob), { "of bob.txt": "kept", "big.bin": big });
    await catchUp(live(alice));
    await removeMember(live(alice), { member: findMember(live(alice).view.state, "bob"), contents: "now" });
    await put(live(alice), { "new.txt": "new" });
    const files = { "of bob.txt": "kept", "big.bin": big, "new.txt": "new" };
    expect(await filesFor(context, alice, { programs: age })).toEqual(files);
  }, 600_000);

  it("does so in bash as well, which says of more things that they are wrong", async (context) => {
    requireOrSkip(context, "bash");
    const alice = await world.device("alice");
    await world.found(alice);
    const files = { "a/b/deep.txt": "deep", "line\nfeed.txt": "lf", empty: "" };
    await put(live(alice), files);
    expect(await filesFor(context, alice, { shell: "bash" })).toEqual(files);
  }, 600_000);

  it("does so without OpenSSL, as the page's end says", async (context) => {
    const alice = await world.device("alice");
    await world.found(alice);
    await put(live(alice), { "a.txt": "a" });
    const at = join(folder, "programs");
    mkdirSync(at);
    writeFileSync(join(at, "openssl"), "#!/bin/sh\nexit 1\n", { mode: 0o700 });
    expect(await filesFor(context, alice, { programs: at, withoutOpenssl: true })).toEqual({ "a.txt": "a" });
  }, 600_000);

  it("brings every file back wherever two removals and a re-encryption were broken off", async (context) => {
    const states: ObjectStore[] = [];
    const [alice, bob, carol] = [await world.device("alice"), await world.device("bob"), await world.device("carol")];
    alice.store = photographed(world.store, states);
    await world.found(alice);
    for (const device of [bob, carol]) await world.admit(alice, device);
    await put(live(bob), { "bob.txt": "of bob", "c.txt": "first" });
    await catchUp(live(carol));
    await put(live(carol), { "c.txt": "second" }, 2);
    await catchUp(live(alice));
    states.length = 0;
    const remove = (name: string, contents: "now" | "on-change") =>
      removeMember(live(alice), { member: findMember(live(alice).view.state, name), contents });
    await remove("bob", "on-change");
    await put(live(alice), { "alice.txt": "of alice" });
    const first = states.length;
    await remove("carol", "now");
    await reencrypt(live(alice), { budget: budget() });
    expect(states.length).toBeGreaterThan(first + 10);
    for (const [number, store] of states.entries()) {
      // One state in three: they differ by one file each.
      if (number % 3 !== 0) continue;
      const at = mkdtempSync(join(folder, `${number}-`));
      const { "alice.txt": added, ...files } = await filesFor(context, alice, { folder: at, store });
      expect(files, `after ${number} steps`).toEqual({ "bob.txt": "of bob", "c.txt": "second" });
      if (number >= first) expect(added, `after ${number} steps`).toBe("of alice");
    }
  }, 1_200_000);
});

/** A storage of which a copy is kept after each step that changes it. */
function photographed(store: ObjectStore, states: ObjectStore[]): ObjectStore {
  const keep = async <Result>(step: Promise<Result>): Promise<Result> => {
    const result = await step;
    const copy = memoryStore();
    for await (const { key } of store.list("")) await copy.put(key, await store.get(key));
    states.push(copy);
    return result;
  };
  return {
    traits: store.traits,
    get: (key, options) => store.get(key, options),
    list: (prefix, options) => store.list(prefix, options),
    put: (key, bytes, options) => keep(store.put(key, bytes, options)),
    delete: (key, options) => keep(store.delete(key, options)),
  };
}
