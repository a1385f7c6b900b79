import { spawnSync } from "node:child_process";
import { chmod, lstat, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folderStore, openFolderStore } from "../src/folder.ts";
import { keysIn, listed, patterned } from "./contract-cases.ts";
import { bytes, newFolder, scratchForEach, windows } from "./scratch.ts";
import { describeStore } from "./store-contract.ts";

describeStore("folder store", async () => {
  const path = await newFolder();
  return { store: await openFolderStore({ path, settled: true }), close: () => rm(path, { recursive: true }) };
});

describeStore("folder store that is reached by a link", async () => {
  const path = await newFolder();
  await mkdir(join(path, "real"));
  await symlink(join(path, "real"), join(path, "link"), "junction");
  const store = folderStore({ path: join(path, "link"), settled: true });
  return { store, close: () => rm(path, { recursive: true }) };
});

const here = scratchForEach();

describe("what a folder store writes", () => {
  it("lies at the path of its key, with nothing beside it", async () => {
    await here.store.put("ab/objects/x.age", bytes("hello"));
    expect(await readFile(join(here.path, "ab/objects/x.age"), "utf8")).toBe("hello");
    expect(await readdir(join(here.path, "ab/objects"))).toEqual(["x.age"]);
    expect(await here.unfinished()).toEqual([]);
  });

  it.skipIf(windows)("is private to the user", async () => {
    await here.store.put("ab/objects/x.age", bytes("hello"));
    expect(await here.modeOf("ab")).toBe(0o700);
    expect(await here.modeOf("ab/objects")).toBe(0o700);
    expect(await here.modeOf("ab/objects/x.age")).toBe(0o600);
    expect(await here.modeOf(".~conclave")).toBe(0o700);
  });

  it.skipIf(windows)("is private to the user in a folder that others may only look into", async () => {
    await chmod(here.path, 0o755);
    await here.open().put("ab/x", bytes("hello"));
    expect([await here.modeOf("ab"), await here.modeOf("ab/x")]).toEqual([0o700, 0o600]);
  });

  it.skipIf(windows).each([
    { base: 0o770, folder: 0o770, file: 0o660 },
    { base: 0o2775, folder: 0o2770, file: 0o660 },
    { base: 0o777, folder: 0o777, file: 0o666 },
  ])("is open to those who share a folder of mode $base", async ({ base, folder, file }) => {
    await chmod(here.path, base);
    await here.open().put("ab/c/x", bytes("hello"));
    for (const made of ["ab", "ab/c", ".~conclave"]) expect(await here.modeOf(made)).toBe(folder);
    expect(await here.modeOf("ab/c/x")).toBe(file);
  });

  it("replaces what a half-done sync left under its key", async () => {
    await mkdir(join(here.path, "ab"));
    await writeFile(join(here.path, "ab/x"), "hel\0\0");
    await here.store.put("ab/x", bytes("hello"));
    expect(await readFile(join(here.path, "ab/x"), "utf8")).toBe("hello");
  });

  it("leaves no unfinished file after a hundred puts at once, half of them cancelled", async () => {
    const cancel = new AbortController();
    const puts = Array.from({ length: 100 }, (_, index) =>
      here.store.put(`ab/${index}`, patterned(50_000, index), index % 2 === 0 ? {} : { signal: cancel.signal }),
    );
    cancel.abort();
    const outcomes = await Promise.allSettled(puts);
    const done = outcomes.flatMap(({ status }, index) => (status === "fulfilled" ? [`ab/${index}`] : []));
    expect(done.length).toBeGreaterThanOrEqual(50);
    expect(await keysIn(here.store)).toEqual(done.sort());
    expect(await here.unfinished()).toEqual([]);
  });

  it("says that something is in the way of a key", async () => {
    await here.store.put("a", bytes("file"));
    await here.store.put("b/c", bytes("file"));
    await expect(here.store.put("a/x", bytes("x"))).rejects.toMatchObject({ name: "StoreError", code: "refused" });
    await expect(here.store.put("b", bytes("x"))).rejects.toMatchObject({ name: "StoreError", code: "refused" });
    expect(await keysIn(here.store)).toEqual(["a", "b/c"]);
    expect(await here.unfinished()).toEqual([]);
  });
});

