import type { CallOptions, GetOptions, ListOptions, ObjectStore, StoredObject } from "@conclave/core";
import { isListed } from "../contract.ts";
import { cut, noObject } from "./alter.ts";
import { withMethods } from "./pass.ts";

/** One storage that its clients see at different ages. */
export interface LaggingStorage {
  /**
   * A client who sees its own writes at once, and those of all others `lagTicks` later.
   *
   * @param lagTicks - A number, or a function that is asked for each key at every call; `Infinity` never shows anything more.
   */
  client(lagTicks: number | ((key: string) => number)): ObjectStore;
  /** Lets logical time pass. Nothing else does. */
  advance(ticks: number): void;
}

/** A write: when, by whom, and what the key held before it. */
interface Write {
  readonly tick: number;
  readonly author: symbol;
  readonly before: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Delays what is put and deleted through its clients, as sync folders and eventually consistent storages do. What the
 * store held before, or is written past the clients, shows at once.
 */
export function laggingStorage(store: ObjectStore): LaggingStorage {
  const history: History = { writes: new Map(), now: 0 };
  return {
    advance(ticks) {
      history.now += ticks;
    },
    client(lagTicks) {
      const author = Symbol("client");
      const lag = typeof lagTicks === "function" ? lagTicks : () => lagTicks;
      return laggingClient(store, {
        history,
        author,
        unseen: (key) => firstUnseen(history, { key, author, lag: lag(key) }),
      });
    },
  };
}

interface History {
  readonly writes: Map<string, Write[]>;
  now: number;
}

interface Eyes {
  readonly history: History;
  readonly author: symbol;
  /** The first write that the client must not see yet; what was there before it is what it sees. */
  readonly unseen: (key: string) => Write | undefined;
}

function laggingClient(store: ObjectStore, { history, author, unseen }: Eyes): ObjectStore {
  async function noting<Result>(key: string, write: () => Promise<Result>): Promise<Result> {
    const before = await store.get(key).catch(() => undefined);
    const result = await write();
    history.writes.set(key, [...(history.writes.get(key) ?? []), { tick: history.now, author, before }]);
    return result;
  }

  return withMethods(store, {
    put: (key, bytes, options?: CallOptions) => noting(key, () => store.put(key, bytes, options)),
    delete: (key, options?: CallOptions) => noting(key, () => store.delete(key, options)),

    async get(key: string, options: GetOptions = {}) {
      const write = unseen(key);
      if (write === undefined) return store.get(key, options);
      if (write.before === undefined) throw noObject(key);
      return cut(key, write.before, options);
    },

    async *list(folder: string, options: ListOptions = {}): AsyncGenerator<StoredObject> {
      for await (const object of store.list(folder, options)) if (unseen(object.key) === undefined) yield object;
      for (const key of history.writes.keys()) {
        const before = isListed(key, folder, options) ? unseen(key)?.before : undefined;
        if (before !== undefined) yield { key, size: before.length, stored: new Date(0) };
      }
    },
  });
}

function firstUnseen(
  { writes, now }: History,
  { key, author, lag }: { readonly key: string; readonly author: symbol; readonly lag: number },
): Write | undefined {
  const ofKey = writes.get(key) ?? [];
  return ofKey[ofKey.findLastIndex((write) => write.author === author || write.tick + lag <= now) + 1];
}
