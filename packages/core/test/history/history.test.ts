import { describe, expect, it } from "vitest";
import { addRecord } from "../../src/history/add-record.ts";
import { awaited } from "../../src/history/awaited.ts";
import { duplicates } from "../../src/history/duplicates.ts";
import { frontier, writerHeads } from "../../src/history/frontier.ts";
import { clock, isAncestor, isWithinCut } from "../../src/history/past.ts";
import { appliedSince, recordOf, recordState } from "../../src/history/stored-record.ts";
import { emptyIndex, hexOf, Writer } from "../support/writers.ts";

const malformed = expect.objectContaining({ code: "malformed" });
const limit = expect.objectContaining({ code: "limit" });

describe("adding records", () => {
  it("says whether a record is applied, waits, or was known", () => {
    const [db, alice] = [emptyIndex(), new Writer("alice")];
    const [first, second] = [alice.record(), alice.record()];
    expect(addRecord(db, second)).toBe("waiting");
    expect(addRecord(db, second)).toBe("known");
    expect(addRecord(db, first)).toBe("applied");
    expect(addRecord(db, first)).toBe("known");
    expect(addRecord(db, second)).toBe("known");
  });

  it("gives out what became applied in causal order, by a sequence that goes on", () => {
    const [db, alice, bob] = [emptyIndex(), new Writer("alice"), new Writer("bob")];
    const first = alice.change([]);
    const second = alice.change([]);
    const third = bob.change([], { parents: [second] });
    for (const record of [third, second, first]) addRecord(db, record);
    const applied = [...appliedSince(db, 0)];
    expect(applied.map(({ digest }) => digest)).toEqual([first.digest, second.digest, third.digest]);
    expect(applied[2]).toMatchObject({ device: bob.device, writer: bob.writer, number: 1, head: hexOf("head") });
    expect([...appliedSince(db, applied[1]?.sequence ?? 0)]).toEqual([recordOf(db, third.digest)]);
  });

  it("applies a chain of two thousand that arrives backwards", () => {
    const [db, alice] = [emptyIndex(), new Writer("alice")];
    const chain = Array.from({ length: 2_000 }, () => alice.record());
    for (const record of chain.toReversed()) addRecord(db, record);
    expect([...appliedSince(db, 0)].map(({ number }) => number)).toEqual(chain.map(({ number }) => number));
  });

  it("refuses a first record with a previous one, and a later one without", () => {
    const first = new Writer("alice").record();
    const db = emptyIndex();
    expect(() => addRecord(db, { ...first, previous: hexOf("x") })).toThrow(malformed);
    expect(() => addRecord(db, { ...first, number: 2 })).toThrow(malformed);
  });

  it.each([
    ["a number that leaps ahead", { number: 3 }],
    ["a number that was had", { number: 1 }],
    ["another writer's previous record", { writer: "ab".repeat(16) }],
    ["another device's previous record", { device: hexOf("mallory") }],
  ])("refuses %s, whichever of the two records comes first", (_, change) => {
    const alice = new Writer("alice");
    const first = alice.record();
    const second = { ...alice.record(), ...change, digest: hexOf("forged") };
    const inOrder = emptyIndex();
    addRecord(inOrder, first);
    expect(() => addRecord(inOrder, second)).toThrow(malformed);
    if (second.number === 1) return; // Refused by itself already.
    const backwards = emptyIndex();
    expect(addRecord(backwards, second)).toBe("waiting");
    expect(addRecord(backwards, first)).toBe("applied");
    expect(recordState(backwards, second.digest)).toBeUndefined();
    expect([...appliedSince(backwards, 0)]).toEqual([...appliedSince(inOrder, 0)]);
  });

  it("refuses a parent that is no change, whichever of the two comes first", () => {
    const entry = new Writer("alice").record({ type: "conclave/v1/entry" });
    const change = new Writer("bob").change([], { parents: [entry] });
    const inOrder = emptyIndex();
    addRecord(inOrder, entry);
    expect(() => addRecord(inOrder, change)).toThrow(malformed);
    const backwards = emptyIndex();
    addRecord(backwards, change);
    addRecord(backwards, entry);
    expect(recordState(backwards, change.digest)).toBeUndefined();
  });

  it("keeps nothing of a record that it refuses", () => {
    const [db, alice] = [emptyIndex(), new Writer("alice")];
    addRecord(db, alice.record());
    const forged = { ...alice.record(), number: 7 };
    expect(() => addRecord(db, forged)).toThrow(malformed);
    expect(recordState(db, forged.digest)).toBeUndefined();
  });
});

