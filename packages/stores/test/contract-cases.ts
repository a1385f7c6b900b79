/** What every store does, whatever it stands on, as cases that a test runner can run, and a script too. */
import assert from "node:assert/strict";
import { type ObjectStore, STORED_BYTES_MAX, type StoredObject, StoreError } from "@conclave/core";

/** One claim about a store; each is tried on a fresh, empty one. */
export interface ContractCase {
  readonly about: string;
  readonly claim: string;
  /** Takes a cloud minutes. */
  readonly isLong?: boolean;
  /** Throws if the claim does not hold. */
  run(store: ObjectStore): Promise<void>;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** Bytes that differ everywhere, so that a wrong offset shows. */
export function patterned(sizeBytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(sizeBytes);
  for (let index = 0, state = seed; index < sizeBytes; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    made[index] = state >>> 24;
  }
  return made;
}

export async function listed(store: ObjectStore, folder = "", shallow?: boolean): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const object of store.list(folder, shallow === undefined ? {} : { shallow })) found.push(object);
  return found.sort((left, right) => (left.key < right.key ? -1 : 1));
}

export async function keysIn(store: ObjectStore, folder = "", shallow?: boolean): Promise<string[]> {
  return (await listed(store, folder, shallow)).map(({ key }) => key);
}

/** What is compared without being shown: megabytes in an error help nobody. */
function assertSame(got: Uint8Array, expected: Uint8Array): void {
  assert.equal(got.length, expected.length);
  const at = got.findIndex((byte, index) => byte !== expected[index]);
  assert.equal(at, -1, `byte ${at} of ${got.length} is another`);
}

async function assertRefused(work: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof StoreError, `a StoreError is due, not ${String(error)}`);
    assert.equal(error.code, code);
    return true;
  });
}

const PUT_AND_GET: readonly ContractCase[] = cases("put and get", {
  "gives back what was put": async (store) => {
    await store.put("epochs/one.age", bytes("hello"));
    assertSame(await store.get("epochs/one.age"), bytes("hello"));
  },

  "gives memory of its own": async (store) => {
    const put = bytes("hello");
    await store.put("a", put);
    put.fill(0);
    const first = await store.get("a");
    assertSame(first, bytes("hello"));
    assert.equal(first.buffer.byteLength, 5);
    first.fill(0);
    assertSame(await store.get("a"), bytes("hello"));
  },

  "stores only the bytes that a view shows": async (store) => {
    await store.put("a", bytes("[hello]").subarray(1, 6));
    assertSame(await store.get("a"), bytes("hello"));
  },

  "holds an empty object": async (store) => {
    await store.put("empty", new Uint8Array());
    assertSame(await store.get("empty"), new Uint8Array());
    assert.deepEqual(
      (await listed(store)).map(({ key, size }) => ({ key, size })),
      [{ key: "empty", size: 0 }],
    );
  },

  "takes the same bytes again": async (store) => {
    await store.put("a", bytes("hello"));
    await store.put("a", bytes("hello"));
    assertSame(await store.get("a"), bytes("hello"));
    assert.deepEqual(await keysIn(store), ["a"]);
  },

  "shows one whole value after puts at the same time": async (store) => {
    const values = Array.from({ length: 8 }, (_, index) => patterned(300_000, index));
    await Promise.all(values.map((value) => store.put("folder/a", value)));
    const got = await store.get("folder/a");
    assert.ok(values.some((value) => value.every((byte, index) => byte === got[index])));
    assert.deepEqual(await keysIn(store), ["folder/a"]);
  },

  "never shows a part of an object to a reader beside the writer": async (store) => {
    const value = patterned(2_000_000);
    const writing = store.put("a", value);
    const seen = await Promise.all(Array.from({ length: 20 }, () => store.get("a").then((got) => got.length, codeOf)));
    await writing;
    assert.deepEqual(
      seen.filter((length) => length !== value.length && length !== "not-found"),
      [],
    );
  },

  "says that an object is not there": (store) => assertRefused(store.get("a/b"), "not-found"),

  "says that a folder is no object": async (store) => {
    await store.put("a/b", bytes("hello"));
    await assertRefused(store.get("a"), "not-found");
  },
});

