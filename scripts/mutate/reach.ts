/**
 * Which test files come to which checks: measured once, by running each with counters in the functions that hold a check,
 * and kept until a test file changes.
 */
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MARK } from "./mutants.ts";
import { child, type Node, parse, walk } from "./syntax.ts";
import { copyWorkspace, ROOT, runTests } from "./workspace.ts";

export const SOURCES = "packages/*/src/**/*.ts";
const TESTS = ["packages/*/test/**/*.test.ts", "tests/**/*.test.ts"];
const IN_BROWSER = /^packages\/[^/]+\/test\/browser\//;
/** These copy the workspace themselves. */
const NOT_TRIED = ["tests/planted-bugs.test.ts"];
/** Outside of the workspace, so that several worktrees share it. */
const KEPT = join(tmpdir(), "conclave-mutate.json");
const MEASURING_SECONDS = 3600;

/** What was measured of one test file. */
interface Measured {
  readonly digest: string;
  readonly seconds: number;
  readonly passes: boolean;
  /** Checks whose function it runs, as {@link keyOf} names them. */
  readonly reaches: readonly string[];
  /** Names the list of all checks that there were then: of others nothing is known. */
  readonly generation: string;
}

/** The lists of all checks that there were at some time, by their names. */
type Generations = Map<string, readonly string[]>;

/** A test file that may miss a check. */
export interface Candidate {
  readonly path: string;
  readonly seconds: number;
  /** It comes to the check; of the others, measured before the check stood there, it is not known. */
  readonly isSure: boolean;
}

export class Reach {
  readonly #tests: ReadonlyMap<string, Measured>;
  readonly #generations: Generations;

  constructor(tests: ReadonlyMap<string, Measured>, generations: Generations) {
    this.#tests = tests;
    this.#generations = generations;
  }

  candidates(file: string, key: string): Candidate[] {
    const isOfFile = (other: string) => other.startsWith(`${file} `);
    return [...this.#tests].flatMap(([path, { seconds, passes, reaches, generation }]) => {
      const known = this.#generations.get(generation) ?? [];
      const isSure = reaches.includes(key);
      const isPossible = !known.includes(key) && (reaches.some(isOfFile) || !known.some(isOfFile));
      return passes && (isSure || isPossible) ? [{ path, seconds, isSure }] : [];
    });
  }
}

/** A check by its file and text, so that a shift by some lines does not matter. */
export function keyOf(file: string, line: string): string {
  return `${file} ${line.trim()}`;
}

function digestOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function testFiles(): string[] {
  return globSync(TESTS, { cwd: ROOT })
    .filter((path) => !IN_BROWSER.test(path) && !NOT_TRIED.includes(path))
    .sort();
}

/** What is known, with everything that has changed measured anew. */
export async function measureReach(options: {
  readonly jobs: number;
  /** Test files that nobody asks. */
  readonly without: readonly string[];
}): Promise<Reach> {
  const { tests, generations } = readKept();
  const present = testFiles().filter((path) => !options.without.includes(path));
  for (const path of tests.keys()) if (!present.includes(path)) tests.delete(path);
  const stale = present.filter((path) => tests.get(path)?.digest !== digestOf(join(ROOT, path)));
  if (stale.length > 0) {
    console.log(`measuring which checks ${stale.length} test files come to`);
    for (const [path, measured] of await measure(stale, generations, options)) tests.set(path, measured);
    keep(tests, generations);
  }
  for (const [path, { passes }] of tests) if (!passes) console.log(`${path} fails by itself, and is left out`);
  return new Reach(tests, generations);
}

interface Kept {
  readonly tests: Map<string, Measured>;
  readonly generations: Generations;
}

function readKept(): Kept {
  const { tests, generations } = existsSync(KEPT)
    ? (JSON.parse(readFileSync(KEPT, "utf8")) as Record<keyof Kept, []>)
    : { tests: [], generations: [] };
  return { tests: new Map(tests), generations: new Map(generations) };
}

