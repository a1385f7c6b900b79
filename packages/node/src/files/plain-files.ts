/** Plain files that lie on a storage already, to be taken into a group and then, if a person wants it, deleted there. */
import { type BigIntStats, constants } from "node:fs";
import { lstat, open, readFile, realpath, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  CONCLAVE_JSON_BYTES_MAX,
  CONCLAVE_JSON_KEY,
  ConclaveError,
  claimedGroup,
  type PlainFiles,
  type SourceEntry,
  type SourceFile,
  type SourceProblem,
} from "@conclave/core";
import { parseStoreAddress } from "@conclave/stores";
import { type LocalSource, openSource } from "./source.ts";
import { onOneFile } from "./system-error.ts";

/**
 * Opens the plain files in a folder.
 *
 * @param address - Of a store, as people give it.
 * @param folder - What a relative path is relative to.
 * @throws ConclaveError `conflict` if a group lies there, above it or below it: its files are no plain files; `unsupported`
 *   for other kinds of storage; `not-found`.
 */
export async function openPlainFolder(address: string, { folder }: { readonly folder: string }): Promise<PlainFiles> {
  const url = parseStoreAddress(address, { folder });
  if (!url.startsWith("file:")) {
    throw new ConclaveError("plain files can be taken in from a folder or from Google Drive only as yet", {
      code: "unsupported",
    });
  }
  const path = fileURLToPath(url);
  const source = await openSource(path.endsWith("/") ? path : `${path}/`);
  const top = await realpath(path);
  for (let above = top; ; above = dirname(above)) {
    await refuseGroup(above);
    if (above === dirname(above)) break;
  }
  return new PlainFolder(top, source);
}

/** A file as the system knows it. Whatever is written to it, or put in its place, gives another; times can be set, these not. */
interface Mark {
  readonly inode: bigint;
  /** When anything about it changed last, nanoseconds since 1970. */
  readonly changed: bigint;
}

class PlainFolder implements PlainFiles {
  readonly #top: string;
  readonly #source: LocalSource;
  /** What each file was just before it was last opened to be read. */
  readonly #read = new Map<string, Mark>();

  constructor(top: string, source: LocalSource) {
    this.#top = top;
    this.#source = source;
  }

  walk(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<SourceEntry | SourceProblem> {
    return this.#source.walk(options);
  }

  async open(path: string): Promise<SourceFile> {
    const stats = await lstat(join(this.#top, path), { bigint: true }).catch(() => undefined);
    if (stats) this.#read.set(path, markOf(stats));
    return this.#source.open(path);
  }

  deleteFile({ path }: SourceEntry): Promise<"deleted" | "changed"> {
    return onOneFile(() => this.#deleteUnchanged(path));
  }

  async #deleteUnchanged(path: string): Promise<"deleted" | "changed"> {
    const file = join(this.#top, path);
    // Through no link that was put in a folder's place meanwhile.
    if ((await realpath(dirname(file)).catch(() => undefined)) !== dirname(file)) return "changed"; // check: link
    const stats = await lstat(file, { bigint: true }).catch(() => undefined);
    const read = this.#read.get(path);
    if (!stats?.isFile() || !read || !isSame(markOf(stats), read)) return "changed"; // check: digest
    if (stats.nlink > 1n) return this.#deleteName(file, stats);
    await unlink(file);
    return "deleted";
  }

  /** One of several names of a file: that it goes changes the file, and its other names are as good as before. */
  async #deleteName(file: string, before: BigIntStats): Promise<"deleted"> {
    await using held = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    await unlink(file);
    const after = markOf(await held.stat({ bigint: true }));
    for (const [path, mark] of this.#read) if (isSame(mark, markOf(before))) this.#read.set(path, after);
    return "deleted";
  }

  async deleteFolder(path: string): Promise<boolean> {
    const folder = join(this.#top, path);
    if ((await realpath(folder).catch(() => undefined)) !== folder) return false; // check: link
    return rmdir(folder).then(
      () => true,
      () => false,
    );
  }
}

function markOf({ ino, ctimeNs }: BigIntStats): Mark {
  return { inode: ino, changed: ctimeNs };
}

function isSame(left: Mark, right: Mark): boolean {
  return left.inode === right.inode && left.changed === right.changed;
}

/** @throws ConclaveError `conflict` if a group's storage is this folder. */
export async function refuseGroup(folder: string): Promise<void> {
  const file = join(folder, CONCLAVE_JSON_KEY);
  const stats = await lstat(file).catch(() => undefined);
  if (!stats?.isFile() || stats.size > CONCLAVE_JSON_BYTES_MAX) return;
  if (claimedGroup(await readFile(file)) === undefined) return;
  throw new ConclaveError(`${folder} holds a Conclave group`, { code: "conflict" });
}
