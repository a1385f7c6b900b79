import { bech32m } from "@scure/base";
import { describe, expect, it } from "vitest";
import { CODE_LENGTH_MAX, type CodeKind, decodeCode, encodeCode, isCode } from "../../src/encoding/code.ts";

const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const bytes = Uint8Array.from({ length: 300 }, (_, index) => (index * 7 + 1) % 256);
const code = encodeCode("conclave-device", bytes);

/** All that comes of one change, at every place of the code. */
function mistyped(change: (code: string, at: number) => string): string[] {
  return Array.from(code, (_, at) => change(code, at)).filter((each) => each !== code);
}

function isRefused(text: string, kind: CodeKind = "conclave-device"): boolean {
  try {
    decodeCode(kind, text);
    return false;
  } catch (error) {
    return (error as { code?: string }).code === "malformed";
  }
}

describe("codes", () => {
  it("give the same bytes back, in capitals and in several lines too", () => {
    for (const typed of [code, code.toUpperCase(), ` ${code.slice(0, 80)}\r\n${code.slice(80)}\n`]) {
      expect(decodeCode("conclave-device", typed)).toEqual(bytes);
    }
    expect(decodeCode("conclave-invite", encodeCode("conclave-invite", new Uint8Array()))).toEqual(new Uint8Array());
  });

  it.each([
    [
      "another character",
      (text: string, at: number) => `${text.slice(0, at)}${another(text[at])}${text.slice(at + 1)}`,
    ],
    [
      "two neighbours that changed places",
      (text: string, at: number) => `${text.slice(0, at)}${text[at + 1] ?? ""}${text[at]}${text.slice(at + 2)}`,
    ],
    ["a missing character", (text: string, at: number) => text.slice(0, at) + text.slice(at + 1)],
  ])("refuse %s, at every place", (_, change) => {
    const wrong = mistyped(change);
    expect(wrong.length).toBeGreaterThan(code.length / 2);
    expect(wrong.filter((text) => !isRefused(text))).toEqual([]);
  });

  it.each([
    ["nothing", ""],
    ["the beginning alone", code.slice(0, 100)],
    ["mixed capitals", code.slice(0, 40) + code.slice(40).toUpperCase()],
    ["another kind", encodeCode("conclave-invite", bytes)],
    ["another program's code", bech32m.encode("lnbc", bech32m.toWords(bytes), false)],
    ["an address", "conclave:v1/00/00/00/file%3A%2F%2F"],
    ["more than a code may be", `${code}${"q".repeat(17_000)}`],
  ])("refuse %s, without quoting it", (_, text) => {
    expect(isRefused(text)).toBe(true);
    expect(() => decodeCode("conclave-device", text)).toThrow(/^code [a-z0-9 ,-]+$/);
  });

  it("are refused when longer than a code may be, though their checksum is right", () => {
    const long = (size: number) => bech32m.encode("conclave-device", bech32m.toWords(new Uint8Array(size)), false);
    const most = long(10_218);
    expect(decodeCode("conclave-device", most)).toHaveLength(10_218);
    expect(CODE_LENGTH_MAX - most.length).toBeLessThan(20);
    expect(() => decodeCode("conclave-device", long(10_240))).toThrow("is longer than 16384 characters");
  });

  it("say which kind they are", () => {
    expect(isCode("conclave-device", code.toUpperCase())).toBe(true);
    expect(isCode("conclave-invite", code)).toBe(false);
    expect(() => decodeCode("conclave-invite", code)).toThrow("conclave-invite is wanted");
  });

  it("are not made longer than a code may be", () => {
    expect(() => encodeCode("conclave-device", new Uint8Array(10_240))).toThrow(
      expect.objectContaining({ code: "limit" }),
    );
  });
});

function another(character = "q"): string {
  const at = ALPHABET.indexOf(character);
  return ALPHABET[(at + 1) % ALPHABET.length] ?? "q";
}
