import { describe, expect, it } from "vitest";
import type { SqlDatabase } from "../../src/ports/sql.ts";
import { findEntries } from "../../src/tree/find.ts";
import { readPattern } from "../../src/tree/name-pattern.ts";
import { setCounts } from "../../src/tree/set-counts.ts";
import { deleteOf, emptyIndex, fileOf, nodeOf, placeAt, take, Writer } from "../support/writers.ts";

const [PHOTOS, YEAR] = [nodeOf("d", "photos"), nodeOf("d", "2025")];

/** Alice's `photos/2025` with files of these names in it. */
function withFiles(...names: readonly string[]): { readonly db: SqlDatabase; readonly alice: Writer } {
  const [db, alice] = [emptyIndex(), new Writer("alice")];
  const files = names.flatMap((name) => [placeAt(nodeOf("f", name), YEAR, name), fileOf(nodeOf("f", name), name)]);
  take(db, [alice.change([placeAt(PHOTOS, "root", "photos"), placeAt(YEAR, PHOTOS, "2025"), ...files])]);
  return { db, alice };
}

function find(db: SqlDatabase, pattern: string, below = ""): string[] {
  return findEntries(db, { below, pattern }).map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
}

describe("a name is found", () => {
  it.each<[string, string, readonly string[]]>([
    ["by a part of it", "ummer", ["summer.jpg"]],
    ["by two letters", "um", ["summer.jpg"]],
    ["by one letter", "м", ["моё фото"]],
    ["whatever its case and accents", "zurich", ["ZÜRICH.png"]],
    ["by accents that it lacks", "Sümmér", ["summer.jpg"]],
    ["in either form of its accents", "u\u0308rich", ["ZÜRICH.png"]],
    ["by letters of another width, and by ligatures", "ｏｆｆｉｃｅ", ["oﬃce"]],
    ["with a sharp s", "STRASSE", ["straße"]],
    ["by its end", "*.JPG", ["summer.jpg"]],
    ["by signs that stand for one", "summer.???", ["summer.jpg"]],
    ["by a set", "[r-s]ummer*", ["summer.jpg"]],
    ["by what a set leaves out", "[!a-r]ummer*", ["summer.jpg"]],
    ["by a sign that means nothing by itself", "\\*", ["a*b[c].txt"]],
    ["by a bracket", "b\\[c", ["a*b[c].txt"]],
    ["by words of another script", "фот", ["моё фото"]],
    ["by a dash", "oo-oo", ["oo-oo [z-a]"]],
    ["by a range that goes backwards, as it stands", "[z-a]", ["oo-oo [z-a]"]],
    ["by an emoji", "🏖", ["🏖 beach"]],
  ])("%s", (_, pattern, expected) => {
    const names = ["summer.jpg", "ZÜRICH.png", "oﬃce", "straße", "a*b[c].txt", "моё фото", "🏖 beach", "oo-oo [z-a]"];
    expect(find(withFiles(...names).db, pattern)).toEqual(expected);
  });

  it.each<[string, string]>([
    ["a part, where a whole name is asked for", "umme?"],
    ["another name", "winter"],
    ["what would end a phrase of the search", '"summer'],
    ["words of its language", "summer OR jpg"],
  ])("not by %s", (_, pattern) => {
    expect(find(withFiles("summer.jpg").db, pattern)).toEqual([]);
  });

  it.each<[string, string, readonly string[]]>([
    ["a folder and what is in it", "photos/20", ["2025"]],
    ["the ends of a path", "2025/sum", ["summer.jpg"]],
    ["whole names", "photos/*/*.jpg", ["summer.jpg"]],
    ["all in a folder", "2025/", ["autumn.png", "summer.jpg"]],
    ["another folder", "2024/sum", []],
    ["more folders than there are", "a/photos/2025", []],
    ["the top", "/photos", ["photos"]],
  ])("by its path: %s", (_, pattern, expected) => {
    expect(find(withFiles("summer.jpg", "autumn.png").db, pattern)).toEqual(expected);
  });
});

it("asks the trigrams of names, and reads no other names", () => {
  const { db } = withFiles("summer.jpg");
  const plan = db.all<{ detail: string }>(
    "EXPLAIN QUERY PLAN SELECT n.key FROM tree_find f JOIN tree_node n ON n.id = f.rowid WHERE f.name GLOB ? AND n.shown = 1",
    readPattern("ummer").name.glob,
  );
  expect(plan.map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/^SCAN f VIRTUAL TABLE INDEX \d+:G0$/),
    expect.stringMatching(/^SEARCH n USING INTEGER PRIMARY KEY/),
  ]);
});

describe("what is found", () => {
  it("lies below the folder that is asked for", () => {
    const { db, alice } = withFiles("summer.jpg");
    take(db, [alice.change([placeAt(nodeOf("f", "x"), "root", "summer.txt"), fileOf(nodeOf("f", "x"), "x")])]);
    expect(find(db, "summer", "photos")).toEqual(["summer.jpg"]);
    expect(find(db, "summer", "photo")).toEqual([]);
    expect(find(db, "summer", "summer.txt")).toEqual(["summer.txt"]);
  });

  it("follows names that change, and what is deleted and counts no more", () => {
    const { db, alice } = withFiles("summer.jpg");
    const node = nodeOf("f", "summer.jpg");
    const renamed = alice.change([placeAt(node, YEAR, "winter.jpg", YEAR)]);
    take(db, [renamed]);
    expect([find(db, "summer"), find(db, "winter")]).toEqual([[], ["winter.jpg"]]);
    setCounts(db, [[renamed.digest, false]]);
    expect([find(db, "summer"), find(db, "winter")]).toEqual([["summer.jpg"], []]);
    take(db, [alice.change([deleteOf(node)])]);
    expect(find(db, "summer")).toEqual([]);
  });

  it("is shown with every version of a conflict", () => {
    const { db, alice } = withFiles("a.txt", "b.txt");
    const node = nodeOf("f", "a.txt");
    const bob = new Writer("bob");
    const base = { digest: alice.last?.digest ?? "" };
    take(db, [
      alice.change([fileOf(node, "alice's", [base])]),
      bob.change([fileOf(node, "bob's", [base])], { parents: [base] }),
    ]);
    expect(find(db, "a.txt")).toEqual([expect.stringMatching(/^a \(conflict, /), "a.txt"]);
  });
});
