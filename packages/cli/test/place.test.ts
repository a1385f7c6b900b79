import { describe, expect, it } from "vitest";
import { parseGroupName, parseGroupPlace, parseLocalPlace, parsePlace } from "../src/parsing/place.ts";

describe("a place", () => {
  it.each([
    ["family:", "family", "", false],
    ["family:/", "family", "", false],
    ["family:/a/b", "family", "a/b", false],
    ["family:a/b/", "family", "a/b", false],
    ["family:a//./b", "family", "a/b", false],
    ["family:a/.", "family", "a", true],
    ["family:a:b", "family", "a:b", false],
    ["family:...", "family", "...", false],
    ["müller:fotos", "müller", "fotos", false],
    ["mu\u0308ller:x", "müller", "x", false],
    ["家:x", "家", "x", false],
  ])("in a group is %s", (text, group, path, contents) => {
    expect(parsePlace(text)).toEqual({ kind: "group", group, path, contents });
  });

  it.each(["a", "./a:b", "../a:b", "/a:b", "dir/a:b", "C:\\x", "\\\\srv\\a:b", "", "."])(
    "on this machine is %s",
    (text) => {
      expect(parsePlace(text)).toEqual({ kind: "local", path: text });
    },
  );

  it.each([
    "family:..",
    "family:a/../b",
    "family:/..",
    ":a",
    "-x:a",
    ".x:a",
    "a b:c",
    "a\u202eb:c",
    "family:a\0",
    `${"a".repeat(65)}:x`,
  ])("is refused as %j", (text) => {
    expect(() => parsePlace(text)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("is refused where the other kind is wanted", () => {
    expect(() => parseGroupPlace("./a")).toThrow(expect.objectContaining({ code: "usage" }));
    expect(() => parseLocalPlace("family:a")).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

it("takes one letter for a group's name, but for a drive on Windows", () => {
  expect(parseGroupName("c", { windows: false })).toBe("c");
  expect(parsePlace("c:x", { windows: false })).toEqual({ kind: "group", group: "c", path: "x", contents: false });
  expect(() => parseGroupName("c", { windows: true })).toThrow(expect.objectContaining({ code: "usage" }));
  for (const text of ["C:/x", "c:x", "C:\\x"]) {
    expect(parsePlace(text, { windows: true })).toEqual({ kind: "local", path: text });
  }
});
