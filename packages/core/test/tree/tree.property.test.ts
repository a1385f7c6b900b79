import fc from "fast-check";
import { expect, it } from "vitest";
import { listFolder } from "../../src/tree/listing.ts";
import { rebuildTree, setCounts } from "../../src/tree/set-counts.ts";
import { histories } from "../support/histories.ts";
import { indexedTree, modelTree } from "../support/tree-model.ts";
import { emptyIndex, type MadeChange, take } from "../support/writers.ts";

const RUNS = { numRuns: 100 } as const;

/** Some changes of a history, in any order. */
const arrivals = histories.chain((made) => fc.shuffledSubarray(made, { minLength: Math.ceil(made.length * 0.7) }));

function indexOf(changes: readonly MadeChange[]) {
  const db = emptyIndex();
  take(db, changes);
  return db;
}

function shown(changes: readonly MadeChange[]) {
  const db = indexOf(changes);
  return [...listFolder(db, "", { recursive: true })].map(({ ids, ...entry }) => ({
    ...entry,
    extents: entry.extents,
  }));
}

it("gives the tree that the definition gives, in whatever order changes arrive, and whatever never arrives", () => {
  fc.assert(
    fc.property(arrivals, (arrived) => {
      expect(indexedTree(indexOf(arrived))).toEqual(modelTree(arrived));
    }),
    RUNS,
  );
});

it("shows the same in whatever order changes arrive", () => {
  const orders = arrivals.chain((arrived) =>
    fc.tuple(fc.constant(arrived), fc.shuffledSubarray(arrived, { minLength: arrived.length })),
  );
  fc.assert(
    fc.property(orders, ([one, other]) => {
      expect(shown(one)).toEqual(shown(other));
    }),
    RUNS,
  );
});

it("gives each entry a path of its own", () => {
  fc.assert(
    fc.property(arrivals, (arrived) => {
      const paths = shown(arrived).map(({ path }) => path);
      expect(new Set(paths).size).toBe(paths.length);
    }),
    RUNS,
  );
});

it("is the same built anew", () => {
  fc.assert(
    fc.property(arrivals, (arrived) => {
      const db = indexOf(arrived);
      const before = db.all("SELECT * FROM tree_node ORDER BY id");
      const versions = db.all("SELECT * FROM tree_version");
      rebuildTree(db);
      expect(db.all("SELECT * FROM tree_node ORDER BY id")).toEqual(before);
      expect(db.all("SELECT * FROM tree_version")).toEqual(versions);
    }),
    RUNS,
  );
});

it("is what it would be had changes counted, or not, from the start", () => {
  const flipped = arrivals.chain((arrived) =>
    fc.tuple(fc.constant(arrived), fc.array(fc.boolean(), { minLength: arrived.length, maxLength: arrived.length })),
  );
  fc.assert(
    fc.property(flipped, ([arrived, flips]) => {
      const later = arrived.map((change, index) => ({ ...change, counts: flips[index] === true }));
      const db = indexOf(arrived);
      const applied = new Set(
        db
          .all<{ digest: string }>("SELECT lower(hex(digest)) AS digest FROM history_record")
          .map(({ digest }) => digest),
      );
      setCounts(
        db,
        later.filter(({ digest }) => applied.has(digest)).map(({ digest, counts }) => [digest, counts]),
      );
      expect(indexedTree(db)).toEqual(modelTree(later));
    }),
    RUNS,
  );
});
