/** Trees that are small on the storage and would be huge in memory, or take for ever: a member's doing, met by everybody else. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { readLine, writeLine } from "../../src/encoding/strict.ts";
import type { SqlDatabase, SqlValue } from "../../src/ports/sql.ts";
import { BLOB_PIECES_MAX, extents, type Operation, VERSION_PIECES_MAX } from "../../src/records/change.ts";
import { findEntries } from "../../src/tree/find.ts";
import { listFolder, resolvePath } from "../../src/tree/listing.ts";
import { ConflictNames } from "../../src/tree/names.ts";
import { isTooDeep } from "../../src/tree/paths.ts";
import { planCopy } from "../../src/tree/plan.ts";
import { trash } from "../../src/tree/trash.ts";
import { deleteOf, emptyIndex, hexOf, nodeOf, placeAt, take, Writer } from "../support/writers.ts";

/** A database that counts what it is asked. */
function counting(db: SqlDatabase): { readonly db: SqlDatabase; asked: number } {
  const counted = {
    asked: 0,
    db: Object.assign(Object.create(db) as SqlDatabase, {
      get<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined {
        counted.asked += 1;
        return db.get<Row>(sql, ...values);
      },
      all<Row>(sql: string, ...values: readonly SqlValue[]): Row[] {
        counted.asked += 1;
        return db.all<Row>(sql, ...values);
      },
    }),
  };
  return counted;
}

describe("a file that says it has millions of pieces", () => {
  const version = (word: string, count: number): Operation => ({
    op: "file",
    node: nodeOf("f", word),
    replaces: [],
    size: 1,
    modified: 0,
    executable: false,
    extents: Array.from({ length: count }, () => [hexOf(word), 0, BLOB_PIECES_MAX] as const),
    path: "a",
  });

  it("costs a listing what its record costs, where it shares its name", () => {
    const db = emptyIndex();
    for (const word of ["one", "two"])
      take(db, [new Writer(word).change([placeAt(nodeOf("f", word), "root", "a"), version(word, 200)])]);
    const counted = counting(db);
    expect([...listFolder(counted.db, "")]).toHaveLength(2);
    expect(counted.asked).toBeLessThan(2_000);
  });

  it.each([
    ["takes", VERSION_PIECES_MAX / BLOB_PIECES_MAX, true],
    ["refuses", VERSION_PIECES_MAX / BLOB_PIECES_MAX + 1, false],
  ])("is one that a reader %s at %i whole blobs", (_, count, isTaken) => {
    const line = writeLine(Array.from({ length: count }, () => [hexOf("blob"), 0, BLOB_PIECES_MAX]));
    const read = () => readLine(line, extents).length;
    if (isTaken) expect(read()).toBe(count);
    else expect(read).toThrow(expect.objectContaining({ code: "malformed" }));
  });
});

it("thousands that want one name get it without each asking for all numbers before", () => {
  const names = new ConflictNames(["a"]);
  const asked = vi.spyOn(Set.prototype, "has");
  onTestFinished(() => asked.mockRestore());
  const author = { author: { device: "d", time: 0 }, nameOf: () => "Eve" };
  const given = Array.from({ length: 2_000 }, () => names.give("a", author));
  expect(asked.mock.calls.length).toBeLessThan(3_000);
  expect(new Set(given).size).toBe(2_000);
  expect(given.slice(0, 2)).toEqual(["a (conflict, Eve, 1970-01-01 00.00)", "a (conflict, Eve, 1970-01-01 00.00, 2)"]);
});

describe("folders in folders without end", () => {
  const DEPTH = 200;
  const node = (level: number) => (level < 0 ? "root" : nodeOf("d", `level ${level}`));
  const name = "n".repeat(1000);
  const db = emptyIndex();
  const mallory = new Writer("mallory");
  take(db, [mallory.change(Array.from({ length: DEPTH }, (_, level) => placeAt(node(level), node(level - 1), name)))]);
  const shown = [...listFolder(db, "", { recursive: true })].map(({ path }) => path);

  it("are listed no deeper than a path can name, and the last says so", () => {
    expect(shown).toHaveLength(17);
    expect(shown.map(isTooDeep)).toEqual([...Array<boolean>(16).fill(false), true]);
  });

  it("are still there for who asks for that very folder", () => {
    const deep = Array<string>(100).fill(name).join("/");
    expect(resolvePath(db, deep)).toMatchObject({ kind: "folder", node: node(99) });
    expect([...listFolder(db, deep)].map(({ node: id }) => id)).toEqual([node(100)]);
  });

  it("are found as deep as they are listed", () => {
    expect(findEntries(db, { below: "", pattern: "nnn" }).map(({ path }) => path)).toEqual(shown);
  });

  it("are not copied in part", () => {
    const options = { randomBytes: (length: number) => new Uint8Array(length) };
    const copy = () => planCopy(db, { from: shown[8] ?? "", to: "copy" }, options);
    expect(copy).toThrow(expect.objectContaining({ code: "limit" }));
  });

  it("lie in the trash under short paths, and are asked for once each", () => {
    const deleted = emptyIndex();
    const eve = new Writer("eve");
    const places = Array.from({ length: DEPTH }, (_, level) => placeAt(node(level), node(level - 1), name));
    const made = eve.change(places);
    take(deleted, [made]);
    const deletes = Array.from({ length: DEPTH }, (_, level) => deleteOf(node(level)));
    take(deleted, [eve.change(deletes, { parents: [made] })]);
    const counted = counting(deleted);
    const paths = trash(counted.db).map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(0);
    expect(Math.max(...paths.map((path) => path.length))).toBeLessThan(18_000);
    expect(counted.asked).toBeLessThan(2 * DEPTH);
  });
});

describe("a folder that holds something and is moved at the end of a long chain", () => {
  it("asks the database no more often than near the top", () => {
    const folder = (index: number) => nodeOf("d", `folder ${index}`);
    const cost = (depth: number): number => {
      const counted = counting(emptyIndex());
      const mallory = new Writer("mallory");
      const chain = Array.from({ length: depth }, (_, index) =>
        mallory.change([placeAt(folder(index), index === 0 ? "root" : folder(index - 1), "n")]),
      );
      take(counted.db, chain);
      const move = mallory.change([placeAt(folder(depth - 2), folder(depth - 3), "m", folder(depth - 3))]);
      const before = counted.asked;
      take(counted.db, [move]);
      return counted.asked - before;
    };
    expect(cost(500)).toBe(cost(5));
  });
});
