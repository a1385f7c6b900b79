import type { ObjectStore } from "@conclave/core";
import { beforeEach, describe, expect, it } from "vitest";
import {
  altering,
  Crash,
  crashAt,
  failAt,
  failing,
  flipped,
  type Hooks,
  hiding,
  hostileStore,
  laggingStorage,
  loseAnswerAt,
  memoryStore,
  recording,
  replaying,
  restoreSnapshot,
  rewrite,
  swap,
  takeSnapshot,
} from "../src/testing.ts";
import { keysIn } from "./contract-cases.ts";
import { describeStore } from "./store-contract.ts";

describeStore("hostile store without hooks", async () => ({ store: hostileStore(memoryStore()) }));
describeStore("recorded store", async () => ({ store: recording(memoryStore()).store }));
describeStore("lagging storage seen by its only client", async () => ({
  store: laggingStorage(memoryStore()).client(5),
}));

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (shown: Uint8Array) => new TextDecoder().decode(shown);

let store: ObjectStore;
beforeEach(() => {
  store = memoryStore();
});

describe("a storage that lies about contents", () => {
  it("alters an object whole and cuts ranges from what came of it", async () => {
    await store.put("a", bytes("0123456789"));
    const seen = altering(store, (_, true_) => bytes(`>${text(true_)}<`));
    expect(text(await seen.get("a"))).toBe(">0123456789<");
    expect(text(await seen.get("a", { offset: 0, length: 2 }))).toBe(">0");
    expect(text(await seen.get("a", { offset: 11 }))).toBe("<");
    expect(text(await store.get("a"))).toBe("0123456789");
  });

  it("alters only what its hook picks, and may say that it is gone", async () => {
    await store.put("a", bytes("a"));
    await store.put("b", bytes("b"));
    const seen = altering(store, (key, shown) => (key === "a" ? undefined : shown));
    await expect(seen.get("a")).rejects.toMatchObject({ code: "not-found" });
    expect(text(await seen.get("b"))).toBe("b");
  });

  it("swaps and rewrites what is stored for everybody", async () => {
    await store.put("a", bytes("one"));
    await store.put("b", bytes("two"));
    await swap(store, "a", "b");
    await rewrite(store, "b", (shown) => flipped(shown, -1));
    expect([text(await store.get("a")), text(await store.get("b"))]).toEqual(["two", "ond"]);
  });

  it("flips one bit, from either end, and refuses a place that is not there", () => {
    expect(flipped(new Uint8Array([8, 8]), 0)).toEqual(new Uint8Array([9, 8]));
    expect(flipped(new Uint8Array([8, 8]), -1)).toEqual(new Uint8Array([8, 9]));
    expect(() => flipped(new Uint8Array(), 0)).toThrow(RangeError);
    expect(() => flipped(new Uint8Array(2), -3)).toThrow(RangeError);
  });
});

describe("a storage that hides", () => {
  it("neither lists nor reads nor deletes what it hides", async () => {
    await store.put("a/x", bytes("x"));
    await store.put("b/x", bytes("x"));
    const seen = hiding(store, (key) => key.startsWith("a/"));
    expect(await keysIn(seen)).toEqual(["b/x"]);
    await expect(seen.get("a/x")).rejects.toMatchObject({ code: "not-found" });
    expect(await seen.delete("a/x")).toBe("absent");
    expect(await keysIn(store)).toEqual(["a/x", "b/x"]);
  });
});

describe("a storage that replays", () => {
  it("shows an older state while told to, and takes writes into the true one", async () => {
    await store.put("kept/a", bytes("old"));
    const past = await takeSnapshot(store);
    await store.put("kept/a", bytes("new"));
    await store.put("later", bytes("later"));
    let shown: typeof past | undefined = past;
    const seen = replaying(store, () => shown);
    await seen.put("own", bytes("own"));
    expect(await keysIn(seen)).toEqual(["kept/a"]);
    expect(await keysIn(seen, "", true)).toEqual([]);
    expect(await keysIn(seen, "kep")).toEqual([]);
    expect(text(await seen.get("kept/a", { offset: 1 }))).toBe("ld");
    await expect(seen.get("later")).rejects.toMatchObject({ code: "not-found" });
    shown = undefined;
    expect(await keysIn(seen)).toEqual(["kept/a", "later", "own"]);
    expect(text(await seen.get("kept/a"))).toBe("new");
  });

  it("puts the whole store back to a snapshot", async () => {
    await store.put("a", bytes("old"));
    await store.put("b", bytes("b"));
    const past = await takeSnapshot(store);
    await store.put("a", bytes("new"));
    await store.delete("b");
    await store.put("c", bytes("c"));
    await restoreSnapshot(store, past);
    expect(await takeSnapshot(store)).toEqual(past);
  });
});

