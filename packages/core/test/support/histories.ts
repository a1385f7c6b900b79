import fc from "fast-check";
import type { Operation } from "../../src/records/change.ts";
import { deleteOf, fileOf, type MadeChange, nodeOf, placeAt, Writer } from "./writers.ts";

const FOLDERS = ["p", "q", "r", "s"].map((word) => nodeOf("d", word));
const FILES = ["x", "y", "z"].map((word) => nodeOf("f", word));
const LINK = nodeOf("l", "link");
const NODES = [...FOLDERS, ...FILES, LINK];
const NAMES = ["a", "A", "b.txt", "\u00e9", "e\u0301"];
const WRITERS = 4;

const nth = fc.nat({ max: 1000 });

interface Step {
  readonly writer: number;
  /** Goes on from an earlier record of the writer instead of its last one. */
  readonly copied: boolean;
  readonly parents: readonly number[];
  readonly counts: boolean;
  readonly operations: readonly {
    kind: number;
    node: number;
    at: number;
    from: number;
    name: number;
    replaces: number[];
  }[];
}

const step: fc.Arbitrary<Step> = fc.record({
  writer: fc.nat({ max: WRITERS - 1 }),
  copied: fc.nat({ max: 9 }).map((dice) => dice === 0),
  parents: fc.array(nth, { maxLength: 2 }),
  counts: fc.nat({ max: 4 }).map((dice) => dice > 0),
  operations: fc.array(
    fc.record({
      kind: fc.nat({ max: 11 }),
      node: nth,
      at: nth,
      from: nth,
      name: nth,
      replaces: fc.array(nth, { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

/** Histories of a few writers who move, edit and delete few nodes at once, with copied writers and changes that do not count. */
export const histories: fc.Arbitrary<MadeChange[]> = fc.array(step, { minLength: 1, maxLength: 25 }).map(makeHistory);

function makeHistory(steps: readonly Step[]): MadeChange[] {
  const made: MadeChange[] = [];
  const writers = Array.from({ length: WRITERS }, (_, index) => new Writer(`writer ${index}`));
  for (const [index, one] of steps.entries()) {
    const usual = writers[one.writer] as Writer;
    const own = made.filter((change) => change.writer === usual.writer);
    const writer = one.copied && own[0] !== undefined ? new Writer("copy", { after: own[0] }) : usual;
    const parents = one.parents.map((parent) => pick(made, parent)).filter((parent) => parent !== undefined);
    made.push(writer.change(makeOperations(one, made), { parents, counts: one.counts, salt: String(index) }));
  }
  return made;
}

function makeOperations(one: Step, made: readonly MadeChange[]): Operation[] {
  const operations = one.operations.map(({ kind, node, at, from, name, replaces }): Operation => {
    const replaced = replaces.map((digest) => pick(made, digest)).filter((change) => change !== undefined);
    if (kind < 5) {
      const origin = from % 3 === 0 ? null : (pick([...FOLDERS, "root"], from) as string);
      return placeAt(
        pick(NODES, node) as string,
        pick([...FOLDERS, "root"], at) as string,
        pick(NAMES, name) as string,
        origin,
      );
    }
    if (kind < 7) return fileOf(pick(FILES, node) as string, pick(["one", "two", ""], name) as string, replaced);
    if (kind < 8)
      return { op: "link", node: LINK, replaces: replaced.map(({ digest }) => digest), target: "t", path: "l" };
    if (kind > 9) return { op: "purge", node: pick(NODES, node) as string, path: "somewhere" };
    return deleteOf(pick(NODES, node) as string);
  });
  // Two operations of one kind on one node would make the change one without operations.
  const kinds = new Set<string>();
  return operations.filter((op) => {
    const key = op.op === "blob" ? "" : `${op.op} ${op.node}`;
    return !kinds.has(key) && kinds.add(key);
  });
}

function pick<Item>(items: readonly Item[], at: number): Item | undefined {
  return items[at % Math.max(1, items.length)];
}
