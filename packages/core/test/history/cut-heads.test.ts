/** What a cut names of somebody who has written with very many writers. */
import { describe, expect, it } from "vitest";
import { addRecord, type HistoryRecord } from "../../src/history/add-record.ts";
import { cutHeads } from "../../src/history/cut-heads.ts";
import { writerHeads } from "../../src/history/frontier.ts";
import { isWithinCut, isWithinPast, pastOfCut } from "../../src/history/past.ts";
import type { SqlDatabase } from "../../src/ports/sql.ts";
import { emptyIndex, hexOf, Writer } from "../support/writers.ts";

const MAX = 8;

/** A first change of a writer of its own, on top of these. */
function write(db: SqlDatabase, device: string, parents: readonly { readonly digest: string }[] = []): HistoryRecord {
  const { count = 0 } = db.get<{ count: number }>("SELECT count(*) AS count FROM history_record") ?? {};
  const change = new Writer(`${device} ${count}`, { device }).change([], { parents });
  expect(addRecord(db, change)).toBe("applied");
  return change;
}

const digests = (records: readonly { readonly digest: string }[]) => records.map(({ digest }) => digest);

describe("a cut", () => {
  it("names the newest record of every writer while there is room", () => {
    const db = emptyIndex();
    const first = write(db, "alice");
    const all = [first, ...Array.from({ length: MAX - 1 }, () => write(db, "alice", [first]))];
    expect(digests(cutHeads(db, writerHeads(db, [first.device]), MAX)).toSorted()).toEqual(digests(all).sort());
  });

  it("names of more only what nothing of theirs builds on: an honest chain of many writers stays whole", () => {
    const db = emptyIndex();
    let last = write(db, "alice");
    for (let count = 0; count < 20; count++) last = write(db, "alice", [last]);
    expect(digests(cutHeads(db, writerHeads(db, [last.device]), MAX))).toEqual([last.digest]);
  });

  it("attack 10: has room for as many as fit into an entry, and the flood goes first", () => {
    const db = emptyIndex();
    const honest = Array.from({ length: 3 }, () => write(db, "alice"));
    for (let count = 0; count < 2000; count++) write(db, "alice");
    const named = digests(cutHeads(db, writerHeads(db, [hexOf("device alice")]), 1024));
    expect(named).toHaveLength(1024);
    expect(named).toEqual(expect.arrayContaining(digests(honest)));
  });

  it("attack 10: gives every device its turn, so that no flood takes another's place", () => {
    const db = emptyIndex();
    for (let count = 0; count < 20; count++) write(db, "mallory");
    const [bob, carol] = [write(db, "bob"), write(db, "carol")];
    const devices = ["mallory", "bob", "carol"].map((name) => hexOf(`device ${name}`));
    expect(digests(cutHeads(db, writerHeads(db, devices), MAX))).toEqual(expect.arrayContaining(digests([bob, carol])));
  });
});

describe("what lies under a cut", () => {
  it("is the same worked out once and asked of each record, and waits while a head is not there", () => {
    const db = emptyIndex();
    const [first, other] = [write(db, "alice"), write(db, "alice")];
    const later = write(db, "alice", [first]);
    const own = write(db, "bob", [other]);
    for (const heads of [[], [first], [later], [later, other], [own]].map(digests)) {
      for (const removerPrevious of [null, own.digest]) {
        const past = pastOfCut(db, { heads, removerPrevious }) ?? new Map();
        for (const { digest } of [first, other, later, own]) {
          expect(isWithinPast(db, digest, past)).toBe(isWithinCut(db, digest, { heads, removerPrevious }));
        }
      }
    }
    expect(pastOfCut(db, { heads: [first.digest, hexOf("not there")], removerPrevious: null })).toBeUndefined();
  });
});
