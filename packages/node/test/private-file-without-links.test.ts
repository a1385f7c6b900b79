/** As on FAT or exFAT: a file there has one name, and no other can be made for it. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { createPrivateFile } from "../src/private-file.ts";
import { scratch } from "./files/support/scratch.ts";

const disk = vi.hoisted(() => ({ code: "EPERM", isFull: false }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs/promises")>();
  const refuse = (code: string) => Promise.reject(Object.assign(new Error(code), { code }));
  return {
    ...real,
    link: () => refuse(disk.code),
    open: async (path: string, ...rest: [string, number]) => {
      const file = await real.open(path, ...rest);
      if (disk.isFull && path.endsWith("kit.txt")) file.sync = () => refuse("ENOSPC");
      return file;
    },
  };
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it.each(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"])(
  "a private file is written in its place after %s",
  async (code) => {
    Object.assign(disk, { code, isFull: false });
    const folder = scratch();
    await createPrivateFile(join(folder, "kit.txt"), bytes("abandon art"));
    expect(readdirSync(folder)).toEqual(["kit.txt"]);
    expect(readFileSync(join(folder, "kit.txt"), "utf8")).toBe("abandon art");
    expect(statSync(join(folder, "kit.txt")).mode & 0o777).toBe(0o600);
  },
);

it("a private file replaces none that is there", async () => {
  Object.assign(disk, { code: "EPERM", isFull: false });
  const folder = scratch();
  writeFileSync(join(folder, "kit.txt"), "older");
  await expect(createPrivateFile(join(folder, "kit.txt"), bytes("newer"))).rejects.toMatchObject({ code: "EEXIST" });
  expect(readdirSync(folder)).toEqual(["kit.txt"]);
  expect(readFileSync(join(folder, "kit.txt"), "utf8")).toBe("older");
});

it.each([
  ["EPERM", true, "ENOSPC"],
  ["EIO", false, "EIO"],
])("a private file that fails (links: %s, full: %s) leaves nothing behind", async (code, isFull, given) => {
  Object.assign(disk, { code, isFull });
  const folder = scratch();
  await expect(createPrivateFile(join(folder, "kit.txt"), bytes("abandon art"))).rejects.toMatchObject({ code: given });
  expect(readdirSync(folder)).toEqual([]);
});
