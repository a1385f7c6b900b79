/**
 * What earlier runs found, so that one that is broken off goes on where it stopped, and one after a change asks the test
 * first that missed the check last time. A kill stands as long as nothing has changed but other tests; who survived is
 * tried anew each time.
 */
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mutant } from "./mutants.ts";
import { keyOf } from "./reach.ts";
import { ROOT } from "./workspace.ts";

/** Outside of the workspace, so that several worktrees share it. */
const KEPT = join(tmpdir(), "conclave-mutate-verdicts.json");
const READ = ["packages/*/{src,test,bin}/**/*.{ts,js}", "tests/**/*.ts", "vectors/**/*", "package-lock.json"];

export interface Kill {
  /** The test file that missed the check. */
  readonly path: string;
  /** It and the test in it, for people. */
  readonly by: string;
}

interface Kept extends Kill {
  /** Of all that the verdict rests on. */
  readonly digest: string;
}

function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(createHash("sha256").update(part).digest());
  return hash.digest("hex");
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

function nameOf({ file, code, what }: Mutant): string {
  return `${keyOf(file, code)} ${what}`;
}

function readKept(): Map<string, Kept> {
  return new Map(existsSync(KEPT) ? (JSON.parse(readFileSync(KEPT, "utf8")) as [string, Kept][]) : []);
}

export class Verdicts {
  #kills: ReadonlyMap<string, Kept>;
  /** Of each test file, as it stood when this run began. */
  readonly #tests: ReadonlyMap<string, string>;
  /** Of everything else. */
  readonly #common: string;

  constructor() {
    const read = (path: string) => readFileSync(join(ROOT, path));
    const paths = globSync(READ, { cwd: ROOT }).sort();
    const [tests, others] = [paths.filter(isTest), paths.filter((path) => !isTest(path))];
    this.#tests = new Map(tests.map((path) => [path, digest([read(path)])]));
    this.#common = digest(others.flatMap((path) => [path, read(path)]));
    this.#kills = readKept();
  }

  /** What killed a mutant, if that still holds. */
  standing(mutant: Mutant): string | undefined {
    const kill = this.#kills.get(nameOf(mutant));
    return kill?.digest === this.#digestOf(mutant, kill?.path ?? "") ? kill.by : undefined;
  }

  /** The test file that killed it the last time. */
  killerOf(mutant: Mutant): string | undefined {
    return this.#kills.get(nameOf(mutant))?.path;
  }

  /** Test files that have missed other checks of the same source. */
  killersBeside({ file }: Mutant): ReadonlySet<string> {
    const beside = [...this.#kills].filter(([name]) => name.startsWith(`${file} `));
    return new Set(beside.map(([, { path }]) => path));
  }

  keep(mutant: Mutant, kill: Kill): void {
    // Another run may have kept something since.
    const kills = readKept().set(nameOf(mutant), { ...kill, digest: this.#digestOf(mutant, kill.path) });
    this.#kills = kills;
    const draft = `${KEPT}.${process.pid}`;
    writeFileSync(draft, JSON.stringify([...kills]));
    renameSync(draft, KEPT);
  }

  #digestOf(mutant: Mutant, path: string): string {
    return digest([this.#common, mutant.text, path, this.#tests.get(path) ?? ""]);
  }
}
