import { describe, expect, it } from "vitest";
import { toUtf8 } from "../../src/encoding/bytes.ts";
import { labelledDigest, nameDigest, sha256Hex } from "../../src/encoding/digest.ts";
import { integer, object, readLine, text } from "../../src/encoding/strict.ts";

const shape = object({ name: text({ max: 16 }), size: integer() });

describe("the strict reader in a browser", () => {
  it("reads a line in its one canonical form", () => {
    expect(readLine(toUtf8('{"name":"a\u2028b","size":1}'), shape)).toEqual({ name: "a\u2028b", size: 1 });
  });

  it.each([
    ["a byte order mark", '\ufeff{"name":"a","size":1}'],
    ["a repeated key", '{"name":"b","name":"a","size":1}'],
    ["another order", '{"size":1,"name":"a"}'],
    ["an escape", '{"name":"\\u0061","size":1}'],
    ["a lone surrogate", '{"name":"\\ud800","size":1}'],
    ["another form of a number", '{"name":"a","size":1e0}'],
    ["a minus zero", '{"name":"a","size":-0}'],
    ["a space", '{"name":"a", "size":1}'],
    ["bytes behind it", '{"name":"a","size":1}\n'],
  ])("refuses a line with %s", (_what, line) => {
    expect(() => readLine(toUtf8(line), shape)).toThrow(expect.objectContaining({ code: "malformed" }));
  });

  it("refuses invalid UTF-8", () => {
    const line = toUtf8('{"name":"a","size":1}');
    line[9] = 0xff;
    expect(() => readLine(line, shape)).toThrow(expect.objectContaining({ code: "malformed" }));
  });
});

describe("digests in a browser", () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-4, B.1

  it("agree with the published example", () => {
    expect(sha256Hex(toUtf8("abc"))).toBe(abc);
    expect(nameDigest(toUtf8("abc"))).toBe(abc.slice(0, 32));
  });

  it("put a zero byte between label and parts", () => {
    expect(labelledDigest("conclave/v1/blob", toUtf8("a"), toUtf8("bc"))).toBe(
      sha256Hex(toUtf8("conclave/v1/blob\u0000abc")),
    );
  });
});