describe("a crash before a file gets its name", () => {
  it("leaves nothing to be seen, and what it leaves is cleared after a day", async () => {
    putAndDie("ab/x");
    expect(await keysIn(here.store)).toEqual([]);
    await expect(here.store.get("ab/x")).rejects.toMatchObject({ code: "not-found" });
    const [left = "none"] = await here.unfinished();
    expect(await lstat(join(here.path, ".~conclave", left))).toMatchObject({ size: 100_000 });

    await here.open().put("ab/y", bytes("y"));
    expect(await here.unfinished()).toEqual([left]);
    await age(join(here.path, ".~conclave", left), { days: 2 });
    await here.open().put("ab/z", bytes("z"));
    expect(await here.unfinished()).toEqual([]);
    expect(await keysIn(here.store)).toEqual(["ab/y", "ab/z"]);
    expect(here.foreign).toEqual([]);
  });

  it("keeps what was there under the key before", async () => {
    await here.store.put("ab/x", bytes("before"));
    putAndDie("ab/x");
    expect(await here.store.get("ab/x")).toEqual(bytes("before"));
  });

  it("has no other file cleared, however old", async () => {
    await here.store.put("ab/x", bytes("x"));
    for (const name of [".~conclave/mine.tmp", ".~conclave/.~0.tmp", "ab/x"]) {
      if (name !== "ab/x") await writeFile(join(here.path, name), "mine");
      await age(join(here.path, name), { days: 400 });
    }
    await here.open().put("ab/y", bytes("y"));
    expect(await here.unfinished()).toEqual([".~0.tmp", "mine.tmp"]);
    expect(await keysIn(here.store)).toEqual(["ab/x", "ab/y"]);
  });

  function putAndDie(key: string): void {
    const script = fileURLToPath(new URL("put-and-die.ts", import.meta.url));
    const { signal, stderr } = spawnSync(process.execPath, ["--conditions=@conclave/source", script, here.path, key]);
    expect({ signal, stderr: signal === null ? String(stderr) : "" }).toEqual({ signal: "SIGKILL", stderr: "" });
  }
});

describe("while others change the folder", () => {
  it("lists what is left when files and folders vanish meanwhile", async () => {
    for (let index = 0; index < 300; index++) await here.store.put(`ab/${index}`, bytes("x"));
    await here.store.put("zz/x", bytes("x"));
    const seen: string[] = [];
    for await (const { key } of here.store.list("")) {
      if (seen.length === 0)
        await Promise.all([rm(join(here.path, "ab"), { recursive: true }), rm(join(here.path, "zz/x"))]);
      seen.push(key);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(await keysIn(here.store)).toEqual([]);
  });

  it("makes its folders again when somebody tidied them away", async () => {
    await here.store.put("ab/c/x", bytes("x"));
    await rm(join(here.path, ".~conclave"), { recursive: true });
    await rm(join(here.path, "ab"), { recursive: true });
    await here.store.put("ab/c/y", bytes("y"));
    expect(await keysIn(here.store)).toEqual(["ab/c/y"]);
  });

  it("lets two stores on one folder put, list and delete at once", async () => {
    const other = here.open();
    const work = Array.from({ length: 60 }, async (_, index) => {
      const side = index % 2 === 0 ? here.store : other;
      await side.put(`ab/${index % 10}`, bytes("same"));
      await keysIn(side);
      if (index % 3 === 0) await side.delete(`ab/${index % 10}`);
    });
    await Promise.all(work);
    for (const { size } of await listed(here.store)) expect(size).toBe(4);
    expect(await here.unfinished()).toEqual([]);
  });
});

async function age(file: string, { days }: { days: number }): Promise<void> {
  const then = new Date(Date.now() - days * 86_400_000);
  await utimes(file, then, then);
}
