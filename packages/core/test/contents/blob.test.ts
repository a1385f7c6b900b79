import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { declareBlob, isBlobOf } from "../../src/contents/blob.ts";
import { toHex } from "../../src/encoding/hex.ts";
import { PIECE_BYTES } from "../../src/records/change.ts";
import { crypto, noise, piecesOf } from "./contents-support.ts";

const pieces = piecesOf([noise(10, 1), noise(300, 2)]);

describe("a blob's id", () => {
  it("is the digest of label, salt, and digest and size of each piece", () => {
    const { blob, salt } = declareBlob({ randomBytes: (length) => new Uint8Array(length).fill(0xab) }, pieces);
    const text = `${toHex(new TextEncoder().encode("conclave/v1/blob\0"))}${salt}${pieces[0]?.[0]}000000000000000a${pieces[1]?.[0]}000000000000012c`;
    expect(salt).toBe("ab".repeat(16));
    expect(blob).toBe(toHex(sha256(Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)))));
  });

  it("is another each time for the same pieces", () => {
    expect(declareBlob(crypto, pieces).blob).not.toBe(declareBlob(crypto, pieces).blob);
  });

  it("fits its declaration", () => {
    expect(isBlobOf(declareBlob(crypto, pieces))).toBe(true);
  });

  it.each([
    ["another salt", { salt: "00".repeat(16) }],
    ["another order", { pieces: pieces.toReversed() }],
    ["a piece less", { pieces: pieces.slice(1) }],
    ["a piece more", { pieces: [...pieces, ...pieces] }],
    ["another size", { pieces: [[pieces[0]?.[0] as string, 11], pieces[1]] as never }],
    ["another id", { blob: "00".repeat(32) }],
  ])("does not fit %s", (_, change) => {
    expect(isBlobOf({ ...declareBlob(crypto, pieces), ...change })).toBe(false);
  });

  it.each([
    ["no pieces", []],
    ["more than an archive holds", Array(9).fill([pieces[0]?.[0], PIECE_BYTES])],
    ["an empty piece", [[pieces[0]?.[0] as string, 0]]],
  ])("is refused for %s, though its digest fits", (_, impossible) => {
    expect(isBlobOf(declareBlob(crypto, impossible as never))).toBe(false);
  });
});