describe("records that name what does not exist", () => {
  it("wait, shown as claimed by their author, and stop nobody else", () => {
    const [db, mallory, bob] = [emptyIndex(), new Writer("mallory"), new Writer("bob")];
    const ghost = { digest: hexOf("ghost") };
    expect(addRecord(db, mallory.change([], { parents: [ghost] }))).toBe("waiting");
    expect(addRecord(db, mallory.change([]))).toBe("waiting");
    expect(addRecord(db, bob.change([]))).toBe("applied");
    expect(awaited(db)).toEqual([
      { digest: ghost.digest, device: null, writer: null, number: null, claimedBy: [mallory.device] },
    ]);
  });

  it("are named by writer and number where the chain says whose they are", () => {
    const [db, alice, bob] = [emptyIndex(), new Writer("alice"), new Writer("bob")];
    addRecord(db, alice.change([]));
    const lost = alice.change([]);
    addRecord(db, alice.change([]));
    addRecord(db, bob.change([], { parents: [lost] }));
    const claimedBy = [alice.device, bob.device].sort();
    expect(awaited(db)).toEqual([
      { digest: lost.digest, device: alice.device, writer: alice.writer, number: 2, claimedBy },
    ]);
    addRecord(db, lost);
    expect(awaited(db)).toEqual([]);
  });

  it("fill only their own device's share", () => {
    const [db, mallory, bob] = [emptyIndex(), new Writer("mallory"), new Writer("bob")];
    const ghosts = Array.from({ length: 3 }, (_, index) => ({ digest: hexOf(`ghost ${index}`) }));
    addRecord(db, mallory.change([], { parents: ghosts }), { linksMax: 4 });
    const second = new Writer("mallory again", { device: "mallory" }).change([], { parents: ghosts });
    expect(() => addRecord(db, second, { linksMax: 4 })).toThrow(limit);
    expect(addRecord(db, bob.change([], { parents: ghosts }), { linksMax: 4 })).toBe("waiting");
  });

  it("free their share once they are applied", () => {
    const [db, alice] = [emptyIndex(), new Writer("alice")];
    const records = Array.from({ length: 6 }, () => alice.record());
    for (const at of [2, 1, 0, 5, 4, 3]) addRecord(db, records[at] as never, { linksMax: 2 });
    expect([...appliedSince(db, 0)]).toHaveLength(6);
  });
});

describe("two records with one number", () => {
  it("both count, and are proof that the writer was copied", () => {
    const [db, alice] = [emptyIndex(), new Writer("alice")];
    const first = alice.change([]);
    const copy = new Writer("copy", { after: first });
    const [ours, theirs, third] = [alice.change([], { salt: "a" }), copy.change([], { salt: "b" }), alice.change([])];
    for (const record of [first, ours, theirs, third]) expect(addRecord(db, record)).toBe("applied");
    expect(duplicates(db)).toEqual([
      { device: alice.device, writer: alice.writer, number: 2, digests: [ours.digest, theirs.digest].sort() },
    ]);
    expect(isAncestor(db, ours.digest, third.digest)).toBe(true);
    expect(isAncestor(db, theirs.digest, third.digest)).toBe(false);
    expect(isAncestor(db, first.digest, theirs.digest)).toBe(true);
    expect(frontier(db).toSorted()).toEqual([theirs.digest, third.digest].sort());
    expect(writerHeads(db, [alice.device])).toHaveLength(2);
  });

  it("are found among first records too, three of a kind at once", () => {
    const db = emptyIndex();
    const firsts = ["a", "b", "c"].map((salt) => new Writer("alice").change([], { salt }));
    for (const record of firsts) addRecord(db, record);
    expect(duplicates(db)).toMatchObject([{ number: 1, digests: firsts.map(({ digest }) => digest).sort() }]);
  });

  it("are told apart from the same writer id on two devices", () => {
    const db = emptyIndex();
    const [alice, mallory] = [new Writer("shared", { device: "alice" }), new Writer("shared", { device: "mallory" })];
    addRecord(db, alice.change([]));
    addRecord(db, mallory.change([]));
    expect(duplicates(db)).toEqual([]);
  });
});

