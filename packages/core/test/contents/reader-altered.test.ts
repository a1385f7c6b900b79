import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { StoredBlob } from "../../src/contents/packer.ts";
import { ConclaveError } from "../../src/errors.ts";
import { StoreError } from "../../src/ports/store.ts";
import { drain, keyOf, newWorld, noise, packedOne, sourceOf, type World } from "./contents-support.ts";

/** Several chunks, borders of chunks inside of pieces, and pieces that lie within one. */
const contents = [noise(100, 1), noise(150_000, 2), noise(65_536, 3), noise(7, 4), noise(90_000, 5)];
let world: World;
let stored: StoredBlob;
let object: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  world = await newWorld();
  stored = await packedOne(world, contents);
  object = world.store.bytesOf(keyOf(stored)).slice();
});

/** What a storage can do to bytes; places and lengths are taken modulo the object's. */
const alteration = fc.record({
  kind: fc.constantFrom("flip", "cut", "grow", "swap", "repeat", "blank"),
  at: fc.nat(1_000_000),
  length: fc.integer({ min: 1, max: 140_000 }),
});
type Alteration = typeof alteration extends fc.Arbitrary<infer Value> ? Value : never;

function altered(bytes: Uint8Array, { kind, at, length }: Alteration): Uint8Array<ArrayBuffer> {
  const place = at % bytes.length;
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  const part = after.subarray(0, length);
  const rest = after.subarray(part.length);
  switch (kind) {
    case "flip":
      return joined(before, Uint8Array.of((bytes[place] ?? 0) ^ (1 << (length % 8))), after.subarray(1));
    case "cut":
      return joined(before, rest);
    case "grow":
      return joined(before, new Uint8Array(length), after);
    case "swap":
      return joined(before, rest.subarray(0, part.length), part, rest.subarray(part.length));
    case "repeat":
      return joined(before, part, part, rest);
    default:
      return joined(before, new Uint8Array(part.length), rest);
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

describe("reading pieces of an object that was altered at will", () => {
  it("gives exactly the pieces that were asked for, or refuses, and never another byte", async () => {
    const outcomes = { whole: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(alteration, { minLength: 1, maxLength: 3 }),
        fc.uniqueArray(fc.nat(contents.length - 1), { minLength: 1, maxLength: contents.length }),
        async (alterations, wanted) => {
          await world.store.put(keyOf(stored), alterations.reduce<Uint8Array<ArrayBuffer>>(altered, object));
          const { released, problem } = await drain(world.reader().read(sourceOf(stored), wanted));
          const asked = wanted.toSorted((left, right) => left - right);
          expect(released.map(({ index }) => index)).toEqual(asked.slice(0, released.length));
          for (const { index, bytes } of released) expect(bytes).toEqual(contents[index]);
          expect(world.budget.held).toBe(0);
          if (problem === undefined) expect(released).toHaveLength(asked.length);
          else expect(problem instanceof ConclaveError || problem instanceof StoreError).toBe(true);
          outcomes[problem === undefined ? "whole" : "refused"] += 1;
        },
      ),
      { numRuns: 150 },
    );
    // Both happen: what nobody asked for may be spoilt.
    expect(Math.min(outcomes.whole, outcomes.refused)).toBeGreaterThan(0);
  }, 120_000);

  it("reads a range again after a refusal, once the storage gives the true bytes", async () => {
    await world.store.put(keyOf(stored), altered(object, { kind: "flip", at: 70_000, length: 1 }));
    expect((await drain(world.reader().read(sourceOf(stored), [1]))).problem).toBeInstanceOf(ConclaveError);
    await world.store.put(keyOf(stored), object);
    expect((await drain(world.reader().read(sourceOf(stored), [1]))).released).toEqual([
      { index: 1, bytes: contents[1] },
    ]);
  });
});

describe("the alterations", () => {
  it("of nothing leave all pieces readable", async () => {
    await world.store.put(keyOf(stored), object);
    const { released } = await drain(world.reader().read(sourceOf(stored), contents.keys()));
    expect(released.map(({ bytes }) => bytes)).toEqual(contents);
  });
});
