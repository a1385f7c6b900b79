import { describe, expect, it } from "vitest";
import { toUtf8 } from "../../src/encoding/bytes.ts";
import {
  base64,
  DEPTH_MAX,
  hex,
  integer,
  LINE_BYTES_MAX,
  list,
  object,
  readLine,
  type Shape,
  text,
  variant,
} from "../../src/encoding/strict.ts";

const any: Shape<unknown> = (value) => value;
const short = text({ max: 4, min: 1, accept: /^[a-zü]*$/ });
const pair = object({ a: integer(), b: integer() });
const either = variant("kind", { one: object({ kind: text({ max: 8 }) }) });

/** The code with which a value is refused; undefined if it is accepted. */
function refusalOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe("a shape", () => {
  it.each<[string, Shape<unknown>, unknown]>([
    ["text of the longest length", short, "üü"],
    ["hexadecimal", hex(2), "00ff"],
    ["base64", base64(2), "AAE="],
    ["the smallest integer", integer({ min: 3, max: 5 }), 3],
    ["the largest integer", integer({ min: 3, max: 5 }), 5],
    ["a full list", list(integer(), 2), [1, 2]],
    ["an object", pair, { a: 1, b: 2 }],
  ])("accepts %s", (_, shape, value) => {
    expect(shape(value, "it")).toEqual(value);
  });

  // A value that is not of its type may still read like one that is.
  it.each<[string, Shape<unknown>, unknown]>([
    ["a text that is longer in bytes than in characters", short, "üüü"],
    ["too short a text", short, ""],
    ["a text of another form", short, "A"],
    ["half a character", short, "\ud800"],
    ["a list of one text for a text", short, ["a"]],
    ["a list of one text for hexadecimal", hex(2), ["00ff"]],
    ["hexadecimal in capitals", hex(2), "00FF"],
    ["hexadecimal of another length", hex(2), "00ff00"],
    ["base64 of another length", base64(2), "AAEC"],
    ["base64 with spare bits", base64(2), "AAF="],
    ["base64 with a line feed", base64(2), "AAE=\n"],
    ["a text for an integer", integer(), "1"],
    ["a fraction", integer(), 1.5],
    ["an integer that is not exact", integer(), 2 ** 53],
    ["minus zero", integer({ min: -1 }), -0],
    ["too small an integer", integer({ min: 3, max: 5 }), 2],
    ["too large an integer", integer({ min: 3, max: 5 }), 6],
    ["too long a list", list(integer(), 2), [1, 2, 3]],
    ["an object without a key", pair, { a: 1 }],
    ["an object without a key that may be anything", object({ a: any }), {}],
    ["an object with a key more", pair, { a: 1, b: 2, c: 3 }],
    ["an object in another order", pair, { b: 2, a: 1 }],
    ["an object with another key", pair, { a: 1, c: 2 }],
  ])("refuses %s", (_, shape, value) => {
    expect(refusalOf(() => shape(value, "it"))).toBe("malformed");
  });

  it("tells a kind that it does not know from what is malformed", () => {
    expect(refusalOf(() => either({ kind: "one" }, "it"))).toBeUndefined();
    for (const kind of ["two", "toString", "__proto__"])
      expect(refusalOf(() => either({ kind }, "it"))).toBe("unsupported");
    for (const value of [{}, { kind: 1 }, ["one"], null])
      expect(refusalOf(() => either(value, "it"))).toBe("malformed");
  });
});

describe("a line", () => {
  it.each([
    ["in another form", '{"a": 1,"b":2}', "malformed"],
    ["with a key twice", '{"a":1,"a":1,"b":2}', "malformed"],
    ["with a number in another form", '{"a":1,"b":2.0}', "malformed"],
    ["with minus zero", '{"a":-0,"b":2}', "malformed"],
    ["with a needless escape", '{"a":1,"\\u0062":2}', "malformed"],
    ["with a byte order mark", '\ufeff{"a":1,"b":2}', "malformed"],
    ["that ends too early", '{"a":1,"b":2', "malformed"],
    ["with something behind it", '{"a":1,"b":2}\n', "malformed"],
    ["with __proto__ for a key more", '{"a":1,"b":2,"__proto__":{}}', "malformed"],
    ["with its keys in a __proto__", '{"__proto__":{"a":1,"b":2}}', "malformed"],
    ["with half a character", '{"a":"\\ud800","b":2}', "malformed"],
    ["20,000 levels deep", `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)},"b":2}`, "limit"],
  ])("%s is refused", (_, line, code) => {
    expect(readLine(toUtf8('{"a":1,"b":2}'), pair)).toEqual({ a: 1, b: 2 });
    expect(refusalOf(() => readLine(toUtf8(line), pair))).toBe(code);
  });

  it("is refused where it is no UTF-8, whatever a lenient reader would make of it", () => {
    const line = toUtf8('{"a":"?","b":2}');
    const shape = object({ a: any, b: any });
    expect(readLine(line, shape)).toEqual({ a: "?", b: 2 });
    for (const byte of [0x80, 0xc0, 0xed, 0xff]) {
      line[6] = byte;
      expect(refusalOf(() => readLine(line, shape))).toBe("malformed");
    }
  });

  it("is read exactly where a line separator stands in a name", () => {
    expect(readLine(toUtf8('{"a":"x\u2028y","b":2}'), object({ a: any, b: any }))).toEqual({ a: "x\u2028y", b: 2 });
  });

  it("is refused where it is too long or nested too deep, before it is parsed", () => {
    const nested = (depth: number) => toUtf8("[".repeat(depth) + "]".repeat(depth));
    const long = (bytes: number) => toUtf8(`"${"a".repeat(bytes - 2)}"`);
    expect(refusalOf(() => readLine(nested(DEPTH_MAX), any))).toBeUndefined();
    expect(refusalOf(() => readLine(nested(DEPTH_MAX + 1), any))).toBe("limit");
    expect(refusalOf(() => readLine(toUtf8(`"${"[".repeat(DEPTH_MAX + 1)}"`), any))).toBeUndefined();
    expect(refusalOf(() => readLine(long(LINE_BYTES_MAX), any))).toBeUndefined();
    expect(refusalOf(() => readLine(long(LINE_BYTES_MAX + 1), any))).toBe("limit");
  });
});