function keep(tests: Kept["tests"], generations: Generations): void {
  const used = new Set([...tests.values()].map(({ generation }) => generation));
  const kept = { tests: [...tests], generations: [...generations].filter(([name]) => used.has(name)) };
  writeFileSync(KEPT, JSON.stringify(kept));
}

async function measure(
  paths: readonly string[],
  generations: Generations,
  { jobs }: { readonly jobs: number },
): Promise<[string, Measured][]> {
  const copy = copyWorkspace();
  try {
    const keys = countIn(copy);
    const generation = createHash("sha256").update(keys.join("\n")).digest("hex").slice(0, 16);
    generations.set(generation, keys);
    const counts = join(copy, "counts");
    mkdirSync(counts);
    writeFileSync(join(copy, "counter.ts"), COUNTER);
    writeFileSync(join(copy, "vitest.counted.ts"), COUNTED_CONFIG);
    const argv = ["--config=vitest.counted.ts", `--maxWorkers=${jobs}`, ...paths];
    const { files, output } = await runTests(copy, { argv, seconds: MEASURING_SECONDS, env: { COUNTS: counts } });
    if (files.length === 0) throw new Error(`nothing could be measured:\n${output}`);
    const reached = readCounts(counts);
    return files.map(({ path, seconds, failed }) => {
      const reaches = (reached.get(path) ?? []).flatMap((id) => keys[id] ?? []);
      const digest = digestOf(join(ROOT, path));
      return [path, { digest, seconds, passes: failed.length === 0, reaches, generation }];
    });
  } finally {
    rmSync(copy, { recursive: true });
  }
}

const COUNTER = `
import { writeFileSync } from "node:fs";
import { afterAll, expect } from "vitest";
const reached = new Set();
globalThis.__reach = (id) => reached.add(id);
afterAll(() => {
  const path = expect.getState().testPath.slice(process.cwd().length + 1);
  writeFileSync(process.env.COUNTS + "/" + path.replaceAll("/", "~") + ".json", JSON.stringify([path, [...reached]]));
});
`;

const COUNTED_CONFIG = `
import config from "./vitest.config.ts";
export default { ...config, test: { ...config.test, setupFiles: ["./counter.ts"] } };
`;

function readCounts(folder: string): Map<string, number[]> {
  return new Map(readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8"))));
}

/** Puts counters into a copy's sources; the checks' keys by number. */
function countIn(copy: string): string[] {
  const keys: string[] = [];
  for (const file of globSync(SOURCES, { cwd: copy }).sort()) {
    const text = readFileSync(join(copy, file), "utf8");
    if (!text.includes("// check: ")) continue;
    writeFileSync(join(copy, file), counted(file, text, keys));
  }
  return keys;
}

function counted(file: string, text: string, keys: string[]): string {
  const functions = [...walk(parse(text))].map(({ node }) => node).filter(({ type }) => /Function/.test(type));
  const inserts: { readonly at: number; readonly by: string }[] = [];
  let start = 0;
  for (const line of text.split("\n")) {
    const end = start + line.length;
    if (MARK.test(line)) {
      const id = keys.push(keyOf(file, line)) - 1;
      const begin = start + line.search(/\S/);
      const around = functions.filter((node) => node.start <= begin && node.end >= begin).at(-1);
      const holder = around ?? functions.find((node) => node.start >= begin && node.start <= end);
      const body = holder && child(holder, "body");
      if (body) inserts.push(...counter(body, id));
    }
    start = end + 1;
  }
  let result = text;
  for (const { at, by } of inserts.toSorted((left, right) => right.at - left.at))
    result = result.slice(0, at) + by + result.slice(at);
  return result;
}

function counter(body: Node, id: number): { readonly at: number; readonly by: string }[] {
  const count = `globalThis.__reach?.(${id})`;
  if (body.type === "BlockStatement" || body.type === "FunctionBody") return [{ at: body.start + 1, by: `${count};` }];
  return [
    { at: body.start, by: `(${count}, ` },
    { at: body.end, by: ")" },
  ];
}
