/**
 * How much processor time the file tree needs to take in and list 100,000 files: `node packages/core/bench/tree.ts [files]`.
 *
 * Files come in changes of 1,500 in folders of 100, as an upload makes them.
 */
import { randomBytes } from "node:crypto";
import { declareBlob } from "../src/contents/blob.ts";
import type { Operation } from "../src/records/change.ts";
import { findEntries } from "../src/tree/find.ts";
import { countTree, listFolder, resolvePath } from "../src/tree/listing.ts";
import { Planner } from "../src/tree/plan.ts";
import { searchForm } from "../src/tree/search-form.ts";
import { rebuildTree } from "../src/tree/set-counts.ts";
import { deleteOf, emptyIndex, take, Writer } from "../test/support/writers.ts";

const FILES = Number(process.argv[2] ?? 100_000);
const FILES_IN_CHANGE = 1_500;
const FILES_IN_FOLDER = 100;

/** Processor time, so that what else the machine does changes little. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const db = emptyIndex();
const alice = new Writer("alice");
const bob = new Writer("bob");
const random = (length: number) => new Uint8Array(randomBytes(length));

function timed<Result>(what: string, work: () => Result): Result {
  const start = processorMs();
  const result = work();
  console.log(`${what.padEnd(50)} ${(processorMs() - start).toFixed(1).padStart(10)} ms`);
  return result;
}

let planning = 0;
let applying = 0;
for (let first = 0; first < FILES; first += FILES_IN_CHANGE) {
  const start = processorMs();
  const operations = uploadOf(first, Math.min(FILES, first + FILES_IN_CHANGE));
  const change = alice.change(operations);
  const planned = processorMs();
  take(db, [change]);
  planning += planned - start;
  applying += processorMs() - planned;
}
console.log(`${`plan ${FILES} files`.padEnd(50)} ${planning.toFixed(1).padStart(10)} ms`);
console.log(`${`apply ${FILES} files`.padEnd(50)} ${applying.toFixed(1).padStart(10)} ms`);
timed("list one folder of 100", () => [...listFolder(db, "folder-7/folder-7")].length);
timed("list it again", () => [...listFolder(db, "folder-7/folder-7")].length);
timed("resolve a path", () => resolvePath(db, "folder-7/folder-7/file-700.txt"));
timed("find one name of all", () => findEntries(db, { below: "", pattern: "9917" }).length);
timed("find by two letters", () => findEntries(db, { below: "", pattern: "zz" }).length);
timed("the same by reading all names", () => readAllNames("9917"));
timed("count", () => console.log(countTree(db)));
timed("list all", () => [...listFolder(db, "", { recursive: true })].length);
const seen = alice.last;
timed("one more file", () => take(db, [alice.change(uploadOf(FILES, FILES + 1))]));
const folder = resolvePath(db, "folder-3");
if (folder?.kind !== "folder" || seen === undefined) throw new Error("no folder");
timed("delete a folder, without having seen the last", () =>
  take(db, [bob.change([deleteOf(folder.node)], { parents: [seen] })]),
);
timed("count", () => console.log(countTree(db)));
timed("build anew", () => rebuildTree(db));
timed("count", () => console.log(countTree(db)));
const pages = db.get("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size");
console.log(pages);

/** What finding would be without an index of names. */
function readAllNames(part: string): number {
  const rows = db.all<{ name: string }>("SELECT name FROM tree_node WHERE shown = 1");
  return rows.filter(({ name }) => searchForm(name).includes(part)).length;
}

function uploadOf(first: number, end: number): Operation[] {
  const planner = new Planner(db, { randomBytes: random });
  const files: Operation[] = [];
  const blob = declareBlob({ randomBytes: random }, [["00".repeat(32), 1000]]);
  for (let index = first; index < end; index++) {
    const folder = Math.floor(index / FILES_IN_FOLDER);
    const planned = planner.file(`folder-${folder % 30}/folder-${folder}/file-${index}.txt`);
    const extents = [[blob.blob, 0, 1]] as const;
    files.push({
      op: "file",
      node: planned.node,
      replaces: planned.replaces,
      size: 1000,
      modified: 0,
      executable: false,
      extents,
      path: planned.path,
    });
  }
  return [{ op: "blob", ...blob }, ...planner.take(), ...files];
}
