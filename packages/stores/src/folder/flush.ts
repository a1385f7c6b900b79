import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { isSystemError } from "./errors.ts";

const FOLDER_FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);

/**
 * Makes the names in a folder durable, where the platform can do that.
 *
 * Windows cannot open a folder to flush it, and some file systems refuse: there the rename is all that can be had.
 */
export async function flushFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, FOLDER_FLAGS);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (process.platform === "win32" && isSystemError(error, "EPERM", "EACCES", "EISDIR")) return;
    if (!isSystemError(error, "EINVAL", "ENOTSUP", "ENOSYS")) throw error;
  }
}

/**
 * Lets calls of one name share runs of `work`: a call joins a run that has not begun yet, never one under way.
 *
 * So whatever was done before a call is covered by the run that it waits for, and a hundred files put at once into one
 * folder cost two or three flushes of it.
 */
export function shareRuns(work: (name: string) => Promise<void>): (name: string) => Promise<void> {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();

  async function runAfter(before: Promise<void> | undefined, name: string): Promise<void> {
    await before?.catch(() => undefined);
    const run = waiting.get(name);
    waiting.delete(name);
    if (run !== undefined) running.set(name, run);
    try {
      await work(name);
    } finally {
      if (running.get(name) === run) running.delete(name);
    }
  }

  return (name) => {
    const joined = waiting.get(name);
    if (joined !== undefined) return joined;
    const run = Promise.resolve().then(() => runAfter(running.get(name), name));
    waiting.set(name, run);
    return run;
  };
}
