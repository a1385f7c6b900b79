import { describe, expect, it } from "vitest";
import type { SqlDatabase } from "../../src/ports/sql.ts";
import { change as changeShape, type Operation } from "../../src/records/change.ts";
import { conflicts, fileAt, listFolder } from "../../src/tree/listing.ts";
import { Planner, planDelete, planMove } from "../../src/tree/plan.ts";
import { emptyIndex, fileOf, hexOf, nodeOf, placeAt, take, Writer } from "../support/writers.ts";

let drawn = 0;
const randomBytes = (length: number) => new Uint8Array(length).fill(++drawn);

function setUp() {
  const [db, alice] = [emptyIndex(), new Writer("alice")];
  const apply = (operations: readonly Operation[], writer = alice) => {
    const change = writer.change(operations, { salt: String(drawn) });
    take(db, [change]);
    return change;
  };
  return { db, alice, apply };
}

function upload(db: SqlDatabase, files: readonly (readonly [path: string, content: string])[]): Operation[] {
  const planner = new Planner(db, { randomBytes });
  const written = files.map(([path, content]) => {
    const planned = planner.file(path);
    return { ...fileOf(planned.node, content), replaces: planned.replaces, path: planned.path } as Operation;
  });
  return [...planner.take(), ...written];
}

function paths(db: SqlDatabase): string[] {
  return [...listFolder(db, "", { recursive: true })].map(({ path }) => path);
}

describe("an upload", () => {
  it("makes each folder once, before what is in it", () => {
    const { db, apply } = setUp();
    const operations = upload(db, [
      ["a/b/x", "1"],
      ["a/b/y", "2"],
      ["a/z", "3"],
    ]);
    expect(operations.map((op) => op.op !== "blob" && op.path)).toEqual([
      "a",
      "a/b",
      "a/b/x",
      "a/b/y",
      "a/z",
      "a/b/x",
      "a/b/y",
      "a/z",
    ]);
    apply(operations);
    expect(paths(db)).toEqual(["a", "a/b", "a/b/x", "a/b/y", "a/z"]);
  });

  it("writes operations that a record accepts", () => {
    const { db } = setUp();
    const { digest, counts, operations, ...made } = new Writer("alice").change(upload(db, [["a/b", "1"]]));
    const { type, device, writer, number, previous, head, parents, time } = made;
    const record = { type, group: hexOf("group"), device, writer, number, previous, head, parents, operations, time };
    expect(changeShape(record, "line")).toEqual(record);
  });

  it("uses the folders and files that are there, and replaces their versions", () => {
    const { db, apply } = setUp();
    const first = apply(upload(db, [["a/x", "1"]]));
    const again = upload(db, [["a/x", "2"]]);
    expect(again).toMatchObject([{ op: "file", replaces: [first.digest] }]);
    apply(again);
    expect(paths(db)).toEqual(["a", "a/x"]);
  });

  it("ends a conflict", () => {
    const { db, alice, apply } = setUp();
    const base = apply(upload(db, [["x", "1"]]));
    const { node } = fileAt(db, "x") ?? { node: "" };
    apply([fileOf(node, "mine", [base])]);
    take(db, [new Writer("bob").change([fileOf(node, "theirs", [base])], { parents: [base] })]);
    expect([...conflicts(db)]).toHaveLength(1);
    take(db, [
      new Writer("carol").change(upload(db, [["x", "all"]]), {
        parents: [
          alice.last as never,
          { digest: [...conflicts(db)][0]?.version as string },
          { digest: fileAt(db, "x")?.version as string },
        ],
      }),
    ]);
    expect([...conflicts(db)]).toEqual([]);
  });

  it.each([
    ["a folder", "a", "exists"],
    ["a path below a file", "a/x/y", "exists"],
    ["the root", "", "exists"],
    ["a path with ..", "a/../b", "malformed"],
    ["a zero byte", "a/\u0000", "malformed"],
    ["half a character", "a/\ud800", "malformed"],
    ["a name that is too long", "x".repeat(1025), "malformed"],
    ["a path that is too long", `${"x/".repeat(9000)}x`, "malformed"],
  ])("to %s is refused", (_, path, code) => {
    const { db, apply } = setUp();
    apply(upload(db, [["a/x", "1"]]));
    expect(() => upload(db, [[path, "2"]])).toThrow(expect.objectContaining({ code }));
  });

  it("of one path twice is refused", () => {
    const { db } = setUp();
    const exists = expect.objectContaining({ code: "exists" });
    expect(() =>
      upload(db, [
        ["a", "1"],
        ["a", "2"],
      ]),
    ).toThrow(exists);
    expect(() =>
      upload(db, [
        ["a", "1"],
        ["a/b", "2"],
      ]),
    ).toThrow(exists);
  });
});