describe("the past", () => {
  it("includes what parents had seen, and what the writer had seen before", () => {
    const db = emptyIndex();
    const [alice, bob, carol] = [new Writer("alice"), new Writer("bob"), new Writer("carol")];
    const [a1, b1] = [alice.change([]), bob.change([])];
    const c1 = carol.change([], { parents: [a1] });
    const b2 = bob.change([], { parents: [c1] });
    const b3 = bob.change([]);
    const a2 = alice.change([]);
    for (const record of [a1, b1, c1, b2, b3, a2]) addRecord(db, record);
    expect(isAncestor(db, a1.digest, b3.digest)).toBe(true);
    expect(isAncestor(db, a2.digest, b3.digest)).toBe(false);
    expect(isAncestor(db, b3.digest, a2.digest)).toBe(false);
    expect(isAncestor(db, a1.digest, a1.digest)).toBe(true);
    expect(isAncestor(db, hexOf("unknown"), a1.digest)).toBe(false);
  });

  it("gives clocks that pass through records that are no changes", () => {
    const [db, alice] = [emptyIndex(), new Writer("alice")];
    const [entry, first, receipt, second] = [
      alice.record({ type: "conclave/v1/entry" }),
      alice.change([]),
      alice.record(),
      alice.change([]),
    ];
    for (const record of [entry, first, receipt, second]) addRecord(db, record);
    expect([clock(db, first.digest), clock(db, second.digest)]).toEqual([1, 2]);
    expect(() => clock(db, receipt.digest)).toThrow(expect.objectContaining({ code: "not-found" }));
  });

  it("does not let claimed times order anything", () => {
    const db = emptyIndex();
    const late = new Writer("alice").change([], { time: Number.MAX_SAFE_INTEGER });
    addRecord(db, late);
    expect(clock(db, late.digest)).toBe(1);
  });
});

describe("the cut", () => {
  const db = emptyIndex();
  const [mallory, owner] = [new Writer("mallory"), new Writer("owner")];
  const known = mallory.change([]);
  const built = mallory.change([]);
  const unseen = mallory.change([]);
  const before = owner.change([], { parents: [built] });
  const fresh = new Writer("fresh", { device: "mallory" }).change([]);
  const again = new Writer("copy", { after: known }).change([], { salt: "dated back" });
  for (const record of [known, built, unseen, before, fresh, again]) addRecord(db, record);
  const cut = { heads: [known.digest], removerPrevious: before.digest };

  it("keeps what lies under the heads that the removal names", () => {
    expect(isWithinCut(db, known.digest, { heads: [built.digest], removerPrevious: null })).toBe(true);
  });

  it("keeps what the remover had built on, though the heads are older", () => {
    expect(isWithinCut(db, built.digest, cut)).toBe(true);
  });

  it.each([
    ["what follows the heads", unseen],
    ["a fresh writer of the same device", fresh],
    ["a second record with a number that counted", again],
  ])("excludes %s", (_, record) => {
    expect(isWithinCut(db, record.digest, cut)).toBe(false);
  });

  it("excludes all where it names nothing", () => {
    expect(isWithinCut(db, known.digest, { heads: [], removerPrevious: null })).toBe(false);
    expect(isWithinCut(db, known.digest, { heads: [hexOf("unknown")], removerPrevious: null })).toBe(false);
  });
});

it("needs less than 250 bytes for a record, also where writers answer each other", () => {
  const db = emptyIndex();
  const size = (): number =>
    (db.get("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size") as { bytes: number })
      .bytes;
  const before = size();
  const writers = Array.from({ length: 5 }, (_, index) => new Writer(`writer ${index}`));
  const COUNT = 2_000;
  for (let index = 0; index < COUNT; index++) {
    const parents = frontier(db).map((digest) => ({ digest }));
    addRecord(db, (writers[index % 5] as Writer).change([], { parents }));
  }
  // The digest lies in the table and in its index: 64 bytes.
  expect((size() - before) / COUNT).toBeLessThan(250);
});
