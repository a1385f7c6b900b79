import {
  closeSync,
  constants,
  futimesSync,
  lstatSync,
  openSync,
  renameSync,
  type Stats,
  unlinkSync,
  write,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import { ConclaveError, type TargetFile, type TargetState } from "@conclave/core";
import { modifiedOf } from "./opened-file.ts";
import { onOneFile } from "./system-error.ts";
import type { FolderLease } from "./target-folders.ts";
import { inTheWay, unsafe } from "./target-path.ts";
import { forget, unfinishedName } from "./unfinished.ts";

const CREATE_FLAGS: number = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

const writeAside = promisify(write);
/**
 * Writes up to this size, and all calls without bytes, are made on this thread: a small file's calls are over sooner than
 * a thread of the pool takes them up, and a pool that makes files in one folder mostly waits for itself.
 */
const WRITE_HERE_MAX: number = 64 * 1024;

/** A place for a file: the folder (leased, given back with the file's end), the name in it, the path as people know it. */
interface Place {
  readonly lease: FolderLease;
  readonly name: string;
  readonly path: string;
}

/** Starts a file under a hidden name in its own folder, and makes sure that it lies there before a byte is written. */
export async function startFile(
  place: Place,
  { size, over }: { readonly size: number; readonly over?: TargetState | null },
): Promise<TargetFile> {
  const { folder } = place.lease;
  const before = whatIsThere(place);
  if (before !== undefined && over !== undefined && !isSeen(before, over)) throw changed(place.path);
  const unfinished = unfinishedName();
  let descriptor: number | undefined;
  try {
    descriptor = openSync(folder.at(unfinished), CREATE_FLAGS, 0o600);
    if (await folder.holds(unfinished, descriptor))
      return new StartedFile({ place, unfinished, descriptor, before, size }); // check: link
    throw unsafe(`${place.path} would have been written outside the target folder`);
  } catch (error) {
    if (descriptor !== undefined) {
      tryUnlink(folder.at(unfinished));
      closeSync(descriptor);
    }
    forget(unfinished);
    throw error;
  }
}

/** A plain file that may be replaced, or undefined for nothing. Anything else is in the way. */
function whatIsThere(place: Place): Stats | undefined {
  const stats = lstatSync(place.lease.folder.at(place.name), { throwIfNoEntry: false });
  if (stats?.isSymbolicLink()) throw unsafe(`${place.path} is a link and is not replaced`); // check: link
  if (stats !== undefined && !stats.isFile()) throw inTheWay(`${place.path} is in the way and is no plain file`);
  return stats;
}

class StartedFile implements TargetFile {
  readonly #place: Place;
  readonly #unfinished: string;
  readonly #descriptor: number;
  readonly #before: Stats | undefined;
  readonly #size: number;
  #end = 0;
  #isOver = false;

  constructor(options: {
    readonly place: Place;
    readonly unfinished: string;
    readonly descriptor: number;
    readonly before: Stats | undefined;
    readonly size: number;
  }) {
    this.#place = options.place;
    this.#unfinished = options.unfinished;
    this.#descriptor = options.descriptor;
    this.#before = options.before;
    this.#size = options.size;
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    return onOneFile(() => this.#write(offset, bytes));
  }

  async #write(offset: number, bytes: Uint8Array): Promise<void> {
    if (offset + bytes.length > this.#size) throw this.#cut("has more bytes than it should"); // check: size
    let written = 0;
    while (written < bytes.length) {
      written += await this.#writeSome(bytes.subarray(written), offset + written);
    }
    this.#end = Math.max(this.#end, offset + bytes.length);
  }

  async #writeSome(bytes: Uint8Array, position: number): Promise<number> {
    if (bytes.length <= WRITE_HERE_MAX) return writeSync(this.#descriptor, bytes, 0, bytes.length, position);
    return (await writeAside(this.#descriptor, bytes, 0, bytes.length, position)).bytesWritten;
  }

  commit(options: { readonly modified: number }): Promise<void> {
    return onOneFile(() => this.#commit(options));
  }

  async #commit(options: { readonly modified: number }): Promise<void> {
    try {
      if (this.#end !== this.#size) throw this.#cut("was not written to its end"); // check: size
      setModified(this.#descriptor, options.modified);
      await this.#takeName();
    } catch (error) {
      await this.discard();
      throw error;
    }
    await this.#finish();
  }

  async discard(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    const { folder } = this.#place.lease;
    // Elsewhere than on Linux the name could mean another file by now, but only one with this same random name.
    tryUnlink(folder.at(this.#unfinished));
    await this.#finish();
  }

  async #takeName(): Promise<void> {
    const { lease, name, path } = this.#place;
    if (!(await lease.folder.holds(this.#unfinished, this.#descriptor))) {
      throw unsafe(`${path} would have been named outside the target folder`); // check: link
    }
    // Looking and renaming in one go: `rename` itself replaces files and links without asking.
    if (!isUnchanged(this.#before, whatIsThere(this.#place))) throw changed(path);
    renameSync(lease.folder.at(this.#unfinished), lease.folder.at(name));
  }

  async #finish(): Promise<void> {
    this.#isOver = true;
    forget(this.#unfinished);
    closeSync(this.#descriptor);
    await this.#place.lease.release();
  }

  #cut(what: string): ConclaveError {
    return new ConclaveError(`${this.#place.path} ${what}`, { code: "corrupt" });
  }
}

function isSeen(now: Stats, seen: TargetState | null): boolean {
  return seen !== null && seen.size === now.size && seen.modified === modifiedOf(now);
}

function changed(path: string): ConclaveError {
  return inTheWay(`${path} was changed by somebody else meanwhile`);
}

function isUnchanged(before: Stats | undefined, now: Stats | undefined): boolean {
  if (before === undefined || now === undefined) return before === now;
  return before.ino === now.ino && before.size === now.size && modifiedOf(before) === modifiedOf(now);
}

/** File systems keep different ranges of time; one that refuses a date keeps the file without it. */
function setModified(descriptor: number, modified: number): void {
  const date = new Date(modified); // Not a number: Node takes a negative one for "now".
  if (Number.isNaN(date.getTime())) return;
  try {
    futimesSync(descriptor, date, date);
  } catch {
    // As above.
  }
}

/** What cannot be taken away now, the next run in this folder takes away. */
function tryUnlink(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It may be gone already.
  }
}
