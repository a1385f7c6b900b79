import type { Dir } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { STORE_KEY, type StoredObject } from "@conclave/core";
import { type Base, isInPlace, placeOf } from "./base.ts";
import { isSystemError } from "./errors.ts";
import { UNFINISHED_FOLDER } from "./put.ts";

/** Names read, and files looked at together, at a time: a listing never holds more than that per level. */
const BATCH_ENTRIES = 128;

export interface Walk {
  readonly base: Base;
  readonly shallow: boolean;
  readonly signal: AbortSignal | undefined;
  /** Called for what lies in the folder and is no object of a store. */
  readonly onForeign: ((name: string) => void) | undefined;
}

/** Streams the objects below a folder of keys. What vanishes while it runs is left out. */
export async function* walkFolder(walk: Walk, folder: string): AsyncGenerator<StoredObject> {
  const entries = await openInPlace(walk, folder);
  if (entries === undefined) return;
  let keys: string[] = [];
  for await (const entry of entries) {
    walk.signal?.throwIfAborted();
    const key = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (key === UNFINISHED_FOLDER) continue;
    if (!STORE_KEY.test(key) || !(entry.isFile() || entry.isDirectory())) {
      walk.onForeign?.(key); // check: link
    } else if (entry.isFile()) {
      keys.push(key);
    } else if (!walk.shallow) {
      yield* walkFolder(walk, key);
    }
    if (keys.length < BATCH_ENTRIES) continue;
    yield* await describe(walk, keys);
    keys = [];
  }
  yield* await describe(walk, keys);
}

/** Undefined where there is no folder: nothing there, a file, or a link, which is reported and not followed. */
async function openInPlace(walk: Walk, folder: string): Promise<Dir | undefined> {
  const path = placeOf(walk.base, folder);
  try {
    if (await isInPlace(path)) return await opendir(path, { bufferSize: BATCH_ENTRIES }); // check: link
  } catch (error) {
    if (folder !== "" && isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    if (!isSystemError(error, "ELOOP")) throw error;
  }
  walk.onForeign?.(folder);
  return undefined;
}

async function describe(walk: Walk, keys: readonly string[]): Promise<StoredObject[]> {
  const found = await Promise.all(keys.map((key) => describeOne(walk, key)));
  return found.filter((object) => object !== undefined);
}

async function describeOne(walk: Walk, key: string): Promise<StoredObject | undefined> {
  try {
    const state = await lstat(placeOf(walk.base, key));
    return state.isFile() ? { key, size: state.size, stored: state.mtime } : undefined;
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
