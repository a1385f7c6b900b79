import { describe, expect, it } from "vitest";
import { frontier } from "../../src/history/frontier.ts";
import type { SqlDatabase } from "../../src/ports/sql.ts";
import { countingFrontier } from "../../src/tree/counting-frontier.ts";
import { conflicts, countTree, fileAt, listFolder, resolvePath } from "../../src/tree/listing.ts";
import { setCounts } from "../../src/tree/set-counts.ts";
import { emptyIndex, fileOf, type MadeChange, nodeOf, placeAt, take, Writer } from "../support/writers.ts";

const [ONE, OTHER] = [nodeOf("d", "one"), nodeOf("d", "other")];
const [F1, F2, F3] = [nodeOf("f", "1"), nodeOf("f", "2"), nodeOf("f", "3")];

function indexOf(...changes: readonly MadeChange[]): SqlDatabase {
  const db = emptyIndex();
  take(db, changes);
  return db;
}

function paths(db: SqlDatabase): string[] {
  return [...listFolder(db, "", { recursive: true })].map(({ path }) => path);
}

describe("folders of one name", () => {
  const alice = new Writer("alice").change([placeAt(ONE, "root", "docs"), placeAt(F1, ONE, "a"), fileOf(F1, "a")]);
  const bob = new Writer("bob").change([placeAt(OTHER, "root", "docs"), placeAt(F2, OTHER, "b"), fileOf(F2, "b")]);
  const db = indexOf(alice, bob);

  it("are shown as one, with what is in either", () => {
    expect(paths(db)).toEqual(["docs", "docs/a", "docs/b"]);
    expect(countTree(db)).toEqual({ files: 2, folders: 1, bytes: 2 });
    expect([...conflicts(db)]).toEqual([]);
  });

  it("keep their ids", () => {
    const found = resolvePath(db, "docs");
    expect(found?.nodes.toSorted()).toEqual([ONE, OTHER].sort());
    expect(fileAt(db, "docs/b")).toMatchObject({ node: F2 });
  });
});

describe("files of one name", () => {
  const made = (name: string, node: string, content: string) =>
    new Writer(name).change([placeAt(node, "root", "a.txt"), fileOf(node, content)]);

  it("and content are shown once", () => {
    const db = indexOf(made("alice", F1, "same"), made("bob", F2, "same"));
    expect([...listFolder(db, "")]).toMatchObject([{ name: "a.txt", conflict: false }]);
    expect(fileAt(db, "a.txt")?.nodes.toSorted()).toEqual([F1, F2].sort());
    expect(countTree(db)).toMatchObject({ files: 1, bytes: 4 });
  });

  it("that differ are shown apart, each under a name that leads to it", () => {
    const changes = [made("alice", F1, "one"), made("bob", F2, "two"), made("carol", F3, "three")];
    const db = indexOf(...changes);
    const nameOf = () => "Eve/..\u0000";
    const shown = [...listFolder(db, "", { nameOf })];
    expect(shown.map(({ name }) => name)).toEqual(
      ["a (conflict, Eve_.._, 1970-01-01 00.00).txt", "a (conflict, Eve_.._, 1970-01-01 00.00, 2).txt", "a.txt"].sort(),
    );
    for (const entry of shown) expect(resolvePath(db, entry.path, nameOf)).toEqual(entry);
    const last = changes
      .map(({ digest }) => digest)
      .sort()
      .at(-1);
    expect(fileAt(db, "a.txt")).toMatchObject({ version: last });
    expect([...conflicts(db, nameOf)]).toHaveLength(2);
  });

  it("give way to what has the altered name already", () => {
    const [one, two] = [made("alice", F1, "one"), made("bob", F2, "two")];
    const who = (one.digest > two.digest ? two : one).device.slice(0, 8);
    const altered = `a (conflict, ${who}, 1970-01-01 00.00).txt`;
    const third = new Writer("carol").change([placeAt(F3, "root", altered), fileOf(F3, "x")]);
    const db = indexOf(one, two, third);
    expect(fileAt(db, altered)).toMatchObject({ node: F3 });
    expect(paths(db)).toContain(`a (conflict, ${who}, 1970-01-01 00.00, 2).txt`);
  });

  it("give way to a folder of that name", () => {
    const folder = new Writer("bob").change([placeAt(ONE, "root", "a.txt")]);
    const db = indexOf(made("alice", F1, "one"), folder);
    expect(resolvePath(db, "a.txt")).toMatchObject({ kind: "folder" });
    expect([...conflicts(db)]).toMatchObject([{ node: F1, kind: "file" }]);
  });

  it("may have no extension, or nothing but one", () => {
    const both = (name: string, node: string, content: string) =>
      new Writer(content).change([placeAt(node, "root", name), fileOf(node, content)]);
    const db = indexOf(both(".profile", F1, "a"), both(".profile", F2, "b"));
    expect(paths(db).find((name) => name !== ".profile")).toMatch(/^\.profile \(conflict, [^)]*\)$/);
  });

  it("bear claimed times that no calendar holds", () => {
    const far = new Writer("alice").change([placeAt(F1, "root", "a"), fileOf(F1, "a")], {
      time: Number.MAX_SAFE_INTEGER,
    });
    const farther = new Writer("bob").change([placeAt(F2, "root", "a"), fileOf(F2, "b")], {
      time: Number.MAX_SAFE_INTEGER,
    });
    expect(paths(indexOf(far, farther)).join()).toContain(String(Number.MAX_SAFE_INTEGER));
  });
});

