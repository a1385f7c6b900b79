/** Who goes next: storage calls of commands that run at once are let through one by one, in an order drawn from a seed. */
import type { ObjectStore } from "@conclave/core";
import type { Draw } from "../support/seeded.ts";

interface Line {
  readonly waiting: (() => void)[];
  isDone: boolean;
  /** Told when a call waits, or the work is done. */
  wake: () => void;
}

export class Turns {
  #lines: Map<string, Line> | undefined;

  /** A way to the storage that waits for its turn before each call, as long as several commands run. */
  gate(store: ObjectStore, who: string): ObjectStore {
    return {
      traits: store.traits,
      ...(store.retention && { retention: store.retention }),
      put: async (key, bytes, options) => {
        await this.#turn(who);
        return store.put(key, bytes, options);
      },
      get: async (key, options) => {
        await this.#turn(who);
        return store.get(key, options);
      },
      delete: async (key, options) => {
        await this.#turn(who);
        return store.delete(key, options);
      },
      list: (folder, options) => this.#listing(store.list(folder, options), who),
    };
  }

  async *#listing<Item>(listing: AsyncIterable<Item>, who: string): AsyncGenerator<Item> {
    await this.#turn(who);
    // As one page: what comes and goes while a listing is read is another matter, tried with the stores.
    const page: Item[] = [];
    for await (const item of listing) page.push(item);
    yield* page;
  }

  #turn(who: string): Promise<void> {
    const line = this.#lines?.get(who);
    if (!line) return Promise.resolve();
    return new Promise((resolve) => {
      line.waiting.push(resolve);
      line.wake();
    });
  }

  /** Runs pieces of work at once; each rejects or resolves for itself. */
  async together(works: ReadonlyMap<string, () => Promise<void>>, draw: Draw): Promise<void> {
    const lines = new Map<string, Line>();
    for (const who of works.keys()) lines.set(who, { waiting: [], isDone: false, wake: () => {} });
    this.#lines = lines;
    const results = [...works].map(async ([who, work]) => {
      try {
        await work();
      } finally {
        const line = lines.get(who);
        if (line) line.isDone = true;
        line?.wake();
      }
    });
    const all = Promise.allSettled(results);
    for (;;) {
      const running = [...lines.values()].filter(({ isDone }) => !isDone);
      if (running.length === 0) break;
      await next(running[draw(running.length)]);
    }
    this.#lines = undefined;
    // Calls that nobody waits for any more: those of a process that died.
    for (const { waiting } of lines.values()) for (const release of waiting) release();
    for (const result of await all) if (result.status === "rejected") throw result.reason;
  }
}

/** Lets one call of this line through, once there is one, or hears that there will be none. */
async function next(line: Line | undefined): Promise<void> {
  if (!line) return;
  if (line.waiting.length === 0 && !line.isDone) {
    await new Promise<void>((resolve) => {
      line.wake = resolve;
    });
  }
  line.wake = () => {};
  line.waiting.shift()?.();
}
