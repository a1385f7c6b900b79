import { mkdir, opendir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  type CallOptions,
  type DeleteResult,
  type GetOptions,
  type ListOptions,
  type ObjectStore,
  type StoredObject,
  StoreError,
} from "@conclave/core";
import { requireFolder, requireKey, requireRange, requireStorable, traitsOf } from "./contract.ts";
import { type Base, baseIsThere, baseMissing, isInPlace, kindAt, placeOf, readBase } from "./folder/base.ts";
import { type Doing, isSystemError, toStoreError } from "./folder/errors.ts";
import { flushFolder } from "./folder/flush.ts";
import { readFrom } from "./folder/get.ts";
import { walkFolder } from "./folder/list.ts";
import { folderWriter, type Writer } from "./folder/put.ts";

export interface FolderStoreOptions {
  /** The folder itself, absolute or relative to the working directory. It may be reached by links; below it none is followed. */
  readonly path: string;
  /** Whether this folder is the storage itself (a disk, a NAS), so that no sync client carries it on. */
  readonly settled: boolean;
  /** How long something put elsewhere may take to show here; default 0 if settled, else a day (86,400). */
  readonly lagSeconds?: number | undefined;
  /**
   * Told, while listing, of what lies there and is no object: foreign names, links, pipes. The path below the folder as the
   * disk has it, not fit for a terminal. May be told of the same thing more than once.
   */
  readonly onForeign?: ((name: string) => void) | undefined;
}

/**
 * A store in a folder: each object is a file whose path is its key.
 *
 * A put is written beside the objects, flushed, and then renamed; the folder is flushed too, together for puts at the same
 * time. If a put fails after the renaming the object may be there all the same, as with any answer that is lost. What is
 * made is private to the user, unless the folder itself is open for writing to its group or to all. A folder cannot hold
 * both `a` and `a/b`: the second is `refused`.
 *
 * @throws {@link StoreError} from its methods: `not-found` for an object, or, with the folder's path in the message, when
 *   the folder itself is gone; `read-only`, `refused`, `full`, `unavailable` as the system says.
 */
export function folderStore(options: FolderStoreOptions): ObjectStore {
  const path = resolve(options.path);
  const open = lazily(() => openParts(path));

  /** Runs one call, and says its errors as a store's. */
  async function run<Result>(doing: Doing, work: (parts: Parts) => Promise<Result>): Promise<Result> {
    const parts = await open();
    try {
      return await work(parts);
    } catch (error) {
      if (isSystemError(error, "ENOENT") && !(await baseIsThere(parts.base))) throw baseMissing(path, error);
      throw toStoreError(error, doing);
    }
  }

  return {
    traits: traitsOf(options),

    async put(key: string, bytes: Uint8Array, { signal }: CallOptions = {}): Promise<void> {
      signal?.throwIfAborted();
      requireKey(key);
      requireStorable(key, bytes.length);
      await run({ what: `store ${key}`, writes: true }, ({ writer }) => writer.put({ key, bytes, signal }));
    },

    async get(key: string, range: GetOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
      range.signal?.throwIfAborted();
      requireKey(key);
      requireRange(range);
      return run({ what: `read ${key}`, writes: false }, ({ base }) => readFrom(base, key, range));
    },

    async *list(folder: string, { shallow = false, signal }: ListOptions = {}): AsyncGenerator<StoredObject> {
      signal?.throwIfAborted();
      requireFolder(folder);
      const listing = { what: `list ${folder === "" ? path : folder}`, writes: false };
      const { base } = await open();
      // A folder that is not there is empty; a store that is not there is not.
      await run(listing, async () => requireBase(base, path));
      try {
        yield* walkFolder({ base, shallow, signal, onForeign: options.onForeign }, folder);
      } catch (error) {
        throw toStoreError(error, listing);
      }
    },

    async delete(key: string, { signal }: CallOptions = {}): Promise<DeleteResult> {
      signal?.throwIfAborted();
      requireKey(key);
      return run({ what: `delete ${key}`, writes: true }, (parts) => remove(parts, key));
    },
  };
}

/**
 * A {@link folderStore}, after a look at the folder.
 *
 * @param options.create - Makes the folder itself if it is missing, private to the user; the one that holds it must be there.
 * @throws {@link StoreError} `not-found` if the folder is missing or no folder, `refused` if it cannot be read.
 */
export async function openFolderStore(
  options: FolderStoreOptions & { readonly create?: boolean },
): Promise<ObjectStore> {
  const path = resolve(options.path);
  if (options.create === true) await makeLeaf(path);
  const { base } = await openParts(path);
  try {
    for await (const _ of await opendir(base.real)) break;
  } catch (error) {
    throw toStoreError(error, { what: `read the folder ${path}`, writes: false });
  }
  return folderStore({ ...options, path });
}

interface Parts {
  readonly base: Base;
  readonly writer: Writer;
}

async function openParts(path: string): Promise<Parts> {
  try {
    const base = await readBase(path);
    return { base, writer: folderWriter(base) };
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) throw baseMissing(path, error);
    throw toStoreError(error, { what: `open the folder ${path}`, writes: false });
  }
}

/** Remembers a success only: a disk may be connected later. */
function lazily<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

async function requireBase(base: Base, path: string): Promise<void> {
  if (!(await baseIsThere(base))) throw baseMissing(path, undefined);
}

/** Without permission an object is not ours to delete; behind a link there may be one, so it is not called absent. */
async function remove({ base, writer }: Parts, key: string): Promise<DeleteResult> {
  const folder = dirname(placeOf(base, key));
  try {
    if (!(await isInPlace(folder))) return "refused"; // check: link
    if ((await kindAt(placeOf(base, key))) === "folder") return "absent";
    await writer.remove(key);
    return "deleted";
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR") && (await baseIsThere(base))) return "absent";
    if (isSystemError(error, "EACCES", "EPERM", "EROFS")) return "refused";
    throw error;
  }
}

async function makeLeaf(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700);
    await flushFolder(dirname(path));
  } catch (error) {
    if (isSystemError(error, "EEXIST")) return;
    if (isSystemError(error, "ENOENT")) throw baseMissing(dirname(path), error);
    throw toStoreError(error, { what: `make the folder ${path}`, writes: true });
  }
}
