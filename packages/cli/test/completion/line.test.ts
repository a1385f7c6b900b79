import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bashWord } from "../../src/completion/bash-word.ts";
import { commonStart, splitLine, typedRest } from "../../src/completion/line.ts";

const texts = (line: string, windows = false) => {
  const { words, open } = splitLine(line, { windows });
  return [...words, ...(open ? [open] : [])].map(({ text }) => text);
};

describe("a typed line", () => {
  it.each([
    ["upload a b", ["upload", "a", "b"]],
    ["  a\t b  ", ["a", "b"]],
    ["'a b' c", ["a b", "c"]],
    [`"a 'b'" c`, ["a 'b'", "c"]],
    ["a\\ b", ["a b"]],
    [`"a\\"b\\\\c\\n"`, ['a"b\\c\\n']],
    [`'a'"b"c`, ["abc"]],
    [`''`, [""]],
    ["", []],
    ["ends\\", ["ends\\"]],
    ["$(touch x) `y` ;&|", ["$(touch", "x)", "`y`", ";&|"]],
  ])("splits %j as shells do, and runs nothing of it", (line, words) => {
    expect(texts(line)).toEqual(words);
  });

  it("keeps the backslashes of Windows' paths there", () => {
    expect(texts("C:\\new\\a.txt 'b c'", true)).toEqual(["C:\\new\\a.txt", "b c"]);
  });

  it("knows where its open word begins, and which quote is open", () => {
    expect(splitLine("cat 'x y")).toMatchObject({ quote: "'", openAt: 4, open: { text: "x y" } });
    expect(splitLine("cat x ")).toMatchObject({ quote: undefined, openAt: 6, open: undefined });
  });

  it("takes wildcards for such only outside quotes", () => {
    expect(splitLine("a*").open?.pattern).toBe("a*");
    expect(splitLine("'a*'").open?.pattern).toBeUndefined();
    expect(splitLine("'a[1]'*").open?.pattern).toBe("a\\[1\\]*");
    expect(splitLine("a\\*").open?.pattern).toBeUndefined();
  });

  it("becomes the word that was chosen, whatever the name holds and whichever quote is open", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1 }).filter((name) => !/\s\p{Cc}/u.test(name)),
        fc.constantFrom("", "'", '"'),
        (name, quote) => {
          const line = splitLine(`cat ${quote}`);
          const whole = `cat ${quote}${typedRest(name, { ...line, isWhole: true })}`;
          expect(splitLine(whole)).toMatchObject({ words: [{ text: "cat" }, { text: name }], quote: undefined });
        },
      ),
    );
  });

  it("is completed by what all candidates share", () => {
    expect(commonStart(["abc", "abd"])).toBe("ab");
    expect(commonStart(["abc"])).toBe("abc");
    expect(commonStart(["a", "b"])).toBe("");
    expect(commonStart([])).toBe("");
  });
});

describe("a word for bash", () => {
  it.each([
    ["conclave ls fam:$", "fam:$(touch pwned)", "\\$\\(touch\\ pwned\\)"],
    ["conclave ls fam:", "fam:a'b `c`", "a\\'b\\ \\`c\\`"],
    ["conclave ls 'fam:", "fam:a'b", "fam:a'\\''b"],
    ['conclave ls "fam:', 'fam:$(x)"`', 'fam:\\$(x)\\"\\`'],
    ["conclave ls fa", "fam:", "fam:"],
  ])("of %j is escaped, and only what follows the last break", (line, word, expected) => {
    expect(bashWord(word, splitLine(line))).toBe(expected);
  });
});
