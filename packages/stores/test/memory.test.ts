import { describe, expect, it } from "vitest";
import { memoryStore } from "../src/memory.ts";
import { listed } from "./contract-cases.ts";
import { describeStore } from "./store-contract.ts";

describeStore("memory store", async () => ({ store: memoryStore() }));

describe("memory store for tests", () => {
  it("is settled and without lag unless told otherwise", () => {
    expect(memoryStore().traits).toEqual({ settled: true, lagSeconds: 0 });
    expect(memoryStore({ settled: false }).traits).toEqual({ settled: false, lagSeconds: 86_400 });
    expect(memoryStore({ lagSeconds: 60 }).traits).toEqual({ settled: true, lagSeconds: 60 });
  });

  it("takes its dates from the clock that it is given", async () => {
    const store = memoryStore({ clock: { now: () => 1_234 } });
    await store.put("a", new Uint8Array(1));
    expect((await listed(store))[0]?.stored).toEqual(new Date(1_234));
  });
});