describe("a move", () => {
  it("takes all folders that are shown as one, and makes the folders above", () => {
    const { db, apply } = setUp();
    apply([placeAt(nodeOf("d", "1"), "root", "docs")]);
    apply([placeAt(nodeOf("d", "2"), "root", "docs")], new Writer("bob"));
    apply(upload(db, [["docs/x", "1"]]));
    apply(planMove(db, { from: "docs", to: "new/place" }, { randomBytes }));
    expect(paths(db)).toEqual(["new", "new/place", "new/place/x"]);
  });

  it.each([
    ["nothing", "b", "c", "not-found"],
    ["the root", "", "c", "not-found"],
    ["something to where something is", "a", "z", "exists"],
    ["something to the root", "a", "", "exists"],
    ["a folder into itself", "a", "a/b/c", "conflict"],
    ["to a name that is not allowed", "a", "..", "malformed"],
  ])("of %s is refused", (_, from, to, code) => {
    const { db, apply } = setUp();
    apply(
      upload(db, [
        ["a/x", "1"],
        ["z", "2"],
      ]),
    );
    expect(() => planMove(db, { from, to }, { randomBytes })).toThrow(expect.objectContaining({ code }));
  });
});

describe("what is in conflict", () => {
  function inConflict() {
    const { db, alice, apply } = setUp();
    const base = apply(upload(db, [["x.txt", "1"]]));
    const { node } = fileAt(db, "x.txt") ?? { node: "" };
    apply([fileOf(node, "mine", [base])]);
    const bob = new Writer("bob");
    take(db, [bob.change([fileOf(node, "theirs", [base])], { parents: [base] })]);
    const [other] = [...conflicts(db)];
    const kept = fileAt(db, "x.txt");
    if (other === undefined || kept === undefined) throw new Error("no conflict");
    const settle = (operations: readonly Operation[]) =>
      take(db, [alice.change(operations, { parents: [{ digest: bob.last?.digest as string }] })]);
    return { db, kept, other, settle };
  }

  it("is deleted one at a time", () => {
    const { db, kept, other, settle } = inConflict();
    settle(planDelete(db, other.path));
    expect([...listFolder(db, "")]).toMatchObject([{ path: "x.txt", size: kept.size, extents: kept.extents }]);
  });

  it("leaves the other version when the one that keeps the name is deleted", () => {
    const { db, other, settle } = inConflict();
    settle(planDelete(db, "x.txt"));
    expect([...listFolder(db, "")]).toMatchObject([{ path: "x.txt", size: other.size, extents: other.extents }]);
  });

  it("becomes a file of its own when it is moved", () => {
    const { db, kept, other, settle } = inConflict();
    settle(planMove(db, { from: other.path, to: "theirs/y.txt" }, { randomBytes }));
    expect([...listFolder(db, "", { recursive: true })]).toMatchObject([
      { path: "theirs" },
      { path: "theirs/y.txt", extents: other.extents, conflict: false },
      { path: "x.txt", extents: kept.extents, conflict: false },
    ]);
  });
});

it("deletes all folders that are shown as one", () => {
  const { db, apply } = setUp();
  apply([placeAt(nodeOf("d", "1"), "root", "docs")]);
  apply([placeAt(nodeOf("d", "2"), "root", "docs")], new Writer("bob"));
  const operations = planDelete(db, "docs");
  expect(operations).toHaveLength(2);
  apply(operations);
  // Alice's writer has not seen Bob's folder: a delete hides only what its parents reach, whatever it names.
  expect(paths(db)).toEqual(["docs"]);
  expect(() => planDelete(db, "nothing")).toThrow(expect.objectContaining({ code: "not-found" }));
});
