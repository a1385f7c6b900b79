import { lstat, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { StoreError } from "@conclave/core";
import { isSystemError } from "./errors.ts";

/** The folder that a store lies in. */
export interface Base {
  /** As the person wrote it, made absolute: for messages. */
  readonly path: string;
  /** With its links resolved: whatever is ours lies exactly below it, so a link on the way to it shows. */
  readonly real: string;
  /** Permissions for new folders and files, and the bits to keep of a folder (set-group-id). */
  readonly modes: Modes;
}

/** Permission bits as in `stat`. `shared`: they must be set past the umask. */
export interface Modes {
  readonly folder: number;
  readonly file: number;
  readonly shared: boolean;
}

/** Looks at the folder itself. Rejects with the system's error, or `not-found` if it is no folder. */
export async function readBase(path: string): Promise<Base> {
  const real = await realpath(path);
  const state = await stat(real);
  if (!state.isDirectory()) throw new StoreError(`${path} is not a folder`, { code: "not-found" });
  return { path, real, modes: modesBelow(state.mode) };
}

/**
 * Private to the user, unless the folder lets its group or everybody write: then several accounts share it, and what one
 * of them stores must be there for the others too. What is stored is sealed in either case.
 */
function modesBelow(mode: number): Modes {
  const shared = process.platform === "win32" ? 0 : (mode & 0o020 ? 0o070 : 0) | (mode & 0o002 ? 0o007 : 0);
  return { folder: 0o700 | shared | (shared && mode & 0o2000), file: 0o600 | (shared & 0o066), shared: shared !== 0 };
}

/** Where a key or a folder of keys lies; `""` is the base itself. */
export function placeOf(base: Base, key: string): string {
  return join(base.real, key);
}

/** Whether a path below the base leads there without any link; rejects with ENOENT if nothing is there. */
export async function isInPlace(path: string): Promise<boolean> {
  return (await realpath(path)) === path;
}

/** Whether the folder behind the store is still there: an ENOENT below it means something else if it is not. */
export async function baseIsThere(base: Base): Promise<boolean> {
  try {
    return (await stat(base.real)).isDirectory();
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

/** Says that the folder itself is gone: a disk that is not connected, a share that is not mounted. */
export function baseMissing(path: string, cause: unknown): StoreError {
  return new StoreError(`the folder ${path} is not there`, { code: "not-found", cause });
}

/** What kind of thing lies there, not following a link; undefined if nothing does. */
export async function kindAt(path: string): Promise<"file" | "folder" | "other" | undefined> {
  try {
    const state = await lstat(path);
    return state.isFile() ? "file" : state.isDirectory() ? "folder" : "other";
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
