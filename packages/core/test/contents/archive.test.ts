import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ARCHIVE_BYTES_MAX, entryHeader, hasFrameOf, layoutOf } from "../../src/contents/archive.ts";
import { padme } from "../../src/contents/padme.ts";
import { BLOB_PIECES_MAX, PIECE_BYTES } from "../../src/records/change.ts";
import { archiveOf, MEBIBYTE, noise, piecesOf } from "./contents-support.ts";

describe("an archive", () => {
  it("has a length of the padded set, two zero blocks at its end, and each piece where the layout says", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 30 }), (sizes) => {
        const contents = sizes.map((size, index) => noise(size, index));
        const layout = layoutOf(sizes);
        const archive = archiveOf(contents);
        expect(archive.length).toBe(layout.length);
        expect(padme(layout.length / 512)).toBe(layout.length / 512);
        expect(archive.subarray(-1024).every((byte) => byte === 0)).toBe(true);
        for (const [index, offset] of layout.offsets.entries()) {
          expect(offset % 512).toBe(0);
          expect(archive.subarray(offset, offset + (sizes[index] as number))).toEqual(contents[index]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("has headers of exactly these bytes", () => {
    const header = new TextDecoder().decode(entryHeader({ name: "a".repeat(64), size: 4190208 }));
    expect(header.replaceAll("\0", ".")).toBe(
      `${"a".repeat(64)}${".".repeat(36)}0000600.0000000.0000000.00017770000.00000000000.023313. 0${".".repeat(100)}ustar.00${".".repeat(64)}0000000.0000000.${".".repeat(167)}`,
    );
  });

  it("takes eight whole pieces as 32 MiB exactly, and not one more byte", () => {
    expect(layoutOf(Array(8).fill(PIECE_BYTES)).length).toBe(ARCHIVE_BYTES_MAX);
    expect(layoutOf([...Array(8).fill(PIECE_BYTES), 26_000]).length).toBe(ARCHIVE_BYTES_MAX);
    expect(() => layoutOf(Array(9).fill(PIECE_BYTES))).toThrow(expect.objectContaining({ code: "limit" }));
    expect(() => layoutOf([...Array(8).fill(PIECE_BYTES), 27_137])).toThrow(expect.objectContaining({ code: "limit" }));
  });

  it("takes 4,096 pieces and refuses one more", () => {
    expect(layoutOf(Array(BLOB_PIECES_MAX).fill(7168)).length).toBeLessThan(ARCHIVE_BYTES_MAX);
    expect(() => layoutOf(Array(BLOB_PIECES_MAX + 1).fill(1))).toThrow(expect.objectContaining({ code: "limit" }));
  });

  it.each([[[]], [[0]], [[-1]], [[1.5]], [[Number.NaN]], [[PIECE_BYTES + 1]], [[5, 0]]])(
    "refuses pieces of %j bytes",
    (sizes) => {
      expect(() => layoutOf(sizes)).toThrow(expect.objectContaining({ code: "limit" }));
    },
  );
});

describe("hasFrameOf", () => {
  const contents = [noise(700, 1), noise(512, 2), noise(45_000, 3)];
  const pieces = piecesOf(contents);
  const archive = archiveOf(contents);
  const layout = layoutOf(contents.map((bytes) => bytes.length));
  const isContent = (at: number) =>
    layout.offsets.some((offset, index) => at >= offset && at < offset + (contents[index] as Uint8Array).length);

  it("accepts what the layout says", () => {
    expect(hasFrameOf(archive, pieces)).toBe(true);
    expect(layout.paddingBytes).toBeGreaterThan(0);
  });

  it("refuses a changed byte in any place that is no piece's own", () => {
    for (let at = 0; at < archive.length; at++) {
      if (isContent(at)) continue;
      const spoilt = archive.slice();
      spoilt[at] = (spoilt[at] as number) ^ 1;
      if (hasFrameOf(spoilt, pieces)) expect.fail(`byte ${at} may hold anything`);
    }
  });

  it("refuses an archive that is longer or shorter", () => {
    expect(hasFrameOf(archive.subarray(0, -512), pieces)).toBe(false);
    const longer = new Uint8Array(archive.length + 512);
    longer.set(archive);
    expect(hasFrameOf(longer, pieces)).toBe(false);
  });

  it("refuses other sizes and other names", () => {
    expect(hasFrameOf(archive, piecesOf([noise(701, 1), noise(512, 2), noise(45_000, 3)]))).toBe(false);
    expect(hasFrameOf(archive, [pieces[0], pieces[2], pieces[1]] as never)).toBe(false);
  });

  it("takes no noticeable time for the largest padding", () => {
    expect(hasFrameOf(archiveOf([noise(3 * MEBIBYTE + 1, 1)]), piecesOf([noise(3 * MEBIBYTE + 1, 1)]))).toBe(true);
  });
});
