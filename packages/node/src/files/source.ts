import { closeSync, readlinkSync } from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConclaveError, type SourceEntry, type SourceFile, type SourceProblem, type SourceTree } from "@conclave/core";
import { homeAround } from "../home.ts";
import { openPlain, sourceFile } from "./opened-file.ts";
import { entryOf, walkFolder } from "./source-walk.ts";
import { onOneFile, unlessAbsent } from "./system-error.ts";

/** A local file or folder to upload from. */
export interface LocalSource extends SourceTree {
  /** What the top is. A file's tree has one entry, itself, with the path "". */
  readonly kind: "file" | "folder";
  /** The top's own name; "" of a file system's root. */
  readonly name: string;
}

/**
 * Opens a local file or folder to upload from.
 *
 * @param path - As a person named it. With a `/` or `/.` at its end a link to a folder is followed, as everywhere.
 * @throws ConclaveError `not-found` if nothing is there, or a link, or something that is neither file nor folder; `conflict`
 *   for a home, and for what lies in one.
 */
export async function openSource(path: string): Promise<LocalSource> {
  const stats = await unlessAbsent(lstat(path));
  if (stats === undefined) throw notFound(`there is no file or folder ${path}`);
  if (stats.isSymbolicLink()) throw notFound(`${path} is a link, and links are not followed`); // check: link
  if (stats.isDirectory()) {
    const top = await realpath(path);
    refuseHome(top);
    return new LocalSourceTree(top, "folder", () => walkFolder(top));
  }
  if (!stats.isFile()) throw notFound(`${path} is neither a file nor a folder`);
  const top = join(await realpath(dirname(path)), basename(path));
  refuseHome(dirname(top));
  return new LocalSourceTree(top, "file", () => walkFile(top));
}

function refuseHome(folder: string): void {
  const home = homeAround(folder);
  if (home === undefined) return;
  throw new ConclaveError(`${home} is a Conclave home, with its private keys: nothing in it goes to a group`, {
    code: "conflict",
  }); // check: key
}

async function* walkFile(top: string): AsyncGenerator<SourceEntry | SourceProblem> {
  yield await entryOf({ file: top, path: "" });
}

class LocalSourceTree implements LocalSource {
  readonly kind: "file" | "folder";
  readonly name: string;
  readonly #top: string;
  readonly #walk: () => AsyncGenerator<SourceEntry | SourceProblem>;

  constructor(top: string, kind: "file" | "folder", walk: () => AsyncGenerator<SourceEntry | SourceProblem>) {
    this.kind = kind;
    this.name = basename(top);
    this.#top = top;
    this.#walk = walk;
  }

  async *walk(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<SourceEntry | SourceProblem> {
    options.signal?.throwIfAborted();
    for await (const entry of this.#walk()) {
      yield entry;
      options.signal?.throwIfAborted();
    }
  }

  open(path: string): Promise<SourceFile> {
    const file = path === "" ? this.#top : join(this.#top, path);
    const shown = path === "" ? this.name : path;
    return onOneFile(() => {
      const descriptor = openPlain(file, (why, cause) => changed(`${shown} ${why}`, cause));
      if (isElsewhere(descriptor, file)) {
        closeSync(descriptor);
        throw changed(`${shown} is reached through a link that was not there before`); // check: link
      }
      return sourceFile(descriptor);
    });
  }
}

/** Whether an open file is another than the path says, because a folder above it was swapped for a link. Linux can tell. */
function isElsewhere(descriptor: number, file: string): boolean {
  if (process.platform !== "linux") return false;
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`) !== file;
  } catch {
    return false; // No /proc here.
  }
}

function notFound(message: string): ConclaveError {
  return new ConclaveError(message, { code: "not-found" });
}

function changed(message: string, cause?: unknown): ConclaveError {
  return new ConclaveError(message, { code: "source-changed", cause });
}
