import { describe, expect, it } from "vitest";
import { addRecord } from "../../src/history/add-record.ts";
import type { SqlDatabase } from "../../src/ports/sql.ts";
import { applyChange } from "../../src/tree/apply-change.ts";
import { countTree, fileAt, listFolder, resolvePath } from "../../src/tree/listing.ts";
import { setCounts } from "../../src/tree/set-counts.ts";
import { trash } from "../../src/tree/trash.ts";
import {
  deleteOf,
  emptyIndex,
  fileOf,
  hexOf,
  type MadeChange,
  nodeOf,
  placeAt,
  take,
  Writer,
} from "../support/writers.ts";

const [DOCS, WORK, PLAN, FILE] = [nodeOf("d", "docs"), nodeOf("d", "work"), nodeOf("d", "plan"), nodeOf("f", "file")];

function paths(db: SqlDatabase): string[] {
  return [...listFolder(db, "", { recursive: true })].map(({ path }) => path);
}

function indexOf(...changes: readonly MadeChange[]): SqlDatabase {
  const db = emptyIndex();
  take(db, changes);
  return db;
}

/** Alice's `docs/work/plan`, each folder in the one before, with `docs/work/file`. */
function folders(alice: Writer): MadeChange {
  return alice.change([
    placeAt(DOCS, "root", "docs"),
    placeAt(WORK, DOCS, "work"),
    placeAt(PLAN, WORK, "plan"),
    placeAt(FILE, WORK, "file"),
    fileOf(FILE, "one"),
  ]);
}

/** The same in both orders of arrival of two changes that know nothing of each other. */
function bothWays(base: MadeChange, one: MadeChange, other: MadeChange): SqlDatabase {
  const [left, right] = [indexOf(base, one, other), indexOf(base, other, one)];
  expect([...listFolder(left, "", { recursive: true })]).toMatchObject(
    [...listFolder(right, "", { recursive: true })].map(({ ids, ...entry }) => entry),
  );
  return left;
}

describe("moves", () => {
  it("take a folder and all in it with one operation", () => {
    const alice = new Writer("alice");
    const base = folders(alice);
    const db = indexOf(base, alice.change([placeAt(WORK, "root", "office", DOCS)]));
    expect(paths(db)).toEqual(["docs", "office", "office/file", "office/plan"]);
  });

  it("of one folder at once: the last by clock and digest wins, whatever the claimed times", () => {
    const [alice, bob] = [new Writer("alice"), new Writer("bob")];
    const base = folders(alice);
    const one = alice.change([placeAt(PLAN, "root", "alice's", WORK)], { time: 9e15 });
    const other = bob.change([placeAt(PLAN, "root", "bob's", WORK)], { parents: [base], time: 0 });
    const winner = one.digest > other.digest ? "alice's" : "bob's";
    const shown = paths(bothWays(base, one, other));
    expect(shown.filter((path) => path.endsWith("'s"))).toEqual([winner]);
  });

  it("of two folders into each other leave both reachable: the later one stays where it was", () => {
    const [alice, bob] = [new Writer("alice"), new Writer("bob")];
    const base = alice.change([placeAt(DOCS, "root", "docs"), placeAt(WORK, "root", "work")]);
    const one = alice.change([placeAt(DOCS, WORK, "docs", "root")]);
    const other = bob.change([placeAt(WORK, DOCS, "work", "root")], { parents: [base] });
    const expected = one.digest > other.digest ? ["docs", "docs/work"] : ["work", "work/docs"];
    expect(paths(bothWays(base, one, other))).toEqual(expected);
  });

  it("of three folders in a ring leave all reachable, and a later move takes the ring apart", () => {
    const writers = ["alice", "bob", "carol"].map((name) => new Writer(name));
    const ring = [DOCS, WORK, PLAN];
    const base = (writers[0] as Writer).change(ring.map((node, index) => placeAt(node, "root", `${index}`)));
    const moves = writers.map((writer, index) =>
      writer.change([placeAt(ring[index] as string, ring[(index + 1) % 3] as string, `${index}`, "root")], {
        parents: [base],
      }),
    );
    const db = indexOf(base, ...moves);
    expect(paths(db)).toHaveLength(3);
    const settle = (writers[0] as Writer).change([placeAt(DOCS, "root", "0", WORK)], { parents: moves });
    take(db, [settle]);
    expect(paths(db)).toEqual(["0", "0/2", "0/2/1"]);
  });

  it("into itself, or from itself, show a folder in the root", () => {
    const alice = new Writer("alice");
    const db = indexOf(alice.change([placeAt(DOCS, DOCS, "docs", DOCS), placeAt(WORK, WORK, "work")]));
    expect(paths(db)).toEqual(["docs", "work"]);
  });
});

