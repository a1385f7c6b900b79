import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { newEpochIdentity } from "../../src/age/epoch-identity.ts";
import { sealFile } from "../../src/age/file.ts";
import { layoutOf } from "../../src/contents/archive.ts";
import type { StoredBlob } from "../../src/contents/packer.ts";
import { type BlobLocation, UNTRUSTED_LOCATIONS_MAX } from "../../src/contents/reader.ts";
import { concatBytes, equalBytes } from "../../src/encoding/bytes.ts";
import { toHex } from "../../src/encoding/hex.ts";
import { StoreError } from "../../src/ports/store.ts";
import { PIECE_BYTES } from "../../src/records/change.ts";
import {
  archiveOf,
  crypto,
  drain,
  keyOf,
  locationOf,
  MEBIBYTE,
  newWorld,
  noise,
  packed,
  packedOne,
  piecesOf,
  source,
  sourceOf,
  type World,
} from "./contents-support.ts";
import { FAR_SPOILINGS, NEAR_SPOILINGS } from "./spoilings.ts";

const SEALED_CHUNK = 65_552;
const PAYLOAD_OFFSET = 184;

/** An object of 13 MiB, whose small pieces are far from each other. */
const sizes = [100, 3 * MEBIBYTE, 200, 3 * MEBIBYTE, 300, 400_000, 400, 3 * MEBIBYTE, 3 * MEBIBYTE, 500];
const contents = sizes.map((size, index) => noise(size, index));
const another = sizes.map((size, index) => noise(size, 100 + index));
let packedSizes: StoredBlob;
let packedAnother: StoredBlob;
let template: World;

beforeAll(async () => {
  template = await newWorld();
  packedSizes = await packedOne(template, contents);
  packedAnother = await packedOne(template, another);
});

/** A fresh storage with the same objects on it. */
function world(): World & { readonly blob: StoredBlob; readonly other: StoredBlob } {
  for (const [key, bytes] of objects) template.store.objects.set(key, bytes.slice());
  template.store.gets.length = 0;
  return { ...template, blob: packedSizes, other: packedAnother };
}
let objects: [string, Uint8Array<ArrayBuffer>][] = [];
beforeAll(() => {
  objects = [...template.store.objects].map(([key, bytes]) => [key, bytes.slice()]);
});

describe("ContentReader", () => {
  it("releases exactly the pieces that were asked for, in order, whatever is asked", async () => {
    const { reader, blob } = world();
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...sizes.keys()]), async (wanted) => {
        const { released, problem } = await drain(reader().read(sourceOf(blob), wanted));
        expect(problem).toBeUndefined();
        expect(released.map(({ index }) => index)).toEqual(wanted.toSorted((left, right) => left - right));
        for (const { index, bytes } of released) expect(equalBytes(bytes, contents[index] as Uint8Array)).toBe(true);
        expect(template.budget.held).toBe(0);
      }),
      { numRuns: 12 },
    );
  });

  it("releases a piece once that is asked for twice", async () => {
    const { reader, blob } = world();
    expect((await drain(reader().read(sourceOf(blob), [2, 0, 2]))).released.map(({ index }) => index)).toEqual([0, 2]);
  });

  it.each([-1, 10, 1.5, Number.NaN])("refuses to read piece %d, which the blob does not have", async (index) => {
    const { reader, blob, store } = world();
    const { released, problem } = await drain(reader().read(sourceOf(blob), [0, index]));
    expect([released, problem, store.gets]).toEqual([[], expect.objectContaining({ code: "corrupt" }), []]);
  });
});

