import { chmod, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { StoreError } from "@conclave/core";
import { type Base, isInPlace } from "./base.ts";
import { isSystemError } from "./errors.ts";

/**
 * Returns a function that has a folder below the base made if it is missing, with those above it, each one durable.
 *
 * The base itself is never made: where it is missing, a disk is not connected, and nothing may be put in its stead. Calls
 * for one folder at once share one run, so none of them goes on before the folder is durable.
 */
export function folderMaker(base: Base, flush: (path: string) => Promise<void>): (path: string) => Promise<void> {
  const underWay = new Map<string, Promise<void>>();

  async function make(path: string): Promise<void> {
    if (await isThere(path)) return;
    if (path === base.real) throw Object.assign(new Error("the base is gone"), { code: "ENOENT", syscall: "realpath" });
    const above = dirname(path);
    await ensure(above);
    await makeOne(path, base);
    await flush(above);
    if (!(await isThere(path))) throw linkInTheWay(path);
  }

  function ensure(path: string): Promise<void> {
    const joined = underWay.get(path);
    if (joined !== undefined) return joined;
    const run = make(path).finally(() => underWay.delete(path));
    underWay.set(path, run);
    return run;
  }

  return ensure;
}

/** Whether a folder is there; a link on the way to it is refused, wherever it leads. */
async function isThere(path: string): Promise<boolean> {
  try {
    if (await isInPlace(path)) return true; // check: link
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false;
    throw error;
  }
  throw linkInTheWay(path);
}

function linkInTheWay(path: string): StoreError {
  const message = `cannot store below ${path}: a link is in the way, and links are never followed`;
  return new StoreError(message, { code: "refused" });
}

async function makeOne(path: string, { modes }: Base): Promise<void> {
  try {
    await mkdir(path, modes.folder & 0o777);
  } catch (error) {
    // Another process was faster, or a broken link lies there, which the caller's second look finds.
    if (isSystemError(error, "EEXIST")) return;
    throw error;
  }
  if (modes.shared) await chmod(path, modes.folder);
}