describe("deletes", () => {
  it("hide a folder and all in it, which then lies in the trash as one", () => {
    const alice = new Writer("alice");
    const gone = [folders(alice), alice.change([deleteOf(WORK)], { time: 7 })];
    const db = indexOf(...gone);
    expect(paths(db)).toEqual(["docs"]);
    expect(trash(db)).toEqual([
      {
        purged: false,
        node: WORK,
        kind: "folder",
        name: "work",
        path: "docs/work",
        by: alice.device,
        time: 7,
        change: gone[1]?.digest,
      },
    ]);
  });

  it("at the same time as an edit leave the file, and the folders above it, and hide the rest", () => {
    const [alice, bob] = [new Writer("alice"), new Writer("bob")];
    const base = folders(alice);
    const gone = alice.change([deleteOf(DOCS)]);
    const edit = bob.change([fileOf(FILE, "two", [base])], { parents: [base] });
    const db = bothWays(base, gone, edit);
    expect(paths(db)).toEqual(["docs", "docs/work", "docs/work/file"]);
    expect(trash(db)).toEqual([]);
  });

  it("at the same time as a new file below leave it", () => {
    const [alice, bob] = [new Writer("alice"), new Writer("bob")];
    const base = folders(alice);
    const added = nodeOf("f", "new");
    const more = bob.change([placeAt(added, PLAN, "new"), fileOf(added, "new")], { parents: [base] });
    const db = bothWays(base, alice.change([deleteOf(DOCS)]), more);
    expect(paths(db)).toEqual(["docs", "docs/work", "docs/work/plan", "docs/work/plan/new"]);
  });

  it("at the same time as a move out leave what was moved, and hide what was in it all the same", () => {
    const [alice, bob] = [new Writer("alice"), new Writer("bob")];
    const base = folders(alice);
    const move = bob.change([placeAt(WORK, "root", "work", DOCS)], { parents: [base] });
    expect(paths(bothWays(base, alice.change([deleteOf(DOCS)]), move))).toEqual(["work"]);
  });

  it("at the same time as a move in leave what was moved in", () => {
    const [alice, bob] = [new Writer("alice"), new Writer("bob")];
    const base = folders(alice);
    const move = bob.change([placeAt(FILE, PLAN, "file", WORK)], { parents: [base] });
    const db = bothWays(base, alice.change([deleteOf(PLAN)]), move);
    expect(paths(db)).toEqual(["docs", "docs/work", "docs/work/plan", "docs/work/plan/file"]);
  });

  it("that claim to have seen the future hide only what their parents reach", () => {
    const [alice, mallory] = [new Writer("alice"), new Writer("mallory")];
    const base = folders(alice);
    const edit = alice.change([fileOf(FILE, "two", [base])]);
    const claim = mallory.change([deleteOf(DOCS)], { time: Number.MAX_SAFE_INTEGER });
    expect(paths(indexOf(base, edit, claim))).toEqual(paths(indexOf(base, edit)));
    expect(paths(indexOf(claim, base, edit))).toEqual(paths(indexOf(base, edit)));
  });

  it("that name a parent that does not exist hide nothing", () => {
    const [alice, mallory] = [new Writer("alice"), new Writer("mallory")];
    const base = folders(alice);
    const claim = mallory.change([deleteOf(DOCS)], { parents: [base, { digest: hexOf("future") }] });
    expect(paths(indexOf(base, claim))).toEqual(paths(indexOf(base)));
  });

  it("stay when a deleted file's record comes again", () => {
    const alice = new Writer("alice");
    const base = folders(alice);
    const db = indexOf(base, alice.change([deleteOf(FILE)]));
    expect(addRecord(db, base)).toBe("known");
    applyChange(db, base);
    expect(fileAt(db, "docs/work/file")).toBeUndefined();
  });

  it("do not hide what the same change puts or writes", () => {
    const alice = new Writer("alice");
    const base = folders(alice);
    const change = alice.change([deleteOf(DOCS), placeAt(FILE, "root", "kept", WORK)]);
    expect(paths(indexOf(base, change))).toEqual(["kept"]);
  });
});

