import type { ObjectStore } from "@conclave/core";
import { humanSize } from "./terminal/units.ts";

/** A store that counts, for `--stats`. */
export function countedStore(store: ObjectStore): { readonly store: ObjectStore; describe(): string } {
  const calls = { put: 0, get: 0, list: 0, delete: 0 };
  let sent = 0;
  let received = 0;
  return {
    store: {
      ...store,
      traits: store.traits,
      async put(key, bytes, options) {
        calls.put++;
        sent += bytes.length;
        await store.put(key, bytes, options);
      },
      async get(key, options) {
        calls.get++;
        const bytes = await store.get(key, options);
        received += bytes.length;
        return bytes;
      },
      list(folder, options) {
        calls.list++;
        return store.list(folder, options);
      },
      delete(key, options) {
        calls.delete++;
        return store.delete(key, options);
      },
    },
    describe: () => {
      const counts = Object.entries(calls).map(([name, count]) => `${count} ${name}`);
      const asked = Object.entries(store.requests?.() ?? {}).map(([name, count]) => `${count} ${name}`);
      const overNet = asked.length === 0 ? "" : ` (over the net: ${asked.join(", ")})`;
      return `requests: ${counts.join(", ")}${overNet}; ${humanSize(sent)} sent, ${humanSize(received)} received`;
    },
  };
}
