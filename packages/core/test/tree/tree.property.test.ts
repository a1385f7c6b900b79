import fc from "fast-check";
import { expect, it } from "vitest";
import { recordState } from "../../src/history/stored-record.ts";
import type { SqlDatabase } from "../../src/ports/sql.ts";
import { findEntries } from "../../src/tree/find.ts";
import { listFolder } from "../../src/tree/listing.ts";
import { readPattern } from "../../src/tree/name-pattern.ts";
import { rebuildTree, setCounts } from "../../src/tree/set-counts.ts";
import { trash } from "../../src/tree/trash.ts";
import { histories } from "../support/histories.ts";
import { indexedPurged, indexedTree, modelPurged, modelTree } from "../support/tree-model.ts";
import { emptyIndex, type MadeChange, take } from "../support/writers.ts";

const RUNS = { numRuns: 100 } as const;

/** Some changes of a history, in any order. */
const arrivals = histories.chain((made) => fc.shuffledSubarray(made, { minLength: Math.ceil(made.length * 0.7) }));

/** Closes each index after use: many of them would fill the memory. */
function withIndex<Result>(changes: readonly MadeChange[], use: (db: SqlDatabase) => Result): Result {
  const db = emptyIndex();
  try {
    take(db, changes);
    return use(db);
  } finally {
    db.close();
  }
}

function shown(changes: readonly MadeChange[]) {
  return withIndex(changes, (db) => [...listFolder(db, "", { recursive: true })].map(({ ids, ...entry }) => entry));
}

it("gives the tree that the definition gives, in whatever order changes arrive, and whatever never arrives", () => {
  fc.assert(
    fc.property(arrivals, (arrived) => {
      expect(withIndex(arrived, indexedTree)).toEqual(modelTree(arrived));
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
      expect(withIndex(one, trash)).toEqual(withIndex(other, trash));
    }),
    RUNS,
  );
});

it("purges what the definition purges, and never what somebody wrote or moved without knowing of it", () => {
  fc.assert(
    fc.property(arrivals, (arrived) => {
      expect(withIndex(arrived, indexedPurged)).toEqual(modelPurged(arrived));
    }),
    { numRuns: 300 },
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
  const rows = (db: SqlDatabase) =>
    ["tree_node", "tree_version", "tree_lane", "tree_find"].map((table) => db.all(`SELECT * FROM ${table}`));
  fc.assert(
    fc.property(arrivals, (arrived) => {
      withIndex(arrived, (db) => {
        const before = rows(db);
        rebuildTree(db);
        expect(rows(db)).toEqual(before);
      });
    }),
    RUNS,
  );
});

it("finds by any part of a name all that is shown under it, and nothing else", () => {
  const texts = fc.constantFrom("a", "A", "b.t", "e", "conflict", "recovered-", "*", "?.*", "");
  fc.assert(
    fc.property(arrivals, texts, (arrived, text) => {
      withIndex(arrived, (db) => {
        const { name: pattern } = readPattern(text);
        const nameOf = (key: string) => db.get<{ name: string }>("SELECT name FROM tree_node WHERE key = ?", key)?.name;
        const expected = [...listFolder(db, "", { recursive: true })]
          .filter(({ node }) => pattern.matches(nameOf(node) ?? ""))
          .map(({ path }) => path);
        expect(findEntries(db, { below: "", pattern: text }).map(({ path }) => path)).toEqual(expected.sort());
      });
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
      withIndex(arrived, (db) => {
        const applied = later.filter(({ digest }) => recordState(db, digest) === "applied");
        setCounts(
          db,
          applied.map(({ digest, counts }) => [digest, counts]),
        );
        expect(indexedTree(db)).toEqual(modelTree(later));
      });
    }),
    RUNS,
  );
});
