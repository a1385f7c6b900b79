import type { ObjectStore } from "@conclave/core";
import { type Alter, altering, hiding } from "./alter.ts";
import { type Call, type Fault, failing } from "./fault.ts";
import { withMethods } from "./pass.ts";
import { replaying, type Snapshot } from "./snapshot.ts";

/** What the storage does to one client. Read at every call, so a test sets and clears them as its story goes. */
export interface Hooks {
  /** Shows other bytes than are stored, see {@link altering}. */
  alter?: Alter | undefined;
  /** Hides keys, see {@link hiding}. */
  hides?: ((key: string) => boolean) | undefined;
  /** Shows an older state, see {@link replaying}. */
  past?: Snapshot | undefined;
  /** Fails or crashes calls, see {@link failing}. */
  fault?: ((call: Call) => Fault | undefined) | undefined;
}

/**
 * One client's connection to a storage that lies to it as its hooks say; each client gets its own, over one store. A client
 * that crashed is started again with a new one.
 */
export function hostileStore(store: ObjectStore, hooks: Hooks = {}): ObjectStore {
  const past = replaying(store, () => hooks.past);
  const hidden = hiding(past, (key) => hooks.hides?.(key) ?? false);
  const altered = withMethods(hidden, {
    get: (key, options) => (hooks.alter === undefined ? hidden : altering(hidden, hooks.alter)).get(key, options),
  });
  return failing(altered, (call) => hooks.fault?.(call));
}