it.each([
  ["case", "A.txt", "a.txt"],
  ["Unicode form", "\u00e9", "e\u0301"],
  ["a character without width", "ab", "a\u200bb"],
  ["a character that turns the direction", "ab", "a\u202eb"],
])("shows names that differ only in %s as they are, side by side", (_, left, right) => {
  const db = indexOf(
    new Writer("alice").change([placeAt(F1, "root", left), fileOf(F1, "1")]),
    new Writer("bob").change([placeAt(F2, "root", right), fileOf(F2, "2")]),
  );
  expect(paths(db).sort()).toEqual([left, right].sort());
  expect(fileAt(db, left)).toMatchObject({ node: F1, conflict: false });
  expect(fileAt(db, right)).toMatchObject({ node: F2, conflict: false });
});

it.each(["..", "C:\\x", "\\\\srv\\x", "CON", "nul.txt", "a:stream", "GIT~1", "trailing. ", "x".repeat(300)])(
  "gives back the name %j as it was given",
  (name) => {
    const db = indexOf(new Writer("alice").change([placeAt(F1, "root", name), fileOf(F1, "1")]));
    expect([...listFolder(db, "")]).toMatchObject([{ name, path: name }]);
  },
);

it("finds nothing below a file, or where nothing is", () => {
  const db = indexOf(new Writer("alice").change([placeAt(F1, "root", "a"), fileOf(F1, "1")]));
  expect(resolvePath(db, "a/b")).toBeUndefined();
  expect(resolvePath(db, "b (conflict, x, y)")).toBeUndefined();
  expect([...listFolder(db, "nothing")]).toEqual([]);
  expect([...listFolder(db, "/a/")]).toMatchObject([{ path: "a" }]);
  expect(resolvePath(db, "")).toMatchObject({ kind: "root" });
});

it("names only counting changes as parents, in the place of those that do not count", () => {
  const [alice, mallory] = [new Writer("alice"), new Writer("mallory")];
  const one = alice.change([]);
  const other = mallory.change([]);
  const voided = mallory.change([], { parents: [one], counts: false });
  const db = indexOf(one, other, voided);
  expect(frontier(db)).toEqual([voided.digest]);
  expect(countingFrontier(db)).toEqual([one.digest, other.digest].sort().reverse());
  setCounts(db, [[voided.digest, true]]);
  expect(countingFrontier(db)).toEqual([voided.digest]);
});
