import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PADDED_BYTES_MIN, paddedLength, padme } from "../../src/contents/padme.ts";

/** The published algorithm, on big integers. */
function published(count: number): number {
  const exponent = BigInt(count).toString(2).length - 1;
  const bits = BigInt(exponent).toString(2).length;
  const mask = (1n << BigInt(Math.max(0, exponent - bits))) - 1n;
  return Number((BigInt(count) + mask) & ~mask);
}

describe("padme", () => {
  it.each([
    [0, 0],
    [1, 1],
    [8, 8],
    [9, 10],
    [1000, 1024],
    [65_483, 65_536],
    [65_536, 65_536],
    [2 ** 32 + 1, 2 ** 32 + 2 ** 26],
  ])("rounds %i up to %i", (count, rounded) => {
    expect(padme(count)).toBe(rounded);
  });

  it("is the published algorithm", () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 2 ** 50 }), (count) => padme(count) === published(count)));
    for (let count = 2; count < 70_000; count++) expect(padme(count)).toBe(published(count));
  });

  it("costs at most 12 % and is its own fixed point", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2 ** 48 }), (count) => {
        const rounded = padme(count);
        return rounded >= count && rounded <= count * 1.12 + 1 && padme(rounded) === rounded;
      }),
    );
  });

  it("pads no record to less than the floor", () => {
    expect(paddedLength(0)).toBe(PADDED_BYTES_MIN);
    expect(paddedLength(1024)).toBe(1024);
    expect(paddedLength(1025)).toBe(1088);
  });
});