describe("changes that do not count", () => {
  it("have no effect, until they do", () => {
    const [alice, viewer] = [new Writer("alice"), new Writer("viewer")];
    const base = folders(alice);
    const ignored = viewer.change([deleteOf(DOCS)], { parents: [base], counts: false });
    const db = indexOf(base, ignored);
    expect(paths(db)).toEqual(paths(indexOf(base)));
    expect(setCounts(db, [[ignored.digest, true]])).toBe(1);
    expect(paths(db)).toEqual([]);
    expect(setCounts(db, [[ignored.digest, true]])).toBe(0);
  });

  it("leave what others put into their folders, in the root under their name", () => {
    const [mallory, alice] = [new Writer("mallory"), new Writer("alice")];
    const made = mallory.change([placeAt(DOCS, "root", "plans")], { counts: false });
    const inside = alice.change([placeAt(FILE, DOCS, "file"), fileOf(FILE, "x")], { parents: [made] });
    expect(paths(indexOf(made, inside))).toEqual(["plans", "plans/file"]);
  });

  it("leave a name drawn from the id where nothing ever named a folder", () => {
    const db = indexOf(new Writer("alice").change([placeAt(FILE, DOCS, "file"), fileOf(FILE, "x")]));
    expect(paths(db)).toEqual([`recovered-${DOCS.slice(1, 9)}`, `recovered-${DOCS.slice(1, 9)}/file`]);
  });

  it("are passed through by versions that replace theirs", () => {
    const [alice, mallory, bob] = [new Writer("alice"), new Writer("mallory"), new Writer("bob")];
    const base = folders(alice);
    const ignored = mallory.change([fileOf(FILE, "two", [base])], { parents: [base], counts: false });
    const later = bob.change([fileOf(FILE, "three", [ignored])], { parents: [ignored] });
    const db = indexOf(base, ignored, later);
    expect(paths(db)).toEqual(["docs", "docs/work", "docs/work/file", "docs/work/plan"]);
    expect(fileAt(db, "docs/work/file")).toMatchObject({ version: later.digest, conflict: false });
  });

  it("leave a file without any version that counts unseen", () => {
    const mallory = new Writer("mallory");
    const made = mallory.change([placeAt(FILE, "root", "file"), fileOf(FILE, "x")], { counts: false });
    const moved = new Writer("alice").change([placeAt(FILE, "root", "renamed", "root")], { parents: [made] });
    expect(paths(indexOf(made, moved))).toEqual([]);
  });
});

describe("versions", () => {
  it("by two members at once are both kept, the later under the name", () => {
    const [alice, bob] = [new Writer("alice"), new Writer("bob")];
    const base = folders(alice);
    const time = Date.UTC(2026, 0, 2, 3, 4, 5);
    const one = alice.change([fileOf(FILE, "from alice", [base])], { time });
    const other = bob.change([fileOf(FILE, "from bob", [base])], { parents: [base], time });
    const db = bothWays(base, one, other);
    const [winner, loser] = one.digest > other.digest ? [one, other] : [other, one];
    const names = new Map([
      [alice.device, "Alice"],
      [bob.device, "Bob"],
    ]);
    const who = names.get(loser.device);
    expect([...listFolder(db, "docs/work", { nameOf: (device) => names.get(device) })]).toMatchObject([
      { name: "file", version: winner.digest, conflict: false },
      { name: `file (conflict, ${who}, 2026-01-02 03.04)`, version: loser.digest, conflict: true },
      { name: "plan" },
    ]);
  });

  it("end a conflict when they replace both sides", () => {
    const [alice, bob] = [new Writer("alice"), new Writer("bob")];
    const base = folders(alice);
    const one = alice.change([fileOf(FILE, "from alice", [base])]);
    const other = bob.change([fileOf(FILE, "from bob", [base])], { parents: [base] });
    const both = alice.change([fileOf(FILE, "both", [one, other])], { parents: [other] });
    expect(countTree(indexOf(base, one, other, both))).toEqual({ files: 1, folders: 3, bytes: 4 });
  });

  it("replace nothing that their author cannot have seen", () => {
    const [alice, mallory] = [new Writer("alice"), new Writer("mallory")];
    const base = folders(alice);
    const edit = alice.change([fileOf(FILE, "two", [base])]);
    const claim = mallory.change([fileOf(FILE, "mine", [base, edit])], { parents: [base] });
    const db = bothWays(base, edit, claim);
    const versions = [...listFolder(db, "docs/work")].map(({ version }) => version);
    expect(versions).toContain(edit.digest);
    expect(versions).toContain(claim.digest);
  });
});

describe("a change that can be read in two ways", () => {
  it("has no operations", () => {
    const alice = new Writer("alice");
    const db = indexOf(alice.change([placeAt(DOCS, "root", "one"), placeAt(DOCS, "root", "two")]));
    expect(paths(db)).toEqual([]);
  });
});

it("refuses a change that the history has not applied", () => {
  const alice = new Writer("alice");
  const change = alice.change([placeAt(DOCS, "root", "docs")]);
  const missing = expect.objectContaining({ code: "not-found" });
  expect(() => applyChange(emptyIndex(), change)).toThrow(missing);
  expect(() => setCounts(emptyIndex(), [[change.digest, true]])).toThrow(missing);
});

it("shows folders nested two thousand deep", () => {
  const DEPTH = 2_000;
  const nodes = Array.from({ length: DEPTH }, (_, index) => nodeOf("d", `${index}`));
  const alice = new Writer("alice");
  const db = indexOf(
    alice.change(nodes.map((node, index) => placeAt(node, nodes[index - 1] ?? "root", "d"))),
    alice.change([placeAt(nodes[0] as string, "root", "top", "root")]),
    alice.change([deleteOf(nodes[1] as string)]),
  );
  expect(paths(db)).toEqual(["top"]);
  take(db, [alice.change([placeAt(nodes[DEPTH - 1] as string, nodes[DEPTH - 2] as string, "d", null)])]);
  expect(paths(db)).toHaveLength(DEPTH);
  expect(resolvePath(db, `top${"/d".repeat(DEPTH - 1)}`)).toMatchObject({ kind: "folder" });
});
