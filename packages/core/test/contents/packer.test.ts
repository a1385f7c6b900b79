import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ARCHIVE_BYTES_MAX, layoutOf } from "../../src/contents/archive.ts";
import { isBlobOf } from "../../src/contents/blob.ts";
import type { ByteBudget } from "../../src/contents/budget.ts";
import type { PieceReference, StoredBlob } from "../../src/contents/packer.ts";
import { padme } from "../../src/contents/padme.ts";
import { ConclaveError } from "../../src/errors.ts";
import { PIECE_BYTES } from "../../src/records/change.ts";
import {
  digestOf,
  drain,
  keyOf,
  MEBIBYTE,
  newWorld,
  noise,
  openedWhole,
  packed,
  packedOne,
  piecesOf,
  source,
  sourceOf,
} from "./contents-support.ts";

/** A budget that reports what is held after every grant. */
function watched(budget: ByteBudget, report: (held: number) => void): ByteBudget {
  const acquire = budget.acquire.bind(budget);
  return Object.assign(budget, {
    acquire: async (...options: Parameters<ByteBudget["acquire"]>) => {
      const grant = await acquire(...options);
      report(budget.held);
      return grant;
    },
  });
}

const BORDERS = [1, 511, 512, 513, 65_535, 65_536, 65_537, MEBIBYTE];

