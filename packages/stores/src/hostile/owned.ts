import type { KeptObject, ObjectStore } from "@conclave/core";
import { withMethods } from "./pass.ts";

/** One storage whose files belong to whoever put them, as on Google's My Drive. */
export interface OwnedStorage {
  /**
   * The storage as an account has it: what others put it can only take out of the folder.
   *
   * @param through - Another way to the same store, as a client that sees it late has one.
   */
  client(account: string, through?: ObjectStore): ObjectStore;
  /** Keys of what was taken out of the folder, and whose it is. */
  detached(): readonly { readonly key: string; readonly owner: string }[];
}

/** Gives each object of a store an owner. What the store held before belongs to nobody, and anybody may delete it. */
export function ownedStorage(store: ObjectStore): OwnedStorage {
  const owners = new Map<string, string>();
  const detached = new Map<string, { readonly key: string; readonly owner: string }>();
  let ids = 0;

  async function* keptOf(account: string): AsyncGenerator<KeptObject> {
    for (const [id, { key, owner }] of [...detached]) {
      if (owner === account) yield { key, id, owner, where: "detached" };
    }
  }

  return {
    detached: () => [...detached.values()],
    client: (account, through = store) =>
      withMethods(through, {
        async put(key, bytes, options) {
          await through.put(key, bytes, options);
          if (!owners.has(key)) owners.set(key, account);
        },
        async delete(key, options) {
          const owner = owners.get(key) ?? account;
          const result = await through.delete(key, options);
          owners.delete(key);
          if (result !== "deleted" || owner === account) return result;
          detached.set(String(++ids), { key, owner });
          return "detached";
        },
        retention: {
          kept: () => keptOf(account),
          async purge({ id }) {
            if (detached.get(id)?.owner !== account) return "kept";
            detached.delete(id);
            return "purged";
          },
        },
      }),
  };
}
