/** What every store does, whatever it stands on: called once for each. */
import { type ObjectStore, STORED_BYTES_MAX, type StoredObject, StoreError } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** A fresh, empty store, and how to clear it away. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  readonly close?: () => Promise<void>;
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

const REFUSED_KEYS = [
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
];

export function describeStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let underTest: StoreUnderTest;
    let store: ObjectStore;

    beforeEach(async () => {
      underTest = await make();
      store = underTest.store;
    });
    afterEach(() => underTest.close?.());

    describe("put and get", () => {
      it("gives back what was put", async () => {
        await store.put("epochs/one.age", bytes("hello"));
        expect(await store.get("epochs/one.age")).toEqual(bytes("hello"));
      });

      it("gives memory of its own", async () => {
        const put = bytes("hello");
        await store.put("a", put);
        put.fill(0);
        const first = await store.get("a");
        expect(first).toEqual(bytes("hello"));
        expect(first.buffer.byteLength).toBe(5);
        first.fill(0);
        expect(await store.get("a")).toEqual(bytes("hello"));
      });

      it("stores only the bytes that a view shows", async () => {
        await store.put("a", bytes("[hello]").subarray(1, 6));
        expect(await store.get("a")).toEqual(bytes("hello"));
      });

      it("holds an empty object", async () => {
        await store.put("empty", new Uint8Array());
        expect(await store.get("empty")).toEqual(new Uint8Array());
        expect(await listed(store)).toMatchObject([{ key: "empty", size: 0 }]);
      });

      it("takes the same bytes again", async () => {
        await store.put("a", bytes("hello"));
        await store.put("a", bytes("hello"));
        expect(await store.get("a")).toEqual(bytes("hello"));
        expect(await keysIn(store)).toEqual(["a"]);
      });

      it("shows one whole value after puts at the same time", async () => {
        const values = Array.from({ length: 8 }, (_, index) => patterned(300_000, index));
        await Promise.all(values.map((value) => store.put("folder/a", value)));
        const got = await store.get("folder/a");
        expect(values.some((value) => Buffer.from(got).equals(value))).toBe(true);
        expect(await keysIn(store)).toEqual(["folder/a"]);
      });

      it("never shows a part of an object to a reader beside the writer", async () => {
        const value = patterned(2_000_000);
        const writing = store.put("a", value);
        const seen = await Promise.all(
          Array.from({ length: 20 }, () => store.get("a").then((got) => got.length, codeOf)),
        );
        await writing;
        expect(seen.filter((length) => length !== value.length && length !== "not-found")).toEqual([]);
      });

      it("says that an object is not there", async () => {
        await expect(store.get("a/b")).rejects.toMatchObject({ name: "StoreError", code: "not-found" });
      });

      it("says that a folder is no object", async () => {
        await store.put("a/b", bytes("hello"));
        await expect(store.get("a")).rejects.toMatchObject({ code: "not-found" });
      });
    });

    describe("ranges", () => {
      it.each([
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
      ])("gives $gives for offset $offset, length $length", async ({ gives, ...range }) => {
        await store.put("a", bytes("0123456789"));
        const got = await store.get("a", range);
        expect(got).toEqual(bytes(gives));
        expect(got.buffer.byteLength).toBe(gives.length);
      });

      it.each([{ offset: -1 }, { length: -1 }, { offset: 1.5 }, { length: Number.NaN }, { offset: 2 ** 60 }])(
        "refuses the range %j as a defect of the caller",
        async (range) => {
          await store.put("a", bytes("0123456789"));
          await expect(store.get("a", range)).rejects.toBeInstanceOf(RangeError);
        },
      );
    });

    describe("the largest object", () => {
      it("holds 34 MiB, and gives a range out of its middle", async () => {
        const value = patterned(STORED_BYTES_MAX);
        await store.put("big", value);
        expect(Buffer.from(await store.get("big")).equals(value)).toBe(true);
        const offset = 20_000_001;
        expect(await store.get("big", { offset, length: 7 })).toEqual(value.slice(offset, offset + 7));
      });

      it("refuses one byte more, and keeps nothing of it", async () => {
        const tooLarge = store.put("big", new Uint8Array(STORED_BYTES_MAX + 1));
        await expect(tooLarge).rejects.toMatchObject({ name: "StoreError", code: "too-large" });
        expect(await keysIn(store)).toEqual([]);
      });
    });

    describe("keys", () => {
      it.each(REFUSED_KEYS)("refuses the key %j in every call", async (key) => {
        const refusal = { name: "StoreError", code: "invalid-key" };
        await expect(store.put(key, bytes("x"))).rejects.toMatchObject(refusal);
        await expect(store.get(key)).rejects.toMatchObject(refusal);
        await expect(store.delete(key)).rejects.toMatchObject(refusal);
        if (key !== "") await expect(keysIn(store, key)).rejects.toMatchObject(refusal);
        expect(await keysIn(store)).toEqual([]);
      });

      it.each([".a", "...", "a..b", "_", "-", "a/.b/c", "0".repeat(64), `${"d".repeat(200)}/${"k".repeat(200)}`])(
        "takes the key %j",
        async (key) => {
          await store.put(key, bytes("x"));
          expect(await keysIn(store)).toEqual([key]);
        },
      );
    });

    describe("list", () => {
      beforeEach(async () => {
        for (const key of ["top", "ab/x", "ab/c/y", "ab/c/d/z", "abc/x", "b/x"]) await store.put(key, bytes(key));
      });

      it("shows everything for the empty folder", async () => {
        expect(await keysIn(store)).toEqual(["ab/c/d/z", "ab/c/y", "ab/x", "abc/x", "b/x", "top"]);
      });

      it("shows all below a folder, and nothing of a folder whose name begins alike", async () => {
        expect(await keysIn(store, "ab")).toEqual(["ab/c/d/z", "ab/c/y", "ab/x"]);
        expect(await keysIn(store, "ab/c")).toEqual(["ab/c/d/z", "ab/c/y"]);
      });

      it("shows only what lies directly in a folder when it is shallow", async () => {
        expect(await keysIn(store, "ab", true)).toEqual(["ab/x"]);
        expect(await keysIn(store, "", true)).toEqual(["top"]);
      });

      it.each(["missing", "a", "ab/x", "ab/missing", "top"])(
        "shows nothing for %j, which is no folder",
        async (folder) => {
          expect(await keysIn(store, folder)).toEqual([]);
        },
      );

      it("tells size and a date", async () => {
        const [first] = await listed(store, "abc");
        expect(first).toMatchObject({ key: "abc/x", size: 5 });
        expect(Number.isFinite(first?.stored.getTime())).toBe(true);
      });

      it("can be left early, and lets what it lists be deleted meanwhile", async () => {
        for await (const { key } of store.list("")) {
          await store.delete(key);
          break;
        }
        expect(await keysIn(store)).toHaveLength(5);
        for await (const { key } of store.list("")) await store.delete(key);
        expect(await keysIn(store)).toEqual([]);
      });

      it("shows each of a thousand objects once", async () => {
        const keys = Array.from({ length: 1_000 }, (_, index) => `many/${String(index).padStart(4, "0")}`);
        await Promise.all(keys.map((key) => store.put(key, bytes("x"))));
        expect(await keysIn(store, "many")).toEqual(keys);
      });
    });

    describe("delete", () => {
      it("deletes once, and then says that nothing was there", async () => {
        await store.put("a/b", bytes("hello"));
        expect(await store.delete("a/b")).toBe("deleted");
        expect(await store.delete("a/b")).toBe("absent");
        await expect(store.get("a/b")).rejects.toMatchObject({ code: "not-found" });
        expect(await keysIn(store)).toEqual([]);
      });

      it("leaves what lies beside and below", async () => {
        await store.put("a/b", bytes("hello"));
        await store.put("a/c", bytes("hello"));
        expect(await store.delete("a")).toBe("absent");
        expect(await store.delete("a/b")).toBe("deleted");
        expect(await keysIn(store)).toEqual(["a/c"]);
      });

      it("lets the key be put again", async () => {
        await store.put("a", bytes("one"));
        await store.delete("a");
        await store.put("a", bytes("two"));
        expect(await store.get("a")).toEqual(bytes("two"));
      });
    });

    describe("cancelling", () => {
      it("does nothing once the signal is aborted, and rejects with its reason", async () => {
        await store.put("kept", bytes("hello"));
        const reason = new Error("enough");
        const signal = AbortSignal.abort(reason);
        await expect(store.put("new", bytes("x"), { signal })).rejects.toBe(reason);
        await expect(store.get("kept", { signal })).rejects.toBe(reason);
        await expect(store.delete("kept", { signal })).rejects.toBe(reason);
        await expect(async () => {
          for await (const _ of store.list("", { signal }));
        }).rejects.toBe(reason);
        expect(await keysIn(store)).toEqual(["kept"]);
      });

      it("leaves all or nothing of a put that is cancelled while it runs", async () => {
        const cancel = new AbortController();
        const value = patterned(4_000_000);
        const putting = store.put("a", value, { signal: cancel.signal }).then(
          () => "put",
          () => "cancelled",
        );
        await Promise.resolve();
        cancel.abort();
        const outcome = await putting;
        expect((await listed(store)).map(({ size }) => size)).toEqual(outcome === "put" ? [value.length] : []);
      });
    });

    it("says what to expect of its storage", () => {
      expect(typeof store.traits.settled).toBe("boolean");
      expect(store.traits.lagSeconds).toBeGreaterThanOrEqual(0);
    });
  });
}

function codeOf(error: unknown): string {
  return error instanceof StoreError ? error.code : String(error);
}