describe("a storage that lags", () => {
  it("shows a client its own writes at once, and others' after its lag", async () => {
    const storage = laggingStorage(store);
    const [alice, bob, carol] = [storage.client(0), storage.client(3), storage.client(Number.POSITIVE_INFINITY)];
    await alice.put("a", bytes("a"));
    expect(await keysIn(alice)).toEqual(["a"]);
    expect(await keysIn(bob)).toEqual([]);
    await expect(bob.get("a")).rejects.toMatchObject({ code: "not-found" });
    storage.advance(2);
    expect(await keysIn(bob)).toEqual([]);
    storage.advance(1);
    expect(await keysIn(bob)).toEqual(["a"]);
    expect(text(await bob.get("a"))).toBe("a");
    expect(await keysIn(carol)).toEqual([]);
  });

  it("keeps showing what another client deleted or replaced", async () => {
    await store.put("f/gone", bytes("gone"));
    await store.put("f/new", bytes("old"));
    const storage = laggingStorage(store);
    const [alice, bob] = [storage.client(0), storage.client(1)];
    await alice.delete("f/gone");
    await alice.put("f/new", bytes("newer"));
    expect(await keysIn(bob, "f", true)).toEqual(["f/gone", "f/new"]);
    expect(text(await bob.get("f/gone", { length: 2 }))).toBe("go");
    expect(text(await bob.get("f/new"))).toBe("old");
    storage.advance(1);
    expect(await keysIn(bob)).toEqual(["f/new"]);
    expect(text(await bob.get("f/new"))).toBe("newer");
  });

  it("shows a client what it wrote itself over what it could not see", async () => {
    const storage = laggingStorage(store);
    const [alice, bob] = [storage.client(0), storage.client(5)];
    await alice.put("a", bytes("alice"));
    await bob.put("a", bytes("bob"));
    expect(text(await bob.get("a"))).toBe("bob");
    await alice.put("a", bytes("alice again"));
    expect(text(await bob.get("a"))).toBe("bob");
    storage.advance(5);
    expect(text(await bob.get("a"))).toBe("alice again");
  });

  it("can have a client's lag change", async () => {
    const storage = laggingStorage(store);
    let lag = Number.POSITIVE_INFINITY;
    const bob = storage.client(() => lag);
    await storage.client(0).put("a", bytes("a"));
    expect(await keysIn(bob)).toEqual([]);
    lag = 0;
    expect(await keysIn(bob)).toEqual(["a"]);
  });
});

