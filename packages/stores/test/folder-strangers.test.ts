import { link, mkdir, readdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { STORED_BYTES_MAX } from "@conclave/core";
import { beforeEach, describe, expect, it } from "vitest";
import { keysIn, listed } from "./contract-cases.ts";
import { bytes, scratchForEach, system, windows } from "./scratch.ts";

const here = scratchForEach();

describe("what else lies in the folder", () => {
  it.skipIf(windows)("is told of by name and listed never", async () => {
    await here.store.put("ab/x.age", bytes("ours"));
    const names = [
      ".DS_Store",
      "Thumbs.db",
      "ab/x (conflicted copy 2025-03-01).age",
      "ab/x~1",
      "ab/X.age",
      "ab/\x1b[2J",
    ];
    for (const name of names) await writeFile(join(here.path, name), "foreign");
    await mkdir(join(here.path, "New Folder"));
    await writeFile(join(here.path, "New Folder", "x.age"), "foreign");
    expect(await keysIn(here.store)).toEqual(["ab/x.age"]);
    expect(here.foreign.sort()).toEqual([...names, "New Folder"].sort());
  });

  it("is told of below the folder that is listed only", async () => {
    await mkdir(join(here.path, "ab/deep"), { recursive: true });
    for (const name of ["Top", "ab/In", "ab/deep/Under"]) await writeFile(join(here.path, name), "");
    await keysIn(here.store, "ab", true);
    expect(here.foreign).toEqual(["ab/In"]);
    await keysIn(here.store, "ab");
    expect(here.foreign.sort()).toEqual(["ab/In", "ab/In", "ab/deep/Under"]);
  });

  it.skipIf(windows)("cannot make reading wait, as a pipe would", async () => {
    for (let index = 0; index < 6; index++) system("mkfifo", join(here.path, `pipe-${index}`));
    const reads = Array.from({ length: 6 }, (_, index) => here.store.get(`pipe-${index}`));
    for (const { status, ...read } of await Promise.allSettled(reads)) {
      expect({ status, ...read }).toMatchObject({ status: "rejected", reason: { code: "not-found" } });
    }
    expect(await keysIn(here.store)).toEqual([]);
    expect(here.foreign).toHaveLength(6);
  });

  it.skipIf(windows)("is no object if it is a socket", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(here.path, "socket"), resolve));
    await expect(here.store.get("socket")).rejects.toMatchObject({ code: "not-found" });
    expect(await keysIn(here.store)).toEqual([]);
    expect(here.foreign).toEqual(["socket"]);
    await new Promise((resolve) => server.close(resolve));
  });

  it("takes no more memory than an object may, whatever its size", async () => {
    await writeFile(join(here.path, "huge"), "");
    await truncate(join(here.path, "huge"), 2 ** 40);
    await expect(here.store.get("huge")).rejects.toMatchObject({ name: "StoreError", code: "too-large" });
    const offset = 2 ** 39;
    await expect(here.store.get("huge", { offset, length: STORED_BYTES_MAX + 1 })).rejects.toMatchObject({
      code: "too-large",
    });
    expect(await here.store.get("huge", { offset, length: 3 })).toEqual(new Uint8Array(3));
    expect(await listed(here.store)).toMatchObject([{ key: "huge", size: 2 ** 40 }]);
  });
});

describe.skipIf(windows)("links in the folder", () => {
  let outside: string;
  beforeEach(async () => {
    outside = join(here.top, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "x"), "secret");
  });

  it("are not followed to a file", async () => {
    await symlink(join(outside, "x"), join(here.path, "x"));
    await expect(here.store.get("x")).rejects.toMatchObject({ name: "StoreError", code: "not-found" });
    expect(await keysIn(here.store)).toEqual([]);
    expect(here.foreign).toEqual(["x"]);
  });

  it("are not followed to a folder, by any call", async () => {
    await symlink(outside, join(here.path, "ab"));
    await expect(here.store.get("ab/x")).rejects.toMatchObject({ name: "StoreError", code: "not-found" });
    await expect(here.store.put("ab/y", bytes("y"))).rejects.toMatchObject({ name: "StoreError", code: "refused" });
    await expect(here.store.put("ab/deep/y", bytes("y"))).rejects.toMatchObject({
      name: "StoreError",
      code: "refused",
    });
    expect(await here.store.delete("ab/x")).toBe("refused");
    expect(await keysIn(here.store)).toEqual([]);
    expect(await keysIn(here.store, "ab")).toEqual([]);
    expect(here.foreign).toEqual(["ab", "ab"]);
    expect(await readdir(outside)).toEqual(["x"]);
    expect(await readFile(join(outside, "x"), "utf8")).toBe("secret");
  });

  it("are not followed within the folder either", async () => {
    await here.store.put("real/x", bytes("x"));
    await symlink("real", join(here.path, "ab"));
    await expect(here.store.get("ab/x")).rejects.toMatchObject({ code: "not-found" });
    expect(await here.store.delete("ab/x")).toBe("refused");
    expect(await keysIn(here.store)).toEqual(["real/x"]);
  });

  it("are replaced by a put and removed by a delete, and what they lead to stays", async () => {
    await symlink(join(outside, "x"), join(here.path, "put"));
    await symlink(join(outside, "x"), join(here.path, "delete"));
    await here.store.put("put", bytes("ours"));
    expect(await here.store.delete("delete")).toBe("deleted");
    expect(await keysIn(here.store)).toEqual(["put"]);
    expect(await readFile(join(outside, "x"), "utf8")).toBe("secret");
  });

  it.each(["nowhere", "ab"])("that lead to %s are in the way", async (target) => {
    await symlink(target, join(here.path, "ab"));
    await expect(here.store.put("ab/y", bytes("y"))).rejects.toMatchObject({ name: "StoreError", code: "refused" });
    await expect(here.store.get("ab/y")).rejects.toMatchObject({ name: "StoreError", code: "not-found" });
    expect(await keysIn(here.store, "ab")).toEqual([]);
    expect(await readdir(here.path)).toEqual(expect.not.arrayContaining(["nowhere"]));
  });

  it("do not lead unfinished files elsewhere", async () => {
    await symlink(outside, join(here.path, ".~conclave"));
    await expect(here.store.put("y", bytes("y"))).rejects.toMatchObject({ name: "StoreError", code: "refused" });
    expect(await readdir(outside)).toEqual(["x"]);
  });

  it("of the hard kind let a put replace the name, not the file behind it", async () => {
    await link(join(outside, "x"), join(here.path, "x"));
    await here.store.put("x", bytes("ours"));
    expect(await readFile(join(outside, "x"), "utf8")).toBe("secret");
  });
});
