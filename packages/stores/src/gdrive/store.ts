/** The store in a folder of Google Drive: each object is a file, its path in folders below the group's own. */
import {
  type CallOptions,
  type DeleteResult,
  type GetOptions,
  type ListOptions,
  type ObjectStore,
  STORE_KEY,
  type StoredObject,
  StoreError,
} from "@conclave/core";
import { requireFolder, requireKey, requireRange, requireStorable } from "../contract.ts";
import { realTiming } from "../http/timing.ts";
import { unlessAborted } from "../http/unless-aborted.ts";
import type { CallContext } from "./calls.ts";
import { catchUp, driveOf, LAG_SECONDS, lookFor } from "./catch-up.ts";
import type { DriveClient } from "./client.ts";
import { folderMaker, ids } from "./folders.ts";
import { fitsName } from "./named-digest.ts";
import { readFile } from "./read.ts";
import { leastOf, removeFile } from "./remove.ts";
import { driveRetention, marksOf } from "./retention.ts";
import { folderSharing } from "./sharing.ts";
import type { DriveTree, FileRow } from "./tree.ts";
import { hexDigest, storeFile } from "./upload.ts";

export interface DriveStoreParts {
  readonly client: DriveClient;
  readonly tree: DriveTree;
  /** How old what a listing shows may be, in milliseconds: so that the listings of one poll share one look at the feed. */
  readonly freshMs: number;
  readonly now: () => number;
  readonly monotonic?: () => number;
  readonly onForeign?: ((name: string) => void) | undefined;
}

export function driveStore(parts: DriveStoreParts): ObjectStore {
  const { client, tree } = parts;
  const nextId = ids(client);
  const folderFor = folderMaker({ client, tree, nextId });
  const refresh = refresher(parts);
  const puts = new Map<string, Promise<unknown>>();

  async function put(key: string, bytes: Uint8Array<ArrayBuffer>, context: CallContext): Promise<void> {
    await refresh.once(context);
    const sha256 = await hexDigest("SHA-256", bytes);
    if (tree.filesAt(key).some((file) => file.sha256 === sha256 && file.size === bytes.length)) return;
    const slash = key.lastIndexOf("/");
    const folder = key.slice(0, Math.max(slash, 0));
    const name = key.slice(slash + 1);
    const store = async () => {
      const parent = await folderFor(folder, context);
      const upload = { name, parent, bytes, properties: marksOf(tree.root, folder) };
      return storeFile(client, { upload, nextId: () => nextId(context) }, context);
    };
    // A folder that we remember may be gone; then what is there is looked at, and the folder made again.
    const made = await store().catch(async (error: unknown) => {
      if (!(error instanceof StoreError) || error.code !== "not-found") throw error;
      await refresh.now(context);
      return store();
    });
    tree.take({ ...made, sha256: made.sha256 ?? sha256 }, true);
  }

  /** Whether this account may do with it what only owners may: what lies in a shared drive has none, and roles decide there. */
  const isOwn = (file: FileRow) => file.owned === 1 || driveOf(tree) !== undefined;

  /** The first of a key's files that is there. */
  async function firstThere(key: string, options: GetOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (const file of inPreference(key, tree.filesAt(key))) {
      const bytes = await readFile(
        client,
        { id: file.id, key, size: file.size, acknowledgesAbuse: isOwn(file) },
        options,
      );
      if (bytes !== undefined) return bytes;
      tree.drop(file.id);
    }
    return undefined;
  }

  async function find(key: string, context: CallContext): Promise<void> {
    await refresh.now(context);
    if (tree.filesAt(key).length > 0) return;
    const slash = key.lastIndexOf("/");
    const folders = tree.foldersAt(key.slice(0, Math.max(slash, 0)));
    if (folders.length > 0) await lookFor({ client, tree }, { name: key.slice(slash + 1), folders }, context);
  }

  return {
    traits: { settled: true, lagSeconds: LAG_SECONDS },
    requests: () => Object.fromEntries(client.counts),
    sharing: folderSharing(client, tree.root),
    retention: driveRetention(client, tree, refresh.now),

    async put(key: string, bytes: Uint8Array, { signal }: CallOptions = {}): Promise<void> {
      signal?.throwIfAborted();
      requireKey(key);
      requireStorable(key, bytes.length);
      // A copy: the caller may use its memory again, and a retry must send the same.
      const copy = bytes.slice();
      const before = puts.get(key) ?? Promise.resolve();
      const putting = unlessAborted(
        before.catch(() => {}),
        signal,
      ).then(() => put(key, copy, { doing: `store ${key}`, signal }));
      puts.set(key, putting);
      try {
        await putting;
      } finally {
        if (puts.get(key) === putting) puts.delete(key);
      }
    },

    async get(key: string, options: GetOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
      options.signal?.throwIfAborted();
      requireKey(key);
      requireRange(options);
      const context = { doing: `read ${key}`, signal: options.signal };
      const known = await firstThere(key, options);
      if (known !== undefined) return known;
      await find(key, context);
      const found = await firstThere(key, options);
      if (found !== undefined) return found;
      throw new StoreError(`there is no object ${key}`, { code: "not-found" });
    },

    async *list(folder: string, { shallow = false, signal }: ListOptions = {}): AsyncGenerator<StoredObject> {
      signal?.throwIfAborted();
      requireFolder(folder);
      await refresh.fresh({ doing: `list ${folder === "" ? "the folder" : folder}`, signal });
      for (const object of walk(parts, { folder, shallow })) {
        signal?.throwIfAborted();
        yield object;
      }
    },

    async delete(key: string, { signal }: CallOptions = {}): Promise<DeleteResult> {
      signal?.throwIfAborted();
      requireKey(key);
      const context = { doing: `delete ${key}`, signal };
      await refresh.fresh(context);
      if (tree.filesAt(key).length === 0) await find(key, context);
      const results: DeleteResult[] = [];
      for (const file of tree.filesAt(key)) {
        const isInSharedDrive = driveOf(tree) !== undefined;
        const isOther = fitsName(key, file.sha256) === false;
        const result = await removeFile(client, file, { isInSharedDrive, isOther }, context);
        if (result !== "refused") tree.drop(file.id);
        results.push(result);
      }
      return leastOf(results);
    },
  };
}

