import {
  type CallOptions,
  type Clock,
  type DeleteResult,
  type GetOptions,
  type ListOptions,
  type ObjectStore,
  type StoredObject,
  StoreError,
} from "@conclave/core";
import { isListed, rangeOf, requireFolder, requireKey, requireRange, requireStorable, traitsOf } from "./contract.ts";

interface Held {
  readonly bytes: Uint8Array;
  readonly stored: number;
}

/**
 * A store in memory, for tests: several clients share one by holding the same object.
 *
 * @param options.settled - As in `StoreTraits`; default true.
 * @param options.lagSeconds - As in `StoreTraits`; default 0, or a day if not settled. Nothing is really late.
 * @param options.clock - Where the dates in listings come from; default the system's.
 */
export function memoryStore(
  options: { readonly settled?: boolean; readonly lagSeconds?: number; readonly clock?: Clock } = {},
): ObjectStore {
  const objects = new Map<string, Held>();
  const clock = options.clock ?? { now: () => Date.now() };

  return {
    traits: traitsOf({ settled: options.settled ?? true, lagSeconds: options.lagSeconds }),

    async put(key: string, bytes: Uint8Array, { signal }: CallOptions = {}): Promise<void> {
      signal?.throwIfAborted();
      requireKey(key);
      requireStorable(key, bytes.length);
      // A copy, because the caller may use its memory again; a real storage would not notice that either.
      objects.set(key, { bytes: bytes.slice(), stored: clock.now() });
    },

    async get(key: string, range: GetOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
      range.signal?.throwIfAborted();
      requireKey(key);
      requireRange(range);
      const held = objects.get(key);
      if (held === undefined) throw new StoreError(`there is no object ${key}`, { code: "not-found" });
      const { start, length } = rangeOf(key, held.bytes.length, range);
      return new Uint8Array(held.bytes.subarray(start, start + length));
    },

    list: (folder, listing) => listHeld(objects, folder, listing),

    async delete(key: string, { signal }: CallOptions = {}): Promise<DeleteResult> {
      signal?.throwIfAborted();
      requireKey(key);
      return objects.delete(key) ? "deleted" : "absent";
    },
  };
}

/** Lists what is held as the call begins, without what vanishes meanwhile: as a storage with pages would. */
async function* listHeld(
  objects: ReadonlyMap<string, Held>,
  folder: string,
  options: ListOptions = {},
): AsyncGenerator<StoredObject> {
  options.signal?.throwIfAborted();
  requireFolder(folder);
  for (const key of [...objects.keys()].filter((held) => isListed(held, folder, options))) {
    options.signal?.throwIfAborted();
    const held = objects.get(key);
    if (held !== undefined) yield { key, size: held.bytes.length, stored: new Date(held.stored) };
  }
}
