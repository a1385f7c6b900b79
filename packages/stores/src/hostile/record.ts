import type { ObjectStore } from "@conclave/core";
import type { Verb } from "./fault.ts";
import { withMethods } from "./pass.ts";

/** One call that reached the storage. */
export interface RecordedCall {
  readonly verb: Verb;
  /** The key, or the folder of a listing. */
  readonly key: string;
  /** How many bytes were given or came back; 0 for `list`, `delete`, and a `get` that failed. */
  readonly bytes: number;
}

/** What a provider could have written down. */
export interface Recorder {
  readonly store: ObjectStore;
  /** All calls, in the order in which they began. */
  readonly calls: readonly RecordedCall[];
  /** Every object that was ever put, in that order, deleted or not: all that a removed member may have kept. */
  readonly everStored: readonly { readonly key: string; readonly bytes: Uint8Array }[];
}

/** A storage that remembers everything. Put it under the clients' own wrappers to have one record of them all. */
export function recording(store: ObjectStore): Recorder {
  const calls: RecordedCall[] = [];
  const everStored: { key: string; bytes: Uint8Array }[] = [];

  function note(verb: Verb, key: string, bytes = 0): number {
    return calls.push({ verb, key, bytes }) - 1;
  }

  const recorded = withMethods(store, {
    async put(key, bytes, options) {
      note("put", key, bytes.length);
      const copy = bytes.slice();
      await store.put(key, bytes, options);
      everStored.push({ key, bytes: copy });
    },
    async get(key, options) {
      const index = note("get", key);
      const bytes = await store.get(key, options);
      calls[index] = { verb: "get", key, bytes: bytes.length };
      return bytes;
    },
    list(folder, options) {
      note("list", folder);
      return store.list(folder, options);
    },
    async delete(key, options) {
      note("delete", key);
      return store.delete(key, options);
    },
  });
  return { store: recorded, calls, everStored };
}