interface Refresher {
  /** Has looked at least once. */
  once(context: CallContext): Promise<void>;
  /** Has looked lately, as listings need it. */
  fresh(context: CallContext): Promise<void>;
  /** Looks now. */
  now(context: CallContext): Promise<void>;
}

/** Looks at the feed one at a time: who asks while one is under way waits for it, and for the next if it began too early. */
function refresher(parts: DriveStoreParts): Refresher {
  const { freshMs, monotonic = realTiming.now } = parts;
  let begun = 0;
  /** The newest look that has succeeded. */
  let done = { number: 0, at: Number.NEGATIVE_INFINITY };
  let running: Promise<void> | undefined;

  async function until(isEnough: () => boolean, context: CallContext): Promise<void> {
    while (!isEnough()) {
      context.signal?.throwIfAborted();
      if (running === undefined) await look(context);
      // Its failure is told to whoever began it: the others look themselves.
      else
        await unlessAborted(
          running.catch(() => {}),
          context.signal,
        );
    }
  }

  async function look(context: CallContext): Promise<void> {
    const own = { number: ++begun, at: monotonic() };
    running = catchUp(parts, context)
      .then(() => {
        done = own;
      })
      .finally(() => {
        running = undefined;
      });
    await running;
  }

  /** Whether a look has succeeded that began after now. */
  function after(): () => boolean {
    const before = begun;
    return () => done.number > before;
  }

  return {
    once: (context) => until(() => done.number > 0, context),
    now: (context) => until(after(), context),
    fresh(context) {
      const [isAfter, oldest] = [after(), monotonic() - freshMs];
      return until(() => isAfter() || (freshMs > 0 && done.at >= oldest), context);
    },
  };
}

/**
 * Several files may share a key: a retry's, another device's, a stranger's. One whose SHA-256 is the one in its name comes
 * first, one whose is another last; the oldest first among equals, as everybody sees it. Whoever reads checks it all the same.
 */
function inPreference(key: string, files: readonly FileRow[]): FileRow[] {
  const rank = ({ sha256 }: FileRow) => {
    const fits = fitsName(key, sha256);
    return fits === undefined ? 1 : Number(!fits) * 2;
  };
  return [...files].sort((left, right) => rank(left) - rank(right));
}

/** Every key once, with what `get` would read first. */
function* walk(
  parts: Pick<DriveStoreParts, "tree" | "onForeign">,
  options: { readonly folder: string; readonly shallow: boolean },
): Generator<StoredObject> {
  const { tree, onForeign } = parts;
  const { folder, shallow } = options;
  const children = Map.groupBy(tree.childrenOf(tree.foldersAt(folder)), ({ name }) => name);
  for (const [name, rows] of children) {
    const key = folder === "" ? name : `${folder}/${name}`;
    // A name with a slash in it is one name here, and would be a path elsewhere.
    if (!STORE_KEY.test(key) || name.includes("/")) {
      onForeign?.(key);
      continue;
    }
    const [file] = inPreference(
      key,
      rows.filter((row) => row.folder === 0),
    );
    if (file !== undefined) yield { key, size: file.size, stored: new Date(file.created) };
    if (!shallow && rows.some((row) => row.folder === 1)) yield* walk(parts, { folder: key, shallow });
  }
}
