import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseName, FoldedSets, fits, foldName } from "../../src/files/local-name.ts";

const POSIX = { windows: false, folds: false };
const WINDOWS = { windows: true, folds: true };
const free = (): boolean => false;

describe("Windows' rules", () => {
  it.each([
    "C:x",
    "C:\\x",
    "\\\\srv\\x",
    "a:stream",
    "a?",
    "a*",
    'a"',
    "a<b",
    "a>b",
    "a|b",
    "a\tb",
    "CON",
    "con",
    "nul.txt",
    "NUL .txt",
    "COM1",
    "com¹.log",
    "LPT9",
    "CONIN$",
    "dot.",
    "space ",
    "...",
    "GIT~1",
    "progra~1.txt",
    "a".repeat(256),
  ])("refuse %j, and give another name for it", (name) => {
    expect(fits(name, WINDOWS)).toBe(false);
    const chosen = chooseName(name, free, WINDOWS);
    expect(fits(chosen, WINDOWS)).toBe(true);
    expect(chooseName(name, free, WINDOWS)).toBe(chosen);
  });

  it.each([
    "console",
    "com",
    "com10",
    "nul1",
    ".gitignore",
    "a b",
    "a.b.c",
    "~",
    "a~b",
    "longername~1",
    "ä".repeat(255),
  ])("take %j as it is", (name) => {
    expect(chooseName(name, free, WINDOWS)).toBe(name);
  });
});

describe("elsewhere", () => {
  it.each([
    "",
    ".",
    "..",
    "a/b",
    "a\0b",
    "\udfff",
    "a".repeat(256),
    "ä".repeat(128),
    ".conclave-00112233-1-0011223344556677.part",
  ])("%j cannot stand, and gets another name", (name) => {
    expect(fits(name, POSIX)).toBe(false);
    expect(fits(chooseName(name, free, POSIX), POSIX)).toBe(true);
  });

  it("keeps the extension of a name that is too long, and does not cut a letter in two", () => {
    const chosen = chooseName(`${"ä".repeat(200)}.jpeg`, free, POSIX);
    expect(chosen).toMatch(/^ä+~[0-9a-f]{8}\.jpeg$/);
    expect(Buffer.byteLength(chosen)).toBeGreaterThan(250);
  });
});

it("gives a name that fits and is free, for any name and any rules", () => {
  const rules = fc.record({ windows: fc.boolean(), folds: fc.boolean() });
  const name = fc.oneof(fc.string({ unit: "binary", maxLength: 400 }), fc.stringMatching(/^[.~ :\\A-C0-9]{0,12}$/));
  fc.assert(
    fc.property(name, rules, fc.nat(3), (text, rule, tries) => {
      const taken = new Set<string>();
      for (let index = 0; index <= tries; index++) {
        const chosen = chooseName(text, (candidate) => taken.has(candidate), rule);
        if (taken.has(chosen) || !fits(chosen, rule)) return false;
        taken.add(chosen);
      }
      return true;
    }),
  );
});

describe("folded names", () => {
  it("are one where case or Unicode form alone differ", () => {
    expect(foldName("Straße.TXT")).toBe(foldName("STRASSE.txt"));
    expect(foldName("é")).toBe(foldName("e\u0301"));
    expect(foldName("a")).not.toBe(foldName("b"));
  });

  it("are found in a set that grows", () => {
    const sets = new FoldedSets();
    const names = new Set(["A"]);
    expect([sets.has(names, "a"), sets.has(names, "b")]).toEqual([true, false]);
    names.add("B");
    expect([sets.has(names, "b"), sets.has(names, "c")]).toEqual([true, false]);
    expect(sets.has(new Set(), "a")).toBe(false);
  });
});