const RANGES: readonly ContractCase[] = [
  { offset: 0, length: 4, gives: "0123" },
  { offset: 3, length: 4, gives: "3456" },
  { offset: 3, gives: "3456789" },
  { length: 2, gives: "01" },
  { offset: 8, length: 100, gives: "89" },
  { offset: 9, length: 1, gives: "9" },
  { offset: 10, gives: "" },
  { offset: 10, length: 1, gives: "" },
  { offset: 11, length: 5, gives: "" },
  { offset: 2 ** 40, length: 5, gives: "" },
  { offset: 4, length: 0, gives: "" },
  { offset: 0, length: 0, gives: "" },
  { length: Number.MAX_SAFE_INTEGER, gives: "0123456789" },
].map(({ gives, ...range }) => ({
  about: "ranges",
  claim: `gives ${JSON.stringify(gives)} for ${JSON.stringify(range)}`,
  run: async (store) => {
    await store.put("a", bytes("0123456789"));
    const got = await store.get("a", range);
    assertSame(got, bytes(gives));
    assert.equal(got.buffer.byteLength, gives.length);
  },
}));

const BAD_RANGES: readonly ContractCase[] = [
  { offset: -1 },
  { length: -1 },
  { offset: 1.5 },
  { length: Number.NaN },
  { offset: 2 ** 60 },
].map((range) => ({
  about: "ranges",
  claim: `refuses ${String(Object.entries(range))} as a defect of the caller`,
  run: async (store) => {
    await store.put("a", bytes("0123456789"));
    await assert.rejects(store.get("a", range), RangeError);
  },
}));

const LARGEST: readonly ContractCase[] = [
  {
    about: "the largest object",
    claim: "holds 34 MiB, and gives a range out of its middle",
    isLong: true,
    run: async (store) => {
      const value = patterned(STORED_BYTES_MAX);
      await store.put("big", value);
      assertSame(await store.get("big"), value);
      const offset = 20_000_001;
      assertSame(await store.get("big", { offset, length: 7 }), value.slice(offset, offset + 7));
    },
  },
  {
    about: "the largest object",
    claim: "refuses one byte more, and keeps nothing of it",
    run: async (store) => {
      await assertRefused(store.put("big", new Uint8Array(STORED_BYTES_MAX + 1)), "too-large");
      assert.deepEqual(await keysIn(store), []);
    },
  },
];

const REFUSED_KEYS: readonly ContractCase[] = [
  "",
  "../x",
  "x/../y",
  "x/..",
  ".",
  "./x",
  "A",
  "a/B",
  "/x",
  "x/",
  "a//b",
  "a b",
  "a\\b",
  "a\0b",
  "a\n",
  "c:x",
  "a~1",
  "ä",
  "a (conflicted copy)",
  "k".repeat(600),
].map((key) => ({
  about: "keys",
  claim: `refuses the key ${JSON.stringify(key)} in every call`,
  run: async (store) => {
    await assertRefused(store.put(key, bytes("x")), "invalid-key");
    await assertRefused(store.get(key), "invalid-key");
    await assertRefused(store.delete(key), "invalid-key");
    if (key !== "") await assertRefused(keysIn(store, key), "invalid-key");
    assert.deepEqual(await keysIn(store), []);
  },
}));

const TAKEN_KEYS: readonly ContractCase[] = [
  ".a",
  "...",
  "a..b",
  "_",
  "-",
  "a/.b/c",
  "0".repeat(64),
  `${"d".repeat(200)}/${"k".repeat(200)}`,
].map((key) => ({
  about: "keys",
  claim: `takes the key ${JSON.stringify(key)}`,
  run: async (store) => {
    await store.put(key, bytes("x"));
    assert.deepEqual(await keysIn(store), [key]);
  },
}));

async function withSix(store: ObjectStore): Promise<void> {
  for (const key of ["top", "ab/x", "ab/c/y", "ab/c/d/z", "abc/x", "b/x"]) await store.put(key, bytes(key));
}

