import fc from "fast-check";
import { expect, it } from "vitest";
import { addRecord } from "../../src/history/add-record.ts";
import { awaited } from "../../src/history/awaited.ts";
import { duplicates } from "../../src/history/duplicates.ts";
import { frontier, writerHeads } from "../../src/history/frontier.ts";
import { clock, isAncestor, isWithinCut } from "../../src/history/past.ts";
import { recordState } from "../../src/history/stored-record.ts";
import { histories } from "../support/histories.ts";
import { emptyIndex, type MadeChange } from "../support/writers.ts";

const RUNS = { numRuns: 50 } as const;

/** A history, and some of its changes in any order. */
const arrivals = histories.chain((made) =>
  fc.tuple(fc.constant(made), fc.shuffledSubarray(made, { minLength: Math.ceil(made.length * 0.7) })),
);

function indexOf(changes: readonly MadeChange[]) {
  const db = emptyIndex();
  for (const change of changes) addRecord(db, change);
  return db;
}

/** Digests of all that a change builds on, itself included; undefined if something of that has not arrived. */
function pasts(arrived: readonly MadeChange[]): Map<string, Set<string>> {
  const byDigest = new Map(arrived.map((change) => [change.digest, change]));
  const found = new Map<string, Set<string> | undefined>();
  const pastOf = (digest: string): Set<string> | undefined => {
    if (found.has(digest)) return found.get(digest);
    const change = byDigest.get(digest);
    const causes = change && causesOf(change).map(pastOf);
    const past =
      causes === undefined || causes.includes(undefined)
        ? undefined
        : new Set([digest, ...causes.flatMap((cause) => [...(cause as Set<string>)])]);
    found.set(digest, past);
    return past;
  };
  for (const { digest } of arrived) pastOf(digest);
  return new Map([...found].filter((entry): entry is [string, Set<string>] => entry[1] !== undefined));
}

function causesOf(change: MadeChange): string[] {
  return change.previous === null ? [...change.parents] : [change.previous, ...change.parents];
}

it("applies exactly what has all its causes, and knows every past, in whatever order records arrive", () => {
  fc.assert(
    fc.property(arrivals, ([, arrived]) => {
      const db = indexOf(arrived);
      const known = pasts(arrived);
      for (const a of arrived) {
        expect(recordState(db, a.digest)).toBe(known.has(a.digest) ? "applied" : "waiting");
        for (const b of arrived) {
          const expected = known.has(a.digest) && known.get(b.digest)?.has(a.digest) === true;
          expect(isAncestor(db, a.digest, b.digest)).toBe(expected);
        }
      }
    }),
    RUNS,
  );
});

it("draws clocks from the parents alone", () => {
  fc.assert(
    fc.property(arrivals, ([made, arrived]) => {
      const db = indexOf(arrived);
      const byDigest = new Map(made.map((change) => [change.digest, change]));
      const clockOf = (change: MadeChange): number =>
        1 + Math.max(0, ...causesOf(change).map((cause) => clockOf(byDigest.get(cause) as MadeChange)));
      for (const digest of pasts(arrived).keys()) {
        expect(clock(db, digest)).toBe(clockOf(byDigest.get(digest) as MadeChange));
      }
    }),
    RUNS,
  );
});

it("keeps on the frontier what nothing applied builds on", () => {
  fc.assert(
    fc.property(arrivals, ([, arrived]) => {
      const known = pasts(arrived);
      const last = [...known.keys()].filter((digest) =>
        [...known].every(([other, past]) => other === digest || !past.has(digest)),
      );
      expect(frontier(indexOf(arrived)).toSorted()).toEqual(last.sort());
    }),
    RUNS,
  );
});

it("names the newest records of each writer, and cuts exactly what is not under them", () => {
  fc.assert(
    fc.property(arrivals, ([, arrived]) => {
      const db = indexOf(arrived);
      const known = pasts(arrived);
      const device = (arrived[0] as MadeChange).device;
      const own = arrived.filter((change) => change.device === device && known.has(change.digest));
      const ends = own.filter((change) => !own.some((other) => other.previous === change.digest));
      const heads = writerHeads(db, [device]).map(({ digest }) => digest);
      expect(heads.toSorted()).toEqual(ends.map(({ digest }) => digest).sort());
      for (const change of own) {
        const limits = { heads: heads.slice(0, 1), removerPrevious: null };
        expect(isWithinCut(db, change.digest, limits)).toBe(known.get(heads[0] as string)?.has(change.digest));
      }
    }),
    RUNS,
  );
});

it("shows what is named and missing, and where writers' chains part, alike in every order of arrival", () => {
  const orders = arrivals.chain(([, arrived]) =>
    fc.tuple(fc.constant(arrived), fc.shuffledSubarray(arrived, { minLength: arrived.length })),
  );
  fc.assert(
    fc.property(orders, ([one, other]) => {
      const [left, right] = [indexOf(one), indexOf(other)];
      expect(awaited(left)).toEqual(awaited(right));
      expect(duplicates(left)).toEqual(duplicates(right));
      const here = new Set(one.map(({ digest }) => digest));
      const missing = new Set(one.flatMap(causesOf).filter((digest) => !here.has(digest)));
      expect(awaited(left).map(({ digest }) => digest)).toEqual([...missing].sort());
    }),
    RUNS,
  );
});
