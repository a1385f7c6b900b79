import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PlainFiles, SourceEntry } from "@conclave/core";
import { beforeEach, describe, expect, it } from "vitest";
import { openPlainFolder } from "../../src/files/plain-files.ts";
import { scratch } from "./support/scratch.ts";

let folder: string;
let files: PlainFiles;
/** What `d/a.txt` was when it was read. */
let entry: SourceEntry;
beforeEach(async () => {
  folder = scratch();
  mkdirSync(join(folder, "d/empty"), { recursive: true });
  writeFileSync(join(folder, "d/a.txt"), "a");
  files = await openPlainFolder("plain", { folder: await asPlain() });
  for await (const found of files.walk()) if ("kind" in found && found.path === "d/a.txt") entry = found;
  const file = await files.open("d/a.txt");
  await file.close();
});

/** The folder above one that is called `plain`. */
async function asPlain(): Promise<string> {
  const above = scratch();
  symlinkSync(folder, join(above, "plain"));
  return above;
}

/** Puts a link in the place of `d`, to where that was moved. */
function swap(): string {
  const away = join(scratch(), "away");
  renameSync(join(folder, "d"), away);
  symlinkSync(away, join(folder, "d"));
  return away;
}

describe("plain files in a folder", () => {
  it("are deleted where they are as they were read, and folders where they are empty", async () => {
    expect(await files.deleteFolder("d")).toBe(false);
    expect(await files.deleteFile(entry)).toBe("deleted");
    expect(await files.deleteFolder("d/empty")).toBe(true);
    expect(await files.deleteFolder("d")).toBe(true);
    expect(existsSync(join(folder, "d"))).toBe(false);
  });

  it("are kept where another was put in their place", async () => {
    rmSync(join(folder, "d/a.txt"));
    writeFileSync(join(folder, "d/a.txt"), "a");
    expect(await files.deleteFile(entry)).toBe("changed");
    expect(existsSync(join(folder, "d/a.txt"))).toBe(true);
  });

  it("are not deleted through a link that was put in a folder's place, nor are folders", async () => {
    const away = swap();
    expect(await files.deleteFile(entry)).toBe("changed");
    expect(await files.deleteFolder("d/empty")).toBe(false);
    expect([existsSync(join(away, "a.txt")), existsSync(join(away, "empty"))]).toEqual([true, true]);
  });
});
