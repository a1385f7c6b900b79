/** RECOVERY.md's own commands, run by a shell with stock tools, bring every file back. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  catchUp,
  movePath,
  type ObjectStore,
  reencrypt,
  removeMember,
  removePath,
  writeIdentityFile,
} from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it, type TestContext } from "vitest";
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

/** The page's shell commands, in order, without those that are marked as examples. */
function commands(): string {
  const page = readFileSync(new URL("../RECOVERY.md", import.meta.url), "utf8");
  return [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code]) => code).join("\n");
}

async function copyOut(store: ObjectStore, to: string): Promise<void> {
  for await (const { key } of store.list("")) {
    mkdirSync(join(to, key, ".."), { recursive: true });
    writeFileSync(join(to, key), await store.get(key));
  }
}

async function recover(context: TestContext, device: Device): Promise<Record<string, string>> {
  for (const tool of ["age", "jq", "tar"] as const) requireOrSkip(context, tool);
  const at = (name: string) => join(folder, name);
  await copyOut(world.store, at("store"));
  writeFileSync(at("kit.txt"), writeIdentityFile(device.kit));
  const env = {
    ...process.env,
    STORE: at("store"),
    KIT: at("kit.txt"),
    OUT: at("out"),
    WORK: at("work"),
    KIND: "AGE-SECRET-KEY-1",
  };
  execFileSync("sh", ["-eu", "-c", commands()], { env, stdio: ["ignore", "pipe", "pipe"] });
  const files = readdirSync(at("out"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => [
      join(entry.parentPath, entry.name).slice(at("out").length + 1),
      readFileSync(join(entry.parentPath, entry.name), "utf8"),
    ]),
  );
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
    expect(await recover(context, alice)).toEqual(files);
    expect(statSync(join(folder, "out/big.bin")).mtimeMs).toBe(1_700_000_000_000);
  }, 120_000);

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
    expect(await recover(context, bob)).toEqual(expected);
  }, 120_000);

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
    const found = await recover(context, alice);
    expect(found).toEqual({ ...many, "late.txt": "last", "many/3.txt (another)": "three, again" });
  }, 120_000);

  it("brings everything back after a removal, and nothing with the removed member's kit", async (context) => {
    const [alice, bob] = [await world.device("alice"), await world.device("bob")];
    await world.found(alice);
    await world.admit(alice, bob);
    await put(live(bob), { "of bob.txt": "kept" });
    await catchUp(live(alice));
    await removeMember(live(alice), { member: findMember(live(alice).view.state, "bob"), contents: "now" });
    await reencrypt(live(alice), { budget: budget() });
    expect(await recover(context, alice)).toEqual({ "of bob.txt": "kept" });
    rmSync(join(folder, "out"), { recursive: true });
    await expect(recover(context, bob)).rejects.toThrow();
  }, 120_000);
});