describe("a connection that fails", () => {
  it("fails the n-th call before it reaches the storage, and works again", async () => {
    const seen = failing(store, failAt(2, "full"));
    await seen.put("a", bytes("a"));
    await expect(seen.put("b", bytes("b"))).rejects.toMatchObject({ name: "StoreError", code: "full" });
    expect(await keysIn(store)).toEqual(["a"]);
    await seen.put("b", bytes("b"));
    expect(await keysIn(seen)).toEqual(["a", "b"]);
  });

  it("loses an answer after the write took effect", async () => {
    const seen = failing(store, loseAnswerAt(1));
    await expect(seen.put("a", bytes("a"))).rejects.toMatchObject({ code: "unavailable" });
    expect(await keysIn(store)).toEqual(["a"]);
    await seen.put("a", bytes("a"));
  });

  it("counts only the calls that match", async () => {
    const seen = failing(
      store,
      loseAnswerAt(2, ({ verb, key }) => verb === "put" && key.startsWith("x/")),
    );
    await seen.put("x/1", bytes("1"));
    await seen.put("y/1", bytes("1"));
    await keysIn(seen, "x");
    await expect(seen.put("x/2", bytes("2"))).rejects.toMatchObject({ code: "unavailable" });
  });

  it("tells its hook number, verb and key of every call", async () => {
    const calls: unknown[] = [];
    const seen = failing(store, (call) => void calls.push(call));
    await seen.put("a", bytes("a"));
    await seen.get("a");
    await keysIn(seen, "f");
    await seen.delete("a");
    expect(calls).toEqual([
      { number: 1, verb: "put", key: "a" },
      { number: 2, verb: "get", key: "a" },
      { number: 3, verb: "list", key: "f" },
      { number: 4, verb: "delete", key: "a" },
    ]);
  });

  it("asks its hook nothing more once it is dead", async () => {
    let asked = 0;
    const crash = crashAt(1, "before");
    const seen = failing(store, (call) => {
      asked += 1;
      return crash(call);
    });
    await Promise.allSettled([seen.get("a"), seen.get("a"), keysIn(seen)]);
    expect(asked).toBe(1);
  });

  it.each([
    { when: "before" as const, keys: ["a"] },
    { when: "after" as const, keys: ["a", "b"] },
  ])("is dead after a crash $when a call", async ({ when, keys }) => {
    const seen = failing(store, crashAt(2, when));
    await seen.put("a", bytes("a"));
    await expect(seen.put("b", bytes("b"))).rejects.toBeInstanceOf(Crash);
    await expect(seen.put("c", bytes("c"))).rejects.toBeInstanceOf(Crash);
    await expect(seen.get("a")).rejects.toBeInstanceOf(Crash);
    await expect(seen.delete("a")).rejects.toBeInstanceOf(Crash);
    await expect(keysIn(seen)).rejects.toBeInstanceOf(Crash);
    expect(await keysIn(store)).toEqual(keys);
  });

  it("lets no call under way hear its answer after a crash", async () => {
    await store.put("a", bytes("a"));
    const seen = failing(store, crashAt(2, "before"));
    const outcomes = await Promise.allSettled([seen.put("b", bytes("b")), seen.get("a")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await keysIn(store)).toEqual(["a", "b"]);
  });

  it.each(["before", "after"] as const)("crashes %s a listing", async (when) => {
    await store.put("a", bytes("a"));
    const seen = failing(store, crashAt(1, when));
    const listed: string[] = [];
    await expect(async () => {
      for await (const { key } of seen.list("")) listed.push(key);
    }).rejects.toBeInstanceOf(Crash);
    expect(listed).toEqual(when === "before" ? [] : ["a"]);
  });
});

describe("a storage that remembers", () => {
  it("records every call, and every byte that was ever stored", async () => {
    const { store: seen, calls, everStored } = recording(store);
    const value = bytes("one");
    await seen.put("a", value);
    value.fill(0);
    await seen.put("a", bytes("three"));
    await seen.get("a", { length: 2 });
    await keysIn(seen, "f");
    await seen.delete("a");
    await seen.get("a").catch(() => undefined);
    expect(calls).toEqual([
      { verb: "put", key: "a", bytes: 3 },
      { verb: "put", key: "a", bytes: 5 },
      { verb: "get", key: "a", bytes: 2 },
      { verb: "list", key: "f", bytes: 0 },
      { verb: "delete", key: "a", bytes: 0 },
      { verb: "get", key: "a", bytes: 0 },
    ]);
    expect(everStored.map(({ bytes: kept }) => text(kept))).toEqual(["one", "three"]);
  });
});

describe("clients of one hostile storage", () => {
  it("see each what their own hooks say, from when they are set", async () => {
    const hooks: Hooks = {};
    const [alice, bob] = [hostileStore(store, hooks), hostileStore(store)];
    await alice.put("a", bytes("one"));
    const past = await takeSnapshot(store);
    await bob.put("b", bytes("two"));
    expect(await keysIn(alice)).toEqual(["a", "b"]);
    hooks.past = past;
    expect(await keysIn(alice)).toEqual(["a"]);
    hooks.past = undefined;
    hooks.hides = (key) => key === "a";
    expect(await keysIn(alice)).toEqual(["b"]);
    hooks.alter = (_, shown) => flipped(shown, -1);
    expect(text(await alice.get("b"))).toBe("twn");
    hooks.fault = crashAt(1, "before");
    await expect(alice.get("b")).rejects.toBeInstanceOf(Crash);
    hooks.fault = undefined;
    await expect(alice.get("b")).rejects.toBeInstanceOf(Crash);
    expect(await keysIn(bob)).toEqual(["a", "b"]);
    expect(text(await bob.get("b"))).toBe("two");
  });
});
