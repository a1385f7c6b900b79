/** What a simulated group lies on: a storage in memory that each device sees at another age, or an emulated cloud. */
import type { ObjectStore } from "@conclave/core";
import { laggingStorage, memoryStore, ownedStorage, recording } from "@conclave/stores/testing";
import { hash } from "./keys.ts";

/** A person as the storage knows them. */
export interface Account {
  readonly name: string;
  readonly number: number;
}

/** A device as the storage knows it. */
export interface Client {
  /** Whose account it works with. */
  readonly account: Account;
  readonly name: string;
  readonly number: number;
  /** How many writes it sees of those that were made; Infinity if it sees all. */
  readonly horizon: number;
}

export interface SimulatedStorage {
  /** Everything as it is now, in the eyes of whom nothing is kept from. */
  readonly whole: ObjectStore;
  /** Whether what is deleted may be so at once, as on a storage that shows everything at once. */
  readonly settled: boolean;
  /** Every object that was ever put, in that order. */
  readonly everStored: readonly { readonly key: string; readonly bytes: Uint8Array }[];
  /** The storage as a device has it; the first device makes it. Asked for again when the device starts anew. */
  client(client: Client): Promise<ObjectStore>;
  /** How many writes there were. */
  readonly now: number;
  /** A write is about to happen. */
  tick(): void;
  /** Hours pass. */
  wait(milliseconds: number): void;
  /** Lets nobody see what is new for a while, or everybody. */
  lag?(isLate: boolean): void;
  /** One member's account takes the folder from another's; what a removed member's client meets is no broken promise then. */
  withdraw?(by: Account, from: Account): Promise<void>;
  /** Everybody who ever had access has it again, and everything works: the worst case for what removed members may read. */
  calm(): Promise<void>;
  /** What the storage itself finds wrong, in words. */
  objections?(): readonly string[];
  close(): Promise<void>;
}

/** A storage in memory whose files belong to whoever put them. */
export async function memoryStorage(): Promise<SimulatedStorage> {
  const recorder = recording(memoryStore());
  const lagging = laggingStorage(recorder.store);
  const owned = ownedStorage(recorder.store);
  const known = new Map<number, ObjectStore>();
  let now = 0;
  return {
    whole: recorder.store,
    settled: true,
    get everStored() {
      return recorder.everStored;
    },
    get now() {
      return now;
    },
    async client(client) {
      // Each key comes with a delay of its own, and nothing that was seen is unseen again.
      const lag = (key: string) => now - (client.horizon + (hash(`${client.number} ${key}`) % 7));
      // A device that starts again sees what it has written itself, as before.
      const eyes = known.get(client.number) ?? lagging.client(lag);
      known.set(client.number, eyes);
      return owned.client(client.account.name, eyes);
    },
    tick() {
      now += 1;
      lagging.advance(1);
    },
    wait() {},
    async calm() {},
    async close() {},
  };
}