describe("Packer", () => {
  it("gives back the pieces it was given, of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constantFrom(...BORDERS), fc.integer({ min: 1, max: 5000 })), {
          minLength: 1,
          maxLength: 20,
        }),
        async (sizes) => {
          const world = await newWorld();
          const contents = sizes.map((size, index) => noise(size, index));
          const stored = await packedOne(world, contents);
          expect(stored.pieces).toEqual(piecesOf(contents));
          expect(isBlobOf(stored)).toBe(true);
          const { released, problem } = await drain(world.reader().read(sourceOf(stored), contents.keys()));
          expect(problem).toBeUndefined();
          expect(released).toEqual(contents.map((bytes, index) => ({ index, bytes })));
          expect(world.budget.held).toBe(0);
        },
      ),
      { numRuns: 15 },
    );
  });

  it("fills an archive of 32 MiB with eight whole pieces, and begins another for the ninth", async () => {
    const world = await newWorld();
    const contents = Array.from({ length: 9 }, (_, index) => new Uint8Array(PIECE_BYTES).fill(index + 1));
    const [first, second] = await packed(world, contents);
    expect([first?.pieces.length, second?.pieces.length]).toEqual([8, 1]);
    expect(layoutOf((first?.pieces ?? []).map(([, size]) => size)).length).toBe(ARCHIVE_BYTES_MAX);
    const { released } = await drain(world.reader().read(sourceOf(first as StoredBlob), [7]));
    expect(digestOf(released[0]?.bytes as Uint8Array)).toBe(digestOf(contents[7] as Uint8Array));
  });

  it("lets small pieces share a blob up to 4,096, and a big file run on behind them", async () => {
    const world = await newWorld();
    const packer = world.packer();
    const references: PieceReference[] = [];
    for (let index = 0; index < 4097; index++) references.push(await packer.add(source(noise(3, index))));
    references.push(await packer.add(source(noise(MEBIBYTE, 5000))));
    await packer.flush();
    expect(world.stored.map((blob) => blob.pieces.length)).toEqual([4096, 2]);
    expect(references.map(({ draft, index }) => [draft.blob, index]).slice(4094)).toEqual([
      [world.stored[0]?.blob, 4094],
      [world.stored[0]?.blob, 4095],
      [world.stored[1]?.blob, 0],
      [world.stored[1]?.blob, 1],
    ]);
  });

  it("takes little memory for small files, and that of the longest archive once there is more", async () => {
    const world = await newWorld();
    const packer = world.packer();
    const contents = [noise(1000, 1), noise(200_000, 2), noise(100_000, 3)];
    const memory: number[] = [];
    for (const bytes of contents) {
      const read = async (into: Uint8Array<ArrayBuffer>) => {
        memory.push(into.buffer.byteLength);
        into.set(bytes);
      };
      await packer.add({ size: bytes.length, read });
    }
    await packer.flush();
    expect(memory.map((bytes) => bytes > MEBIBYTE / 2)).toEqual([false, false, true]);
    expect(memory[2]).toBeGreaterThan(ARCHIVE_BYTES_MAX);
    const [stored] = world.stored;
    expect(stored?.pieces).toEqual(piecesOf(contents));
    await openedWhole(world, stored as StoredBlob);
  });

  it("refuses an empty piece and one over the limit, and goes on", async () => {
    const world = await newWorld();
    const packer = world.packer();
    for (const size of [0, -1, 1.5, PIECE_BYTES + 1]) {
      await expect(packer.add({ size, read: async () => {} })).rejects.toMatchObject({ code: "limit" });
    }
    await packer.add(source(noise(10, 1)));
    await packer.flush();
    expect(world.stored).toHaveLength(1);
  });

  it("stores nothing, and asks for no more memory, where there is no piece", async () => {
    const world = await newWorld();
    const packer = world.packer();
    await packer.flush();
    await packer.digestOf(source(noise(10, 1)));
    await packer.flush();
    expect([world.stored.length, world.store.objects.size, world.budget.held]).toEqual([0, 0, 0]);
  });

  it("takes a piece out again whose reading fails half way, and nothing of it stays", async () => {
    const world = await newWorld();
    const packer = world.packer();
    const [before, after] = [noise(700, 1), noise(5, 2)];
    await packer.add(source(before));
    const failing = packer.add({
      size: 300_000,
      read: async (into) => {
        into.fill(0xaa);
        throw new ConclaveError("file changed while it was read", { code: "source-changed" });
      },
    });
    const next = packer.add(source(after));
    await expect(failing).rejects.toMatchObject({ code: "source-changed" });
    expect((await next).index).toBe(1);
    await packer.flush();
    const [stored] = world.stored;
    expect(stored?.pieces).toEqual(piecesOf([before, after]));
    const { released } = await drain(world.reader().read(sourceOf(stored as StoredBlob), [0, 1]));
    expect(released.map(({ bytes }) => bytes)).toEqual([before, after]);
    await expect(openedWhole(world, stored as StoredBlob)).resolves.toBeInstanceOf(Uint8Array);
  });

  it("says a piece's digest without taking it in", async () => {
    const world = await newWorld();
    const packer = world.packer();
    const [known, other] = [noise(9000, 1), noise(100, 2)];
    expect(await packer.digestOf(source(known))).toBe(digestOf(known));
    await packer.add(source(other));
    expect(await packer.digestOf(source(known))).toBe(digestOf(known));
    await packer.flush();
    expect(world.stored[0]?.pieces).toEqual(piecesOf([other]));
    await expect(openedWhole(world, world.stored[0] as StoredBlob)).resolves.toBeInstanceOf(Uint8Array);
  });

  it("notes each name before the put, and tells of blobs in the order in which they were begun", async () => {
    const world = await newWorld();
    const events: string[] = [];
    const firstPut = Promise.withResolvers<void>();
    let puts = 0;
    const packer = world.packer({
      beforePut: (key) => void events.push(`note ${key}`),
      put: async (key, bytes) => {
        const number = puts++;
        expect(events).toContain(`note ${key}`);
        if (number === 0) await firstPut.promise;
        else firstPut.resolve();
        await world.store.put(key, bytes);
      },
      stored: (blob) => {
        events.push(`stored ${blob.pieces[0]?.[0]}`);
        world.stored.push(blob);
      },
    });
    const contents = Array.from({ length: 9 }, (_, index) => new Uint8Array(PIECE_BYTES).fill(index + 1));
    for (const bytes of contents) await packer.add(source(bytes));
    await packer.flush();
    expect(events.filter((event) => event.startsWith("stored"))).toEqual([
      `stored ${digestOf(contents[0] as Uint8Array)}`,
      `stored ${digestOf(contents[8] as Uint8Array)}`,
    ]);
  });

  it("gives references no blob before it is stored, and one when it is told of", async () => {
    const world = await newWorld();
    const mayPut = Promise.withResolvers<void>();
    const seen: (string | undefined)[] = [];
    const packer = world.packer({
      put: () => mayPut.promise,
      stored: ({ blob }) => void seen.push(blob, reference.draft.blob),
    });
    const reference = await packer.add(source(noise(10, 1)));
    const flushed = packer.flush();
    expect(reference.draft.blob).toBeUndefined();
    mayPut.resolve();
    await flushed;
    expect(seen).toEqual([expect.any(String), seen[0]]);
  });

  it("never holds more memory than the budget allows, and waits instead", async () => {
    const world = await newWorld({ budgetBytes: 140 * MEBIBYTE });
    let greatest = 0;
    const budget = watched(world.budget, (held) => {
      greatest = Math.max(greatest, held);
    });
    const packer = world.packer({ budget });
    for (let index = 0; index < 17; index++) await packer.add(source(new Uint8Array(PIECE_BYTES).fill(index)));
    await packer.flush();
    expect(world.stored).toHaveLength(3);
    expect(greatest).toBeGreaterThan(100 * MEBIBYTE);
    expect(greatest).toBeLessThanOrEqual(140 * MEBIBYTE);
    expect(world.budget.held).toBe(0);
  });

  it("works within a budget smaller than one archive, one object at a time", async () => {
    const world = await newWorld({ budgetBytes: 1000 });
    const stored = await packed(
      world,
      Array.from({ length: 9 }, (_, index) => new Uint8Array(PIECE_BYTES).fill(index)),
    );
    expect(stored).toHaveLength(2);
    expect(world.budget.held).toBe(0);
  });

  it.each(["beforePut", "put", "stored"] as const)(
    "ends with what %s rejects with, and tells of nothing more",
    async (which) => {
      const world = await newWorld();
      const failure = new Error("the disk is full");
      const packer = world.packer({ [which]: () => Promise.reject(failure) });
      const reference = await packer.add(source(noise(10, 1)));
      await expect(packer.flush()).rejects.toBe(failure);
      await expect(packer.add(source(noise(10, 2)))).rejects.toBe(failure);
      await expect(packer.digestOf(source(noise(10, 2)))).rejects.toBe(failure);
      await expect(packer.flush()).rejects.toBe(failure);
      expect(world.stored).toEqual([]);
      expect(world.budget.held).toBe(0);
      if (which !== "stored") expect(reference.draft.blob).toBeUndefined();
    },
  );

  it("tells of no later blob when an earlier one failed", async () => {
    const world = await newWorld();
    const failure = new Error("no room");
    const secondPut = Promise.withResolvers<void>();
    const packer = world.packer({
      put: async (_key, bytes) => {
        // The second one is smaller, and may be sealed before the first.
        if (bytes.length < 4 * PIECE_BYTES) return secondPut.resolve();
        await secondPut.promise;
        throw failure;
      },
    });
    for (let index = 0; index < 9; index++) await packer.add(source(new Uint8Array(PIECE_BYTES).fill(index)));
    await expect(packer.flush()).rejects.toBe(failure);
    expect(world.stored).toEqual([]);
    expect(world.budget.held).toBe(0);
  });

  it("stops by its signal while a put hangs, and gives all memory back", async () => {
    const world = await newWorld();
    const controller = new AbortController();
    const begun = Promise.withResolvers<void>();
    const packer = world.packer({
      signal: controller.signal,
      put: (_key, _bytes, { signal }) => {
        begun.resolve();
        return new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    await packer.add(source(noise(10, 1)));
    const flushed = packer.flush();
    flushed.catch(() => {});
    await begun.promise;
    await packer.add(source(noise(10, 2)));
    const reason = new Error("stopped by hand");
    controller.abort(reason);
    await expect(flushed).rejects.toBe(reason);
    await expect(packer.add(source(noise(10, 3)))).rejects.toBe(reason);
    await packer.abandon();
    expect(world.budget.held).toBe(0);
    expect(world.stored).toEqual([]);
  });

  it("stops by its signal while it waits for memory", async () => {
    const world = await newWorld({ budgetBytes: MEBIBYTE });
    const grant = await world.budget.acquire(MEBIBYTE);
    const controller = new AbortController();
    const packer = world.packer({ signal: controller.signal });
    const added = packer.add(source(noise(10, 1)));
    controller.abort(new Error("stopped by hand"));
    await expect(added).rejects.toThrow("stopped by hand");
    grant.release();
    expect(world.budget.held).toBe(0);
  });

  it("gives all memory back when it is abandoned", async () => {
    const world = await newWorld();
    const packer = world.packer();
    await packer.add(source(noise(10, 1)));
    expect(world.budget.held).toBeGreaterThan(0);
    await packer.abandon();
    expect([world.budget.held, world.store.objects.size]).toEqual([0, 0]);
  });

  it("stores lengths of the padded set only", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 8 }), async (sizes) => {
        const world = await newWorld();
        const stored = await packedOne(
          world,
          sizes.map((size, index) => noise(size, index)),
        );
        const archive = layoutOf(sizes).length;
        expect(padme(archive / 512)).toBe(archive / 512);
        const header = 168; // version line 22, stanza 98, MAC line 48
        expect(stored.length).toBe(header + 16 + archive + 16 * Math.ceil(archive / 65_536));
        expect(world.store.bytesOf(keyOf(stored)).length).toBe(stored.length);
      }),
      { numRuns: 20 },
    );
  });

  it("makes unrelated bytes and names of equal contents", async () => {
    const world = await newWorld();
    const contents = [noise(100_000, 1)];
    const [one, two] = [await packedOne(world, contents), await packedOne(world, contents)];
    expect(one.pieces).toEqual(two.pieces);
    for (const field of ["blob", "salt", "object"] as const) expect(one[field]).not.toBe(two[field]);
    const [left, right] = [world.store.bytesOf(keyOf(one)), world.store.bytesOf(keyOf(two))];
    const equal = left.subarray(300).filter((byte, index) => byte === right[300 + index]).length;
    expect(equal / left.length).toBeLessThan(0.01);
  });
});
