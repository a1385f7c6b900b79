import type { GetOptions, ListOptions, ObjectStore, StoredObject } from "@conclave/core";
import { isListed, requireFolder, requireKey, requireRange } from "../contract.ts";
import { cut, noObject } from "./alter.ts";
import { withMethods } from "./pass.ts";

/** Everything that a storage held at one moment. */
export type Snapshot = ReadonlyMap<string, Uint8Array>;

/** Copies everything below `folder` (default: all) out of a store. */
export async function takeSnapshot(store: ObjectStore, folder = ""): Promise<Snapshot> {
  const held = new Map<string, Uint8Array>();
  for await (const { key } of store.list(folder)) held.set(key, await store.get(key));
  return held;
}

/** Puts a store back to what it was, for every client: what came since is gone, what was deleted since is back. */
export async function restoreSnapshot(store: ObjectStore, snapshot: Snapshot): Promise<void> {
  for await (const { key } of store.list("")) if (!snapshot.has(key)) await store.delete(key);
  for (const [key, bytes] of snapshot) await store.put(key, bytes);
}

/**
 * A storage that shows an older state to its reader as long as `past` gives one, while writing goes to the true one; so
 * what this client puts it does not see either.
 */
export function replaying(store: ObjectStore, past: () => Snapshot | undefined): ObjectStore {
  return withMethods(store, {
    async get(key, options = {}) {
      const shown = past();
      return shown === undefined ? store.get(key, options) : readShown(shown, key, options);
    },
    list(folder, options) {
      const shown = past();
      return shown === undefined ? store.list(folder, options) : listShown(shown, folder, options);
    },
  });
}

function readShown(shown: Snapshot, key: string, options: GetOptions): Uint8Array<ArrayBuffer> {
  options.signal?.throwIfAborted();
  requireKey(key);
  requireRange(options);
  const bytes = shown.get(key);
  if (bytes === undefined) throw noObject(key);
  return cut(key, bytes, options);
}

async function* listShown(shown: Snapshot, folder: string, options: ListOptions = {}): AsyncGenerator<StoredObject> {
  options.signal?.throwIfAborted();
  requireFolder(folder);
  for (const [key, bytes] of shown) {
    if (isListed(key, folder, options)) yield { key, size: bytes.length, stored: new Date(0) };
  }
}