describe("what is fetched", () => {
  it("is header and one chunk in one request for a small piece at the start", async () => {
    const { reader, blob, store } = world();
    await drain(reader().read(sourceOf(blob), [0]));
    expect(store.gets).toEqual([{ key: keyOf(blob), offset: 0, bytes: PAYLOAD_OFFSET + SEALED_CHUNK }]);
  });

  it("is header and range in two requests for a piece far behind", async () => {
    const { reader, blob, store } = world();
    await drain(reader().read(sourceOf(blob), [4]));
    expect(store.gets.map(({ bytes }) => bytes).sort((left, right) => left - right)).toEqual([
      PAYLOAD_OFFSET,
      SEALED_CHUNK,
    ]);
  });

  it("is no header where it was opened before", async () => {
    const { reader, blob, store } = world();
    const one = reader();
    await drain(one.read(sourceOf(blob), [0]));
    store.gets.length = 0;
    await drain(one.read(sourceOf(blob), [0]));
    await drain(one.read(sourceOf(blob), [4]));
    expect(store.gets.map(({ offset, bytes }) => [offset, bytes])).toEqual([
      [PAYLOAD_OFFSET, SEALED_CHUNK],
      [expect.any(Number), SEALED_CHUNK],
    ]);
  });

  it("is one range for pieces less than a mebibyte apart, and the header once for several ranges", async () => {
    const { reader, blob, store } = world();
    await drain(reader().read(sourceOf(blob), [0, 2, 4, 6, 9]));
    expect(store.gets.filter(({ bytes }) => bytes === PAYLOAD_OFFSET)).toHaveLength(0);
    expect(store.gets.filter(({ offset }) => offset === 0)).toHaveLength(1);
    expect(store.gets).toHaveLength(4);
    expect(store.gets.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(MEBIBYTE);
  });

  it("is the header by itself once where no range is near it", async () => {
    const { reader, blob, store } = world();
    await drain(reader().read(sourceOf(blob), [2, 4, 9]));
    expect(store.gets.filter(({ bytes }) => bytes === PAYLOAD_OFFSET)).toHaveLength(1);
    expect(store.gets).toHaveLength(4);
  });

  it("is the whole object where a quarter of it is wanted", async () => {
    const { reader, blob, store } = world();
    await drain(reader().read(sourceOf(blob), [1, 4, 5]));
    expect(store.gets).toEqual([{ key: keyOf(blob), offset: 0, bytes: blob.length }]);
  });

  it("is each object once for 10,000 small files out of 4 objects", async () => {
    const { packer, reader, store, stored } = await newWorld();
    const packing = packer();
    for (let index = 0; index < 10_000; index++) {
      await packing.add(source(noise(1 + (index % 600), index)));
      if (index % 2500 === 2499) await packing.flush();
    }
    expect(stored).toHaveLength(4);
    const one = reader();
    const counts = await Promise.all(
      stored.map(async (blob) => (await drain(one.read(sourceOf(blob), blob.pieces.keys()))).released.length),
    );
    expect(counts).toEqual([2500, 2500, 2500, 2500]);
    expect(store.gets.map(({ key }) => key).sort()).toEqual([...store.objects.keys()].sort());
  });

  it("is nothing where nothing is wanted", async () => {
    const { reader, blob, store } = world();
    expect(await drain(reader().read(sourceOf(blob), []))).toEqual({ released: [], problem: undefined });
    expect(store.gets).toEqual([]);
  });
});

describe("a spoilt object", () => {
  const ALL = [...sizes.keys()];

  it.each([...NEAR_SPOILINGS, ...FAR_SPOILINGS])("with %s releases nothing of a whole read", async (_, spoil) => {
    const { reader, blob, other, store, budget } = world();
    store.objects.set(keyOf(blob), spoil(store.bytesOf(keyOf(blob)), store.bytesOf(keyOf(other))));
    const { released, problem } = await drain(reader().read(sourceOf(blob), ALL));
    expect(problem).toMatchObject({ code: "corrupt", message: expect.stringContaining(blob.blob) });
    expect([released, budget.held]).toEqual([[], 0]);
  });

  it.each(NEAR_SPOILINGS)("with %s releases nothing of a read of its first piece", async (_, spoil) => {
    const { reader, blob, other, store, budget } = world();
    store.objects.set(keyOf(blob), spoil(store.bytesOf(keyOf(blob)), store.bytesOf(keyOf(other))));
    const { released, problem } = await drain(reader().read(sourceOf(blob), [0]));
    expect(problem).toMatchObject({ code: "corrupt" });
    expect([released, budget.held]).toEqual([[], 0]);
  });

  it.each([...NEAR_SPOILINGS, ...FAR_SPOILINGS])("with %s releases no wrong byte of any range", async (_, spoil) => {
    const { reader, blob, other, store } = world();
    store.objects.set(keyOf(blob), spoil(store.bytesOf(keyOf(blob)), store.bytesOf(keyOf(other))));
    for (const index of [0, 2, 4, 9]) {
      const { released, problem } = await drain(reader().read(sourceOf(blob), [index]));
      if (problem === undefined) expect(released).toEqual([{ index, bytes: contents[index] }]);
      else expect([released, problem]).toEqual([[], expect.objectContaining({ code: "corrupt" })]);
    }
  });

  it("is refused where a range reaches its end and it goes on", async () => {
    const small = await newWorld();
    const unpadded = [MEBIBYTE, MEBIBYTE, 128_000].map(noise);
    expect(layoutOf(unpadded.map((bytes) => bytes.length)).paddingBytes).toBeLessThan(SEALED_CHUNK / 2);
    const blob = await packedOne(small, unpadded);
    small.store.objects.set(keyOf(blob), concatBytes(small.store.bytesOf(keyOf(blob)), new Uint8Array(1)));
    const { released, problem } = await drain(small.reader().read(sourceOf(blob), [2]));
    expect(small.store.gets.every(({ bytes }) => bytes < blob.length / 2)).toBe(true);
    expect([released, problem]).toEqual([[], expect.objectContaining({ code: "corrupt" })]);
  });

  it.each([
    ["fewer", (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(1)],
    ["more", (bytes: Uint8Array<ArrayBuffer>) => concatBytes(bytes, new Uint8Array(1))],
    ["no", () => new Uint8Array(0)],
  ])("is refused where the store answers a range with %s bytes", async (_, spoil) => {
    const { reader, blob, store } = world();
    const lying = reader({ store: { get: async (key, options) => spoil(await store.get(key, options)) } });
    expect((await drain(lying.read(sourceOf(blob), [0]))).problem).toMatchObject({ code: "corrupt" });
  });

  it("does not leave its header behind for later reads", async () => {
    const { reader, blob, other, store } = world();
    const one = reader();
    const right = store.bytesOf(keyOf(blob)).slice();
    const start = store.bytesOf(keyOf(other)).slice(0, PAYLOAD_OFFSET);
    store.bytesOf(keyOf(blob)).set(start);
    expect((await drain(one.read(sourceOf(blob), [0]))).problem).toMatchObject({ code: "corrupt" });
    store.objects.set(keyOf(blob), right);
    expect((await drain(one.read(sourceOf(blob), [0]))).released).toEqual([{ index: 0, bytes: contents[0] }]);
  });
});

describe("a lie about where a blob lies", () => {
  it("is caught where the object of another blob of the same sizes is named", async () => {
    const { reader, blob, other } = world();
    for (const wanted of [[0], [4], [...sizes.keys()]]) {
      const { released, problem } = await drain(reader().read(sourceOf(blob, [locationOf(other)]), wanted));
      expect([released, problem]).toEqual([[], expect.objectContaining({ code: "corrupt" })]);
    }
  });

  it("is caught where the stored bytes of two objects are swapped", async () => {
    const { reader, blob, other, store } = world();
    const bytes = store.bytesOf(keyOf(blob));
    store.objects.set(keyOf(blob), store.bytesOf(keyOf(other)));
    store.objects.set(keyOf(other), bytes);
    for (const wanted of [[0], [4], [...sizes.keys()]]) {
      const { released, problem } = await drain(reader().read(sourceOf(blob), wanted));
      expect([released, problem]).toEqual([[], expect.objectContaining({ code: "corrupt" })]);
    }
  });

  it("is caught before anything is fetched where the length is not the blob's", async () => {
    const { reader, blob, store } = world();
    for (const length of [blob.length - 1, blob.length + 1, 1, 2 ** 40]) {
      const { problem } = await drain(reader().read(sourceOf(blob, [{ ...locationOf(blob), length }]), [0]));
      expect(problem).toMatchObject({ code: "corrupt" });
    }
    expect(store.gets).toEqual([]);
  });

  it("is caught where one piece of a rightly sealed object is another, and nothing beside it is released", async () => {
    const { reader, blob, store, epoch } = world();
    const forged = contents.map((bytes, index) => (index === 2 ? noise(200, 999) : bytes));
    const { sealed, digest } = await sealFile(crypto, {
      recipients: [epoch.recipient],
      plaintext: archiveOf(forged),
      suite: "classic",
    });
    const location = { ...locationOf(blob), object: toHex(digest).slice(0, 32) };
    await store.put(keyOf(location), sealed);
    for (const wanted of [[2], [...sizes.keys()]]) {
      const { released, problem } = await drain(reader().read(sourceOf(blob, [location]), wanted));
      expect([released, problem]).toEqual([[], expect.objectContaining({ code: "corrupt" })]);
    }
  });
});

describe("several locations", () => {
  const absent = (location: BlobLocation, trusted = true): BlobLocation => ({
    ...location,
    object: "0".repeat(32),
    trusted,
  });

  it.each([
    ["is not there", (right: BlobLocation) => absent(right), []],
    ["has another length", (right: BlobLocation) => ({ ...right, length: 5 }), ["corrupt"]],
    ["lies in an epoch without identity", (right: BlobLocation) => ({ ...right, epoch: "e".repeat(64) }), []],
    ["holds another blob", () => locationOf(packedAnother), ["corrupt"]],
  ])("serve from the second where the first %s", async (_, wrong, codes) => {
    const { reader, blob } = world();
    const first = wrong(locationOf(blob));
    const damaged: [BlobLocation, string][] = [];
    const one = reader({ damaged: (location, problem) => damaged.push([location, problem.code]) });
    const { released, problem } = await drain(one.read(sourceOf(blob, [first, locationOf(blob)]), [...sizes.keys()]));
    expect(problem).toBeUndefined();
    expect(released.length).toBe(sizes.length);
    expect(damaged).toEqual(codes.map((code) => [first, code]));
  });

  it("serve from the second where the first is spoilt, for each of several ranges, asking the first once", async () => {
    const { reader, blob, store, epoch } = world();
    const { sealed, digest } = await sealFile(crypto, {
      recipients: [epoch.recipient],
      plaintext: archiveOf(contents),
      suite: "classic",
    });
    const second = { ...locationOf(blob), object: toHex(digest).slice(0, 32) };
    await store.put(keyOf(second), sealed);
    store.bytesOf(keyOf(blob)).fill(0);
    const one = reader({ fetchesAtOnce: 1 });
    const { released, problem } = await drain(one.read(sourceOf(blob, [locationOf(blob), second]), [0, 2, 4, 9]));
    expect(problem).toBeUndefined();
    expect(released).toEqual([0, 2, 4, 9].map((index) => ({ index, bytes: contents[index] })));
    expect(store.gets.filter(({ key }) => key === keyOf(blob))).toHaveLength(1);
  });

  it("are missing where the blob lies at none, and corrupt where something else lies at one", async () => {
    const { reader, blob, other } = world();
    const nowhere = absent(locationOf(blob));
    for (const [locations, code] of [
      [[], "missing"],
      [[nowhere], "missing"],
      [[{ ...locationOf(blob), epoch: "e".repeat(64) }], "missing"],
      [[nowhere, locationOf(other)], "corrupt"],
    ] as const) {
      const { released, problem } = await drain(reader().read(sourceOf(blob, locations), [0]));
      expect([released, problem]).toEqual([
        [],
        expect.objectContaining({ code, message: expect.stringContaining(blob.blob) }),
      ]);
    }
  });

  it("are tried last where nobody answers for them, and only a few of those", async () => {
    const { reader, blob, store } = world();
    const strangers = Array.from({ length: 1000 }, (_, index) => ({
      ...locationOf(blob, false),
      object: index.toString(16).padStart(32, "0"),
    }));
    const asked: string[] = [];
    const counting = reader({
      store: {
        get: (key, options) => {
          asked.push(key);
          return store.get(key, options);
        },
      },
    });
    const { problem } = await drain(counting.read(sourceOf(blob, strangers), [0]));
    expect(problem).toMatchObject({ code: "missing" });
    expect(asked).toHaveLength(UNTRUSTED_LOCATIONS_MAX);
    asked.length = 0;
    await drain(counting.read(sourceOf(blob, [...strangers, locationOf(blob)]), [0]));
    expect(asked).toEqual([keyOf(blob)]);
  });

  it("are not gone through where it is the storage that fails", async () => {
    const { reader, blob } = world();
    let asked = 0;
    const failure = new StoreError("get", { code: "unavailable" });
    const one = reader({
      store: {
        get: () => {
          asked++;
          return Promise.reject(failure);
        },
      },
    });
    const { problem } = await drain(one.read(sourceOf(blob, [locationOf(blob), { ...locationOf(blob) }]), [0]));
    expect([problem, asked]).toEqual([failure, 1]);
    expect(template.budget.held).toBe(0);
  });
});

describe("memory and cancelling", () => {
  it("never holds more than the budget allows, fetching ahead within it", async () => {
    const { reader, blob, budget } = await withBudget(2 * MEBIBYTE);
    let greatest = 0;
    for await (const _ of reader().read(sourceOf(blob), [0, 2, 4, 9])) greatest = Math.max(greatest, budget.held);
    expect(greatest).toBeGreaterThan(SEALED_CHUNK);
    expect(greatest).toBeLessThanOrEqual(2 * MEBIBYTE);
    expect(budget.held).toBe(0);
  });

  it("reads within a budget smaller than what one request brings, one at a time", async () => {
    const { reader, blob, budget } = await withBudget(10);
    const { released, problem } = await drain(reader().read(sourceOf(blob), [0, 2, 4, 9]));
    expect([released.length, problem, budget.held]).toEqual([4, undefined, 0]);
  });

  it("reads many blobs at once within the budget of one", async () => {
    const world = await newWorld({ budgetBytes: 70 * MEBIBYTE });
    const pieces = Array.from({ length: 9 }, (_, index) => new Uint8Array(PIECE_BYTES).fill(index));
    const blobs = await packed(world, pieces);
    const one = world.reader();
    const counts = await Promise.all(
      blobs.map(async (blob) => {
        let count = 0;
        for await (const _ of one.read(sourceOf(blob), blob.pieces.keys())) {
          expect(world.budget.held).toBeLessThanOrEqual(70 * MEBIBYTE);
          count++;
        }
        return count;
      }),
    );
    expect(counts).toEqual([8, 1]);
    expect(world.budget.held).toBe(0);
  });

  it("gives memory back when the reader stops in the middle", async () => {
    const { reader, blob, budget } = world();
    for await (const { index } of reader().read(sourceOf(blob), [0, 2, 4, 9])) if (index === 2) break;
    expect(budget.held).toBe(0);
  });

  it("stops by its signal between pieces and while a request hangs, and gives memory back", async () => {
    const { reader, blob, budget, store } = world();
    for (const stopAt of [0, 2]) {
      const controller = new AbortController();
      const reason = new Error("stopped by hand");
      const hanging = reader({
        store: {
          get: (key, options = {}) => {
            if (options.offset === 0) return store.get(key, options);
            return new Promise((_resolve, reject) => {
              options.signal?.addEventListener("abort", () => reject(options.signal?.reason));
            });
          },
        },
      });
      const released: number[] = [];
      const reading = (async () => {
        for await (const { index } of hanging.read(sourceOf(blob), [stopAt, 9], { signal: controller.signal })) {
          released.push(index);
          controller.abort(reason);
        }
      })();
      if (stopAt === 2) controller.abort(reason);
      await expect(reading).rejects.toBe(reason);
      expect(released).toEqual(stopAt === 0 ? [0] : []);
      expect(budget.held).toBe(0);
    }
  });

  async function withBudget(budgetBytes: number) {
    const small = await newWorld({ budgetBytes });
    for (const [key, bytes] of objects) small.store.objects.set(key, bytes);
    const identities = new Map([[template.epoch.epoch, template.epoch.identity]]);
    return { reader: () => small.reader({ identities }), blob: packedSizes, budget: small.budget };
  }
});

it("reads and writes hybrid groups alike", async () => {
  const { packer, reader, stored, store } = await newWorld();
  const epoch = await newEpochIdentity("hybrid");
  const packing = packer({ suite: "hybrid", epoch: epoch.epoch, recipient: epoch.recipient });
  await packing.add(source(contents[1] as Uint8Array));
  await packing.add(source(contents[0] as Uint8Array));
  await packing.flush();
  expect(stored[0]?.pieces).toEqual(piecesOf([contents[1] as Uint8Array, contents[0] as Uint8Array]));
  const one = reader({ suite: "hybrid", identities: new Map([[epoch.epoch, epoch.identity]]) });
  const { released, problem } = await drain(one.read(sourceOf(stored[0] as StoredBlob), [1]));
  expect([released, problem]).toEqual([[{ index: 1, bytes: contents[0] }], undefined]);
  expect(store.gets).toHaveLength(2);
});
