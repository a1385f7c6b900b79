import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeText, safeJson } from "../src/terminal/escape.ts";

const HOSTILE: readonly (readonly [what: string, name: string, shown: string])[] = [
  ["a terminal's colour sequence", "\u001b[31mred", "\\u{1b}[31mred"],
  ["a sequence that sets the title", "\u001b]0;owned\u0007", "\\u{1b}]0;owned\\u{7}"],
  ["the one-byte sequence start", "\u009b2J", "\\u{9b}2J"],
  ["a line feed", "a\nerror: forged", "a\\u{a}error: forged"],
  ["a carriage return", "a\rb", "a\\u{d}b"],
  ["a tab", "a\tb", "a\\u{9}b"],
  ["delete", "a\u007fb", "a\\u{7f}b"],
  ["a zero byte", "a\0b", "a\\u{0}b"],
  ["right-to-left override", "photo\u202egpj.exe", "photo\\u{202e}gpj.exe"],
  ["an isolate", "\u2066a\u2069", "\\u{2066}a\\u{2069}"],
  ["the Arabic letter mark", "a\u061cb", "a\\u{61c}b"],
  ["a zero-width space", "a\u200bb", "a\\u{200b}b"],
  ["a zero-width joiner", "a\u200db", "a\\u{200d}b"],
  ["a byte order mark", "\ufeffa", "\\u{feff}a"],
  ["a soft hyphen", "a\u00adb", "a\\u{ad}b"],
  ["a Hangul filler, drawn as nothing", "a\u3164b", "a\\u{3164}b"],
  ["a tag character", "a\u{e0041}b", "a\\u{e0041}b"],
  ["a variation selector", "a\ufe0fb", "a\\u{fe0f}b"],
  ["half a surrogate pair", "a\ud800b", "a\\u{d800}b"],
  ["a line separator", "a\u2028b", "a\\u{2028}b"],
  ["a no-break space", "a\u00a0b", "a\\u{a0}b"],
  ["text that looks escaped already", "a\\u{202e}b", "a\\u{5c}u{202e}b"],
];

describe("names from others", () => {
  it.each(HOSTILE)("show %s as what it is", (_, name, shown) => {
    expect(escapeText(name)).toBe(shown);
  });

  it.each(["plain name.txt", "Größe", "日本語　名", "naïve e\u0301", "a\\b", "🎉", "שלום"])(
    "show %s as it is",
    (name) => {
      expect(escapeText(name)).toBe(name);
    },
  );

  it("look different when they are different", () => {
    const name = fc.string({ unit: fc.constantFrom("\\", "u", "{", "}", "5", "c", "\u202e", "\u0005", "\u005c") });
    fc.assert(fc.property(name, name, (a, b) => (escapeText(a) === escapeText(b)) === (a === b)));
  });
});

describe("JSON on a terminal", () => {
  it.each(HOSTILE)("holds nothing raw of %s, and reads back the same", (_, name) => {
    const json = safeJson({ name });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing but visible characters may be left.
    expect(json).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
    expect(JSON.parse(json)).toEqual({ name });
  });

  it("reads back the same for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => (JSON.parse(safeJson([text])) as string[])[0] === text),
    );
  });
});
