/**
 * Takes every security check away, one after the other, and sees whether a test fails:
 * `npm run mutate [-- --only PATTERN] [--jobs N] [--slow] [--list]`. Ends with 1 if a check can go without being missed.
 *
 * It works on copies of the workspace. A mutant is tried on the test files that come to its check: near ones first, and of
 * these the fast ones; sweeps and simulations that take minutes are asked with `--slow` alone: each check deserves a test
 * that says what it is about.
 */
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Mutant, mutantsOf } from "./mutate/mutants.ts";
import { keyOf, measureReach, type Reach, SOURCES } from "./mutate/reach.ts";
import { copyWorkspace, endRuns, NOT_LOADED, ROOT, runTests } from "./mutate/workspace.ts";

/** Test files run together up to this long in all; one that takes longer runs alone. */
const BATCH_SECONDS = 4;
const SLOW = [
  "tests/crash.test.ts",
  "tests/crash-commands.test.ts",
  "tests/crash-entering.test.ts",
  "tests/simulator.test.ts",
  "tests/simulator-files.test.ts",
  "tests/simulator-members.test.ts",
  "tests/cli-process.test.ts",
];
/** How many times as long as usual, and longer, a run may take; a mutant may well run in circles. */
const PATIENCE = { times: 10, seconds: 60 };

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    jobs: { type: "string", default: String(availableParallelism()) },
    slow: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});
const jobs = Number(values.jobs);
const only = new RegExp(values.only);
const copies: string[] = [];

interface Verdict {
  readonly mutant: Mutant;
  /** Undefined of one that survived. */
  readonly by: string | undefined;
}

function describe({ file, line, word, what }: Mutant): string {
  return `${file}:${line} ${word}: ${what}`;
}

function allMutants(): { mutants: Mutant[]; errors: string[] } {
  const found = globSync(SOURCES, { cwd: ROOT })
    .sort()
    .map((file) => mutantsOf(file, readFileSync(join(ROOT, file), "utf8")));
  return {
    mutants: found.flatMap(({ mutants }) => mutants).filter((mutant) => only.test(describe(mutant))),
    errors: found.flatMap(({ errors }) => errors),
  };
}

interface Batch {
  readonly paths: readonly string[];
  readonly seconds: number;
}

/** How near a test file stands to a source: its namesake, then those of its room, then those of its package. */
function distance(source: string, test: string): number {
  const [, ofPackage = "", room = ""] = /^(packages\/[^/]+\/)src\/(?:(.*)\/)?/.exec(source) ?? [];
  const name = source.slice(source.lastIndexOf("/") + 1).replace(/\.ts$/, ".test.ts");
  if (test.endsWith(`/${name}`)) return 0;
  if (room !== "" && test.startsWith(`${ofPackage}test/${room}/`)) return 1;
  return test.startsWith(ofPackage) ? 2 : 3;
}

/** The test files that come to a check, near ones and then fast ones first, in batches. */
function batchesFor(reach: Reach, { file, line }: Mutant): Batch[] {
  const key = keyOf(file, readFileSync(join(ROOT, file), "utf8").split("\n")[line - 1] ?? "");
  const passing = [...reach].filter(([, { passes }]) => passes);
  const exact = passing.filter(([, { reaches }]) => reaches.includes(key));
  const near = passing.filter(([, { reaches }]) => reaches.some((other) => other.startsWith(`${file} `)));
  const chosen = exact.length > 0 ? exact : near.length > 0 ? near : passing;
  const batches: Batch[] = [];
  const order = ([path, { seconds }]: (typeof chosen)[number]) => 3600 * distance(file, path) + seconds;
  for (const [path, { seconds }] of chosen.toSorted((left, right) => order(left) - order(right))) {
    const last = batches.at(-1);
    if (last && last.seconds + seconds <= BATCH_SECONDS)
      batches[batches.length - 1] = { paths: [...last.paths, path], seconds: last.seconds + seconds };
    else batches.push({ paths: [path], seconds });
  }
  return batches;
}

/** The first test that misses the check. */
async function killerOf(copy: string, mutant: Mutant, batches: readonly Batch[]): Promise<string | undefined> {
  const path = join(copy, mutant.file);
  const original = readFileSync(path);
  writeFileSync(path, mutant.text);
  try {
    for (const { paths, seconds } of batches) {
      const limit = PATIENCE.seconds + PATIENCE.times * seconds;
      const argv = ["--bail=1", "--maxWorkers=1", ...paths];
      const { files, isTimedOut, output } = await runTests(copy, { argv, seconds: limit });
      const failed = files.flatMap((file) => file.failed.map((name) => `${file.path} > ${name}`));
      // What was broken off because another one failed counts as not loaded.
      const by = failed.find((name) => !name.includes(NOT_LOADED)) ?? failed[0];
      if (by !== undefined) return by;
      if (isTimedOut) return `${paths.join(" ")}, which did not end`;
      if (files.length === 0) return `${paths.join(" ")}, which could not run: ${output.slice(-200)}`;
    }
    return undefined;
  } finally {
    writeFileSync(path, original);
  }
}

async function tryAll(mutants: readonly Mutant[], reach: Reach): Promise<Verdict[]> {
  const waiting = [...mutants];
  const verdicts: Verdict[] = [];
  const work = async () => {
    const copy = copyWorkspace();
    copies.push(copy);
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const by = await killerOf(copy, mutant, batchesFor(reach, mutant));
      verdicts.push({ mutant, by });
      const verdict = by === undefined ? "SURVIVED" : "killed";
      console.log(`${verdicts.length}/${mutants.length} ${verdict} ${describe(mutant)}${by ? `\n    by ${by}` : ""}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return verdicts;
}

function cleanUp(): void {
  endRuns();
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
}

process.once("SIGINT", () => {
  cleanUp();
  process.exit(130);
});

const { mutants, errors } = allMutants();
for (const error of errors) console.log(error);
if (values.list) for (const mutant of mutants) console.log(describe(mutant));
else {
  try {
    const verdicts = await tryAll(mutants, await measureReach({ jobs, without: values.slow ? [] : SLOW }));
    const survivors = verdicts.filter(({ by }) => by === undefined);
    console.log(`\n${verdicts.length - survivors.length} killed, ${survivors.length} survived`);
    for (const { mutant } of survivors) console.log(`survived ${describe(mutant)}`);
    if (survivors.length > 0) process.exitCode = 1;
  } finally {
    cleanUp();
  }
}
if (errors.length > 0) process.exitCode = 1;
