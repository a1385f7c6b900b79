/**
 * One real folder, held so that what is made in it is made in it, whatever happens to its path meanwhile.
 *
 * On Linux a folder is held by its descriptor and its contents are named through `/proc/self/fd`, so no name of the way
 * is ever looked up again. Elsewhere it is named by its real path, and looked at before and after each use: there a
 * process of the same user that swaps folders for links at the right moment can make an empty file appear elsewhere,
 * but no byte is written to it.
 */
import { type BigIntStats, close, constants, fstatSync, open, readlinkSync } from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { systemCode } from "./system-error.ts";

const openDescriptor = promisify(open);
const closeDescriptor = promisify(close);

/** A folder within the target. */
export interface HeldFolder {
  /** A path by which a name in this folder is reached; of "", the folder itself. */
  at(name: string): string;
  /** Whether the folder still lies where it was found. */
  isInPlace(): Promise<boolean>;
  /** Whether an open file is the one of that name in this folder, and the folder still in place. */
  holds(name: string, descriptor: number): Promise<boolean>;
  /** Holds a folder in this one; undefined if something else is there. Rejects with `ENOENT` if nothing is. */
  child(name: string): Promise<HeldFolder | undefined>;
  close(): Promise<void>;
}

/** Holds a folder that a person named, links on the way included; by its descriptor where the system can. */
export async function holdTop(path: string, options: { readonly byPath: boolean }): Promise<HeldFolder> {
  const real = await realpath(path);
  if (options.byPath || process.platform !== "linux") return holdByPath(real);
  const held = await holdByDescriptor(real, (found) => found === real);
  return held ?? holdByPath(real);
}

const FOLDER_FLAGS: number = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** Where an open file lies now. Synchronous, as the kernel answers from memory; undefined without `/proc`. */
function whereIs(descriptor: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined;
  }
}

/** Undefined if the folder opened is not where it should be (or there is no `/proc`). */
async function holdByDescriptor(path: string, isExpected: (real: string) => boolean): Promise<HeldFolder | undefined> {
  const descriptor = await openDescriptor(path, FOLDER_FLAGS);
  const self = `/proc/self/fd/${descriptor}`;
  const real = whereIs(descriptor);
  if (real === undefined || !isExpected(real)) {
    await closeDescriptor(descriptor);
    return undefined;
  }
  return {
    at: (name) => `${self}/${name}`,
    isInPlace: async () => whereIs(descriptor) === real,
    holds: async (name, file) => whereIs(file) === below(real, name),
    child: (name) => childByDescriptor(`${self}/${name}`, real),
    close: () => closeDescriptor(descriptor),
  };
}

async function childByDescriptor(path: string, parent: string): Promise<HeldFolder | undefined> {
  try {
    // It may have been moved between being opened and being asked where it is.
    return await holdByDescriptor(path, (real) => dirname(real) === parent);
  } catch (error) {
    // Of a link too, as only a folder was asked for.
    if (systemCode(error) === "ENOTDIR") return undefined; // check: link
    throw error;
  }
}

function below(folder: string, name: string): string {
  return folder.endsWith("/") ? `${folder}${name}` : `${folder}/${name}`;
}

async function holdByPath(real: string): Promise<HeldFolder> {
  const found = await lstat(real, { bigint: true });
  const isInPlace = async (): Promise<boolean> => {
    const now = await lstat(real, { bigint: true }).catch(() => undefined);
    return now !== undefined && isSame(now, found) && (await realpath(real).catch(() => undefined)) === real;
  };
  return {
    at: (name) => below(real, name),
    isInPlace,
    async holds(name, file) {
      const named = await lstat(below(real, name), { bigint: true }).catch(() => undefined);
      return named !== undefined && isSame(named, fstatSync(file, { bigint: true })) && (await isInPlace());
    },
    child: (name) => childByPath(below(real, name), real),
    close: async () => {},
  };
}

async function childByPath(path: string, parent: string): Promise<HeldFolder | undefined> {
  const stats = await lstat(path);
  if (!stats.isDirectory()) return undefined; // check: link
  const real = await realpath(path);
  return dirname(real) === parent ? holdByPath(real) : undefined; // check: link
}

function isSame(left: BigIntStats, right: BigIntStats): boolean {
  return left.dev === right.dev && left.ino === right.ino;
}
