import type { ObjectStore } from "@conclave/core";

/** A store that does what another does, but for the methods given. */
export function withMethods(store: ObjectStore, methods: Partial<ObjectStore>): ObjectStore {
  return {
    traits: store.traits,
    put: (key, bytes, options) => store.put(key, bytes, options),
    get: (key, options) => store.get(key, options),
    list: (folder, options) => store.list(folder, options),
    delete: (key, options) => store.delete(key, options),
    ...(store.retention && { retention: store.retention }),
    ...(store.sharing && { sharing: store.sharing }),
    ...methods,
  };
}
