import { chmod, mkdir, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectStore } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFolderStore } from "../src/folder.ts";
import { keysIn, patterned } from "./contract-cases.ts";
import { bytes, scratchForEach, system, windows } from "./scratch.ts";

const here = scratchForEach();
const root = process.getuid?.() === 0;

describe("a folder that is not there", () => {
  it("is not opened if it is missing, a file, or a link to nowhere, and is named", async () => {
    await writeFile(join(here.top, "file"), "");
    if (!windows) await symlink("nowhere", join(here.top, "link"));
    for (const name of ["missing", "file", ...(windows ? [] : ["link"]), "file/below"]) {
      const opening = openFolderStore({ path: join(here.top, name), settled: true });
      await expect(opening).rejects.toMatchObject({
        name: "StoreError",
        code: "not-found",
        message: expect.stringContaining(join(here.top, name)),
      });
    }
  });

  it.each([
    ["put", (gone: ObjectStore) => gone.put("ab/x", bytes("x"))],
    ["get", (gone: ObjectStore) => gone.get("ab/x")],
    ["list", (gone: ObjectStore) => keysIn(gone, "ab")],
    ["delete", (gone: ObjectStore) => gone.delete("ab/x")],
  ] as const)("is named by %s when it has gone meanwhile, and not made again", async (_, call) => {
    await here.store.put("ab/x", bytes("x"));
    await rename(here.path, join(here.top, "unmounted"));
    await expect(call(here.store)).rejects.toMatchObject({
      name: "StoreError",
      code: "not-found",
      message: `the folder ${here.path} is not there`,
    });
    await expect(stat(here.path)).rejects.toMatchObject({ code: "ENOENT" });
    await rename(join(here.top, "unmounted"), here.path);
    expect(await keysIn(here.store, "ab")).toEqual(["ab/x"]);
    await call(here.store);
  });

  it("is opened once it has come", async () => {
    await rm(here.path, { recursive: true });
    const early = here.open();
    await expect(early.get("x")).rejects.toMatchObject({ message: expect.stringContaining(here.path) });
    await mkdir(here.path);
    await early.put("x", bytes("x"));
    expect(await keysIn(early)).toEqual(["x"]);
  });

  it("is told apart from an object that is not there", async () => {
    const missing = await here.store.get("ab/x").catch((error: Error) => error.message);
    expect(missing).toContain("ab/x");
    expect(missing).not.toContain(here.path);
  });
});

describe("an account without permission", () => {
  beforeEach((context) => {
    if (windows) context.skip("permission bits mean nothing on Windows");
    if (root) context.skip("nothing is forbidden to root");
  });

  it("is refused writing by name, and reads", async () => {
    await here.store.put("ab/x", bytes("x"));
    await chmod(join(here.path, "ab"), 0o500);
    await expect(here.store.put("ab/y", bytes("y"))).rejects.toMatchObject({ code: "read-only" });
    expect(await here.store.delete("ab/x")).toBe("refused");
    expect(await here.store.get("ab/x")).toEqual(bytes("x"));
    expect(await here.unfinished()).toEqual([]);
    await chmod(join(here.path, "ab"), 0o700);
  });

  it("is refused opening what it may not read", async () => {
    await chmod(here.path, 0o300);
    await expect(openFolderStore({ path: here.path, settled: true })).rejects.toMatchObject({ code: "refused" });
    await chmod(here.path, 0o700);
  });
});

describe("a file system of its own", () => {
  let mounted = "";
  beforeEach(async (context) => {
    const reason = reasonForNoMounts();
    if (reason !== undefined) context.skip(reason);
    mounted = join(here.top, "mounted");
    await mkdir(mounted);
    system("mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", mounted);
    here.store = await openFolderStore({ path: mounted, settled: true });
  });
  afterEach(() => {
    if (mounted !== "") system("umount", mounted);
    mounted = "";
  });

  it("that is full refuses a put with `full`, shows nothing of it, and goes on when there is room", async () => {
    await here.store.put("ab/small", patterned(100_000));
    for (const sizeBytes of [2_000_000, 990_000]) {
      await expect(here.store.put("ab/big", patterned(sizeBytes))).rejects.toMatchObject({
        name: "StoreError",
        code: "full",
      });
      expect(await keysIn(here.store)).toEqual(["ab/small"]);
      expect(await readdir(join(mounted, ".~conclave"))).toEqual([]);
    }
    expect(await here.store.get("ab/small")).toEqual(patterned(100_000));
    expect(await here.store.delete("ab/small")).toBe("deleted");
    await here.store.put("ab/big", patterned(900_000));
  });

  it("that is full keeps what was under the key before", async () => {
    await here.store.put("ab/x", patterned(600_000));
    await expect(here.store.put("ab/x", patterned(700_000))).rejects.toMatchObject({ code: "full" });
    expect(await here.store.get("ab/x")).toEqual(patterned(600_000));
  });

  it("that is read-only refuses writing with `read-only`, deleting with `refused`, and is read", async () => {
    await here.store.put("ab/x", bytes("x"));
    system("mount", "-o", "remount,ro", mounted);
    await expect(here.store.put("ab/y", bytes("y"))).rejects.toMatchObject({ name: "StoreError", code: "read-only" });
    await expect(here.store.put("new/y", bytes("y"))).rejects.toMatchObject({ name: "StoreError", code: "read-only" });
    expect(await here.store.delete("ab/x")).toBe("refused");
    expect(await here.store.get("ab/x")).toEqual(bytes("x"));
    expect(await keysIn(await openFolderStore({ path: mounted, settled: true }))).toEqual(["ab/x"]);
    const making = openFolderStore({ path: join(mounted, "new"), settled: true, create: true });
    await expect(making).rejects.toMatchObject({ name: "StoreError", code: "read-only" });
  });
});

/** Why this machine lets us mount nothing, tried by mounting; undefined if it does. */
function reasonForNoMounts(): string | undefined {
  if (process.platform !== "linux" || !root) return "mounting a small file system needs root on Linux";
  try {
    // In a name space of its own, so that the try leaves no trace.
    system("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmpdir());
    return undefined;
  } catch (error) {
    return `this machine lets nobody mount: ${String(error)}`;
  }
}
