import { type GetOptions, type ObjectStore, type StoredObject, StoreError } from "@conclave/core";
import { rangeOf, requireKey, requireRange } from "../contract.ts";
import { withMethods } from "./pass.ts";

/** What a storage hands out in place of an object's bytes: the same array, or another; `undefined` says it is gone. */
export type Alter = (key: string, bytes: Uint8Array<ArrayBuffer>) => Uint8Array | undefined;

/**
 * A storage that lies about contents: every object is altered whole, and ranges are cut from what came of it. Listings
 * still tell the true size; to make those lie too, alter what is stored itself with {@link rewrite}.
 */
export function altering(store: ObjectStore, alter: Alter): ObjectStore {
  return withMethods(store, {
    async get(key: string, options: GetOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
      requireRange(options);
      const { signal } = options;
      const shown = alter(key, await store.get(key, signal === undefined ? {} : { signal }));
      if (shown === undefined) throw noObject(key);
      return cut(key, shown, options);
    },
  });
}

/** A storage that hides keys: they are neither listed nor read nor deleted. What is put under them is kept, unseen. */
export function hiding(store: ObjectStore, hides: (key: string) => boolean): ObjectStore {
  return withMethods(store, {
    async get(key, options) {
      if (hides(key)) throw noObject(key);
      return store.get(key, options);
    },
    list: (folder, options) => only(store.list(folder, options), (key) => !hides(key)),
    delete: async (key, options) => (hides(key) ? "absent" : store.delete(key, options)),
  });
}

/** Alters one object where it is stored, for every client: `flipped`, `cut`, another object's bytes. */
export async function rewrite(
  store: ObjectStore,
  key: string,
  alter: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const altered = alter(await store.get(key));
  await store.delete(key);
  await store.put(key, altered);
}

/** Puts each of two objects under the other's key. */
export async function swap(store: ObjectStore, key: string, otherKey: string): Promise<void> {
  const [bytes, otherBytes] = [await store.get(key), await store.get(otherKey)];
  await rewrite(store, key, () => otherBytes);
  await rewrite(store, otherKey, () => bytes);
}

/** The same bytes with one bit flipped; `at` counts from the end if negative. */
export function flipped(bytes: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  const altered = new Uint8Array(bytes);
  const index = at < 0 ? bytes.length + at : at;
  if (index < 0 || index >= bytes.length) throw new RangeError(`no byte ${at} to flip in ${bytes.length}`);
  altered[index] = (altered[index] ?? 0) ^ 1;
  return altered;
}

/** The range of `bytes` that a call asks for, in memory of its own. */
export function cut(key: string, bytes: Uint8Array, options: GetOptions): Uint8Array<ArrayBuffer> {
  const { start, length } = rangeOf(key, bytes.length, options);
  return new Uint8Array(bytes.subarray(start, start + length));
}

/** What a store says of an object that it does not have, or pretends not to have. */
export function noObject(key: string): StoreError {
  requireKey(key);
  return new StoreError(`there is no object ${key}`, { code: "not-found" });
}

async function* only(
  listing: AsyncIterable<StoredObject>,
  shows: (key: string) => boolean,
): AsyncGenerator<StoredObject> {
  for await (const object of listing) if (shows(object.key)) yield object;
}
