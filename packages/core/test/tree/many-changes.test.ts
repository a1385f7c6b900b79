import { expect, it } from "vitest";
import { clock } from "../../src/history/past.ts";
import { fileAt } from "../../src/tree/listing.ts";
import { emptyIndex, fileOf, nodeOf, placeAt, take, Writer } from "../support/writers.ts";

const FILE = nodeOf("f", "file");
const TINY_CHANGES = 3_000;

it("costs one tiny change after thousands about what it cost after none, and gains a clock of one for each", () => {
  const db = emptyIndex();
  const [alice, mallory] = [new Writer("alice"), new Writer("mallory")];
  const base = alice.change([placeAt(FILE, "root", "file"), fileOf(FILE, "one")]);
  take(db, [base]);
  const bytes = () =>
    (db.get("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size") as { bytes: number })
      .bytes;
  const before = bytes();
  for (let index = 0; index < TINY_CHANGES; index++)
    take(db, [mallory.change([placeAt(FILE, "root", `${index}`, "root")], { salt: `${index}` })]);
  // A million such changes: a few hundred megabytes on the disk, no more.
  expect((bytes() - before) / TINY_CHANGES).toBeLessThan(400);
  expect(clock(db, mallory.last?.digest as string)).toBe(TINY_CHANGES);
  // Whoever has seen them wins against them with the next change.
  take(db, [
    alice.change([placeAt(FILE, "root", "back", "root")], { parents: [{ digest: mallory.last?.digest as string }] }),
  ]);
  expect(fileAt(db, "back")).toMatchObject({ node: FILE });
});

it("reads no more of the tree for a tiny change when thousands went before", () => {
  const db = emptyIndex();
  const mallory = new Writer("mallory");
  let statements = 0;
  const counted: typeof db = {
    ...db,
    run: (sql, ...values) => {
      statements++;
      return db.run(sql, ...values);
    },
    get: (sql, ...values) => {
      statements++;
      return db.get(sql, ...values);
    },
    all: (sql, ...values) => {
      statements++;
      return db.all(sql, ...values);
    },
  };
  const cost = (index: number) => {
    const change = mallory.change([
      placeAt(FILE, "root", `${index}`, "root"),
      fileOf(FILE, `${index}`, mallory.last === undefined ? [] : [mallory.last]),
    ]);
    statements = 0;
    take(counted, [change]);
    return statements;
  };
  const costs = Array.from({ length: 500 }, (_, index) => cost(index));
  expect(costs.at(-1)).toBe(costs[5]);
});
