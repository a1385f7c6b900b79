import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, opendir, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StoreError } from "@conclave/core";
import { type Base, placeOf } from "./base.ts";
import { flushFolder, shareRuns } from "./flush.ts";
import { folderMaker } from "./make-folder.ts";

/**
 * Where files are written before they get their name. The `~` keeps it out of the keys; names that begin with `.~` and end
 * with `.tmp` are left alone by the sync clients that leave anything alone.
 */
export const UNFINISHED_FOLDER = ".~conclave";
const UNFINISHED_FILE = /^\.~[0-9a-f]{32}\.tmp$/;
const UNFINISHED_AGE_MS = 24 * 60 * 60 * 1000;

const CREATE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

export interface Writing {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

/** Puts files whole and durably, and removes; both make what they did to a folder durable together with calls beside them. */
export interface Writer {
  put(writing: Writing): Promise<void>;
  remove(key: string): Promise<void>;
}

/** A writer below one base. Before its first put it clears away what crashed puts left more than a day ago. */
export function folderWriter(base: Base): Writer {
  const flush = shareRuns(flushFolder);
  const ensureFolder = folderMaker(base, flush);
  const unfinished = placeOf(base, UNFINISHED_FOLDER);
  let cleared: Promise<void> | undefined;

  return {
    async put(writing) {
      const target = placeOf(base, writing.key);
      await Promise.all([ensureFolder(dirname(target)), ensureFolder(unfinished)]);
      cleared ??= clearUnfinished(unfinished);
      await cleared;
      writing.signal?.throwIfAborted();
      await writeThenName(join(unfinished, `.~${randomBytes(16).toString("hex")}.tmp`), target, { base, writing });
      await flush(dirname(target));
    },
    async remove(key) {
      const target = placeOf(base, key);
      await unlink(target);
      await flush(dirname(target));
    },
  };
}

/** The file gets its name only once all of it is on the disk; until then, and if anything fails, nothing shows. */
async function writeThenName(
  temporary: string,
  target: string,
  { base, writing }: { readonly base: Base; readonly writing: Writing },
): Promise<void> {
  const file = await open(temporary, CREATE_FLAGS, base.modes.file);
  try {
    try {
      if (base.modes.shared) await file.chmod(base.modes.file);
      await writeAll(file, writing);
    } finally {
      await file.close();
    }
    writing.signal?.throwIfAborted();
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

async function writeAll(file: FileHandle, { key, bytes, signal }: Writing): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    signal?.throwIfAborted();
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
  await file.datasync();
  // Network file systems have been seen to lose the end of a file on a full disk without an error.
  const { size } = await file.stat();
  if (size === bytes.length) return; // check: size
  throw new StoreError(`cannot store ${key}: ${size} of ${bytes.length} bytes arrived`, { code: "unavailable" });
}

/** Failures are no matter: another account's files, or another process that clears at the same time. */
async function clearUnfinished(folder: string): Promise<void> {
  try {
    for await (const { name } of await opendir(folder)) {
      if (UNFINISHED_FILE.test(name)) await removeIfOld(join(folder, name));
    }
  } catch {
    // What could not be cleared now takes room, and is tried again by the next run.
  }
}

async function removeIfOld(path: string): Promise<void> {
  const state = await lstat(path);
  if (Date.now() - state.mtimeMs > UNFINISHED_AGE_MS) await unlink(path).catch(() => undefined);
}