const LIST: readonly ContractCase[] = cases("list", {
  "shows everything for the empty folder": async (store) => {
    await withSix(store);
    assert.deepEqual(await keysIn(store), ["ab/c/d/z", "ab/c/y", "ab/x", "abc/x", "b/x", "top"]);
  },

  "shows all below a folder, and nothing of a folder whose name begins alike": async (store) => {
    await withSix(store);
    assert.deepEqual(await keysIn(store, "ab"), ["ab/c/d/z", "ab/c/y", "ab/x"]);
    assert.deepEqual(await keysIn(store, "ab/c"), ["ab/c/d/z", "ab/c/y"]);
  },

  "shows only what lies directly in a folder when it is shallow": async (store) => {
    await withSix(store);
    assert.deepEqual(await keysIn(store, "ab", true), ["ab/x"]);
    assert.deepEqual(await keysIn(store, "", true), ["top"]);
  },

  "shows nothing for what is no folder": async (store) => {
    await withSix(store);
    for (const folder of ["missing", "a", "ab/x", "ab/missing", "top"]) {
      assert.deepEqual(await keysIn(store, folder), [], folder);
    }
  },

  "tells size and a date": async (store) => {
    await withSix(store);
    const [first] = await listed(store, "abc");
    assert.equal(first?.key, "abc/x");
    assert.equal(first.size, 5);
    assert.ok(Number.isFinite(first.stored.getTime()));
  },

  "can be left early, and lets what it lists be deleted meanwhile": async (store) => {
    await withSix(store);
    for await (const { key } of store.list("")) {
      await store.delete(key);
      break;
    }
    assert.equal((await keysIn(store)).length, 5);
    for await (const { key } of store.list("")) await store.delete(key);
    assert.deepEqual(await keysIn(store), []);
  },
});

const MANY: ContractCase = {
  about: "list",
  claim: "shows each of a thousand objects once",
  isLong: true,
  run: async (store) => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `many/${String(index).padStart(4, "0")}`);
    await Promise.all(keys.map((key) => store.put(key, bytes("x"))));
    assert.deepEqual(await keysIn(store, "many"), keys);
  },
};

const DELETE: readonly ContractCase[] = cases("delete", {
  "deletes once, and then says that nothing was there": async (store) => {
    await store.put("a/b", bytes("hello"));
    assert.equal(await store.delete("a/b"), "deleted");
    assert.equal(await store.delete("a/b"), "absent");
    await assertRefused(store.get("a/b"), "not-found");
    assert.deepEqual(await keysIn(store), []);
  },

  "leaves what lies beside and below": async (store) => {
    await store.put("a/b", bytes("hello"));
    await store.put("a/c", bytes("hello"));
    assert.equal(await store.delete("a"), "absent");
    assert.equal(await store.delete("a/b"), "deleted");
    assert.deepEqual(await keysIn(store), ["a/c"]);
  },

  "lets the key be put again": async (store) => {
    await store.put("a", bytes("one"));
    await store.delete("a");
    await store.put("a", bytes("two"));
    assertSame(await store.get("a"), bytes("two"));
  },
});

const CANCELLING: readonly ContractCase[] = cases("cancelling", {
  "does nothing once the signal is aborted, and rejects with its reason": async (store) => {
    await store.put("kept", bytes("hello"));
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    const isReason = (error: unknown) => error === reason;
    await assert.rejects(store.put("new", bytes("x"), { signal }), isReason);
    await assert.rejects(store.get("kept", { signal }), isReason);
    await assert.rejects(store.delete("kept", { signal }), isReason);
    await assert.rejects(async () => {
      for await (const _ of store.list("", { signal }));
    }, isReason);
    assert.deepEqual(await keysIn(store), ["kept"]);
  },

  "leaves all or nothing of a put that is cancelled while it runs": async (store) => {
    const cancel = new AbortController();
    const value = patterned(4_000_000);
    const putting = store.put("a", value, { signal: cancel.signal }).then(
      () => "put",
      () => "cancelled",
    );
    await Promise.resolve();
    cancel.abort();
    const outcome = await putting;
    assert.deepEqual(
      (await listed(store)).map(({ size }) => size),
      outcome === "put" ? [value.length] : [],
    );
  },
});

const TRAITS: readonly ContractCase[] = cases("traits", {
  "say what to expect of the storage": async (store) => {
    assert.equal(typeof store.traits.settled, "boolean");
    assert.ok(store.traits.lagSeconds >= 0);
  },
});

/** All that every store does. */
export const STORE_CONTRACT: readonly ContractCase[] = [
  ...PUT_AND_GET,
  ...RANGES,
  ...BAD_RANGES,
  ...LARGEST,
  ...REFUSED_KEYS,
  ...TAKEN_KEYS,
  ...LIST,
  MANY,
  ...DELETE,
  ...CANCELLING,
  ...TRAITS,
];

function cases(about: string, claims: Readonly<Record<string, ContractCase["run"]>>): readonly ContractCase[] {
  return Object.entries(claims).map(([claim, run]) => ({ about, claim, run }));
}

function codeOf(error: unknown): string {
  return error instanceof StoreError ? error.code : String(error);
}
