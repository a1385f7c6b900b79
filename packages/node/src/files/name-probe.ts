import { constants } from "node:fs";
import { lstat, open, unlink } from "node:fs/promises";
import type { HeldFolder } from "./held-folder.ts";
import type { NameRules } from "./local-name.ts";
import { unlessAbsent } from "./system-error.ts";
import { forget, unfinishedName } from "./unfinished.ts";

const PROBE_FLAGS: number = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** Finds out what a folder's file system asks of names, with one empty file that is deleted at once. */
export async function probeNames(folder: HeldFolder): Promise<NameRules> {
  const name = unfinishedName();
  const windows = process.platform === "win32" || !(await accepts(folder, `${name}:?`));
  try {
    return { windows, folds: await isFolded(folder, name) };
  } finally {
    forget(name);
  }
}

/** FAT and NTFS refuse these characters on every system. Where nothing at all can be made, nothing is learned. */
async function accepts(folder: HeldFolder, name: string): Promise<boolean> {
  const failure = await makeAndDelete(folder, name);
  return !(failure instanceof Error && "code" in failure && failure.code === "EINVAL");
}

async function isFolded(folder: HeldFolder, name: string): Promise<boolean> {
  let folded = process.platform === "win32" || process.platform === "darwin";
  await makeAndDelete(folder, name, async () => {
    folded = (await unlessAbsent(lstat(folder.at(name.toUpperCase())))) !== undefined;
  });
  return folded;
}

async function makeAndDelete(folder: HeldFolder, name: string, meanwhile?: () => Promise<void>): Promise<unknown> {
  try {
    const handle = await open(folder.at(name), PROBE_FLAGS, 0o600);
    await handle.close();
    await meanwhile?.();
    await unlink(folder.at(name));
    return undefined;
  } catch (failure) {
    return failure;
  }
}
