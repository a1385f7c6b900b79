/** A folder of its own for each test, with a store in it. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectStore } from "@conclave/core";
import { afterEach, beforeEach } from "vitest";
import { folderStore, openFolderStore } from "../src/folder.ts";

export const windows: boolean = process.platform === "win32";

export interface Scratch {
  /** Cleared away after the test. */
  top: string;
  /** The store's folder, in it. */
  path: string;
  store: ObjectStore;
  /** What the store has told of as foreign. */
  foreign: string[];
  /** Another store on the same folder, as another process would have it. */
  open(): ObjectStore;
  /** Names of the files that have no name yet. */
  unfinished(): Promise<string[]>;
  /** Permission bits of something below the store's folder. */
  modeOf(name: string): Promise<number>;
}

/** Gives every test of the file a fresh one; its fields are there from the test's beginning. */
export function scratchForEach(): Scratch {
  const scratch = {
    open: () => folderStore({ path: scratch.path, settled: true }),
    unfinished: async () => (await readdir(join(scratch.path, ".~conclave")).catch(() => [])).sort(),
    modeOf: async (name: string) => (await stat(join(scratch.path, name))).mode & 0o7777,
  } as Scratch;
  beforeEach(async () => {
    const top = await newFolder();
    const path = join(top, "store");
    await mkdir(path, { mode: 0o700 });
    const foreign: string[] = [];
    const store = await openFolderStore({ path, settled: true, onForeign: (name) => foreign.push(name) });
    Object.assign(scratch, { top, path, foreign, store });
  });
  afterEach(() => rm(scratch.top, { recursive: true }));
  return scratch;
}

/** A fresh folder, by its real path. */
export async function newFolder(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), "conclave-store-")));
}

export const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Runs a program of the operating system's own; throws with what it said if it fails. */
export function system(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
}
