import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CHUNK_BYTES,
  chunkLayout,
  chunkRange,
  plaintextLength,
  SEALED_CHUNK_BYTES,
  sealedLength,
  TAG_BYTES,
} from "../../src/age/chunks.ts";

const lengths = fc.oneof(
  fc.integer({ min: 0, max: 40 * CHUNK_BYTES }),
  fc
    .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: -1, max: 1 }))
    .map(([n, by]) => Math.max(0, n * CHUNK_BYTES + by)),
);

describe("payload lengths", () => {
  it("lead from plaintext to sealed and back", () => {
    fc.assert(fc.property(lengths, (length) => plaintextLength(sealedLength(length)) === length));
  });

  it.each([0, 1, 15, SEALED_CHUNK_BYTES + 1, SEALED_CHUNK_BYTES + TAG_BYTES, 2 * SEALED_CHUNK_BYTES + 7])(
    "refuse %d sealed bytes, which no plaintext gives",
    (sealed) => {
      expect(() => plaintextLength(sealed)).toThrow(expect.objectContaining({ code: "corrupt" }));
    },
  );

  it.each([-1, 0.5, Number.NaN, 2 ** 53])("refuse %d as a length", (length) => {
    expect(() => sealedLength(length)).toThrow(expect.objectContaining({ code: "malformed" }));
  });
});

describe("a range of plaintext", () => {
  it("is covered by the chunks named for it, and by no more", () => {
    const ranges = lengths
      .filter((length) => length > 0)
      .chain((plaintextLength) =>
        fc
          .tuple(fc.integer({ min: 0, max: plaintextLength - 1 }), fc.integer({ min: 1, max: plaintextLength }))
          .map(([offset, length]) => ({ plaintextLength, offset, length: Math.min(length, plaintextLength - offset) })),
      );
    fc.assert(
      fc.property(ranges, (range) => {
        const found = chunkRange(range);
        const layout = chunkLayout({ ...found });
        const start = found.firstChunk * CHUNK_BYTES;
        expect(start + found.skip).toBe(range.offset);
        expect(found.skip).toBeLessThan(CHUNK_BYTES);
        expect(layout.plaintextLength).toBeGreaterThanOrEqual(found.skip + range.length);
        expect(layout.plaintextLength).toBeLessThan(found.skip + range.length + CHUNK_BYTES);
        expect(found.sealedOffset + found.sealedLength).toBeLessThanOrEqual(sealedLength(range.plaintextLength));
        expect(found.last).toBe(found.sealedOffset + found.sealedLength === sealedLength(range.plaintextLength));
      }),
    );
  });

  it.each([
    [0, 0, 10],
    [10, 1, 10],
    [5, 6, 10],
    [-1, 1, 10],
    [0, 1, 0],
  ])("at %d of %d bytes is refused in a file of %d", (offset, length, plaintextLength) => {
    expect(() => chunkRange({ offset, length, plaintextLength })).toThrow(
      expect.objectContaining({ code: "malformed" }),
    );
  });
});

describe("the layout of sealed chunks", () => {
  it.each([
    ["an empty last chunk that is not the first", { sealedLength: TAG_BYTES, firstChunk: 1, last: true }],
    ["an empty chunk that is not the last", { sealedLength: TAG_BYTES, firstChunk: 0, last: false }],
    ["a short chunk that is not the last", { sealedLength: SEALED_CHUNK_BYTES - 1, firstChunk: 0, last: false }],
    ["nothing", { sealedLength: 0, firstChunk: 0, last: true }],
    ["a chunk whose number overflows", { sealedLength: SEALED_CHUNK_BYTES, firstChunk: 2 ** 32, last: true }],
  ])("refuses %s", (_what, layout) => {
    expect(() => chunkLayout(layout)).toThrow(expect.objectContaining({ code: "corrupt" }));
  });
});
