import { describe, expect, it } from "vitest";
import type { SqlDatabase } from "../../src/ports/sql.ts";
import type { Operation } from "../../src/records/change.ts";
import { purgedBlobs } from "../../src/tree/purges.ts";
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

const FILE = nodeOf("f", "file");

const PURGE: Operation = { op: "purge", node: FILE, path: "file" };

/** Alice writes a file, deletes and purges it; Bob has seen no more than that it was written. */
function scene() {
  const [alice, bob] = [new Writer("alice"), new Writer("bob")];
  const made = alice.change([placeAt(FILE, "root", "file"), fileOf(FILE, "one")]);
  const gone = alice.change([deleteOf(FILE)]);
  const purge = alice.change([PURGE]);
  return { alice, bob, made, gone, purge };
}

function indexOf(changes: readonly MadeChange[]): SqlDatabase {
  const db = emptyIndex();
  take(db, changes);
  return db;
}

/** The same for both orders of arrival of what knows nothing of each other. */
function blobsBothWays(base: MadeChange, one: readonly MadeChange[], other: readonly MadeChange[]): string[] {
  const [left, right] = [indexOf([base, ...one, ...other]), indexOf([base, ...other, ...one])].map((db) =>
    [...purgedBlobs(db).keys()].sort(),
  );
  expect(left).toEqual(right);
  return left ?? [];
}

const ONE = hexOf("blob one");

describe("a purge", () => {
  it("hides what it names from the trash, and leaves its contents to nobody", () => {
    const { made, gone, purge } = scene();
    const db = indexOf([made, gone]);
    expect([trash(db).length, purgedBlobs(db).size]).toEqual([1, 0]);
    take(db, [purge]);
    expect(trash(db)).toEqual([]);
    expect(trash(db, { purged: true })).toMatchObject([{ path: "file", purged: true }]);
    expect([...purgedBlobs(db).keys()]).toEqual([ONE]);
  });

  it.each<[string, (bob: Writer, made: MadeChange) => Operation]>([
    ["moves", () => placeAt(FILE, "root", "moved", "root")],
    ["writes the same content anew to", (_, made) => fileOf(FILE, "one", [made])],
  ])("leaves contents to whoever %s the file without knowing, also if it is deleted later", (_, touch) => {
    const { bob, made, gone, purge } = scene();
    const touched = bob.change([touch(bob, made)], { parents: [made] });
    expect(blobsBothWays(made, [gone, purge], [touched])).toEqual([]);
    const later = bob.change([deleteOf(FILE)]);
    expect(blobsBothWays(made, [gone, purge], [touched, later])).toEqual([]);
  });

  it("does nothing to what is restored after it, also if that is deleted later", () => {
    const { alice, bob, made, gone, purge } = scene();
    const restored = bob.change([placeAt(FILE, "root", "file", "root")], { parents: [purge] });
    const again = bob.change([deleteOf(FILE)]);
    const db = indexOf([made, gone, purge, restored, again]);
    expect(trash(db)).toHaveLength(1);
    expect(purgedBlobs(db).size).toBe(0);
    take(db, [alice.change([PURGE], { parents: [again] })]);
    expect(purgedBlobs(db).size).toBe(1);
  });

  it("covers nothing that its author cannot have seen", () => {
    const { bob, made, gone } = scene();
    const claim = bob.change([deleteOf(FILE), PURGE]);
    expect(blobsBothWays(made, [gone], [claim])).toEqual([]);
  });

  it("leaves contents that another file shares", () => {
    const { alice, made, gone, purge } = scene();
    const copy = nodeOf("f", "copy");
    const copied = alice.change([placeAt(copy, "root", "copy"), fileOf(copy, "one")]);
    const db = indexOf([made, gone, purge, copied]);
    expect(purgedBlobs(db).size).toBe(0);
  });

  it("is nothing while it does not count", () => {
    const { made, gone, purge } = scene();
    const db = indexOf([made, gone, purge]);
    setCounts(db, [[purge.digest, false]]);
    expect([trash(db).length, purgedBlobs(db).size]).toEqual([1, 0]);
  });
});
