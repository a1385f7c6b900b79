/**
 * Takes every security check away, one after the other, and sees whether a test fails:
 * `npm run mutate [-- --only PATTERN] [--within SECONDS] [--jobs N] [--slow] [--list]`. Ends with 1 if a check can go without
 * being missed.
 *
 * It works on copies of the workspace. A mutant is tried on the test files that come to its check: near ones first, and of
 * these the fast ones; sweeps and simulations that take minutes are asked with `--slow` alone: each check deserves a test
 * that says what it is about. With `--within` a mutant that lived through tests of so many seconds counts as one that
 * survives, which shows soon where a near test is missing.
 */
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Mutant, mutantsOf } from "./mutate/mutants.ts";
import { type Candidate, keyOf, measureReach, type Reach, SOURCES } from "./mutate/reach.ts";
import { type Kill, Verdicts } from "./mutate/verdicts.ts";
import { WarmTests } from "./mutate/warm.ts";
import { copyWorkspace, endRuns, ROOT } from "./mutate/workspace.ts";

const SLOW = [
  "packages/cli/test/killed.test.ts",
  "tests/crash.test.ts",
  "tests/crash-commands.test.ts",
  "tests/crash-devices.test.ts",
  "tests/crash-entering.test.ts",
  "tests/simulator.test.ts",
  "tests/simulator-drive.test.ts",
  "tests/simulator-files.test.ts",
  "tests/simulator-members.test.ts",
  "tests/cli-process.test.ts",
];
/** How many times as long as usual, and longer, a run may take; a mutant may well run in circles. */
const PATIENCE = { times: 10, seconds: 60 };

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    within: { type: "string", default: "Infinity" },
    jobs: { type: "string", default: String(availableParallelism()) },
    slow: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});
const jobs = Number(values.jobs);
const within = Number(values.within);
const only = new RegExp(values.only);
const copies: string[] = [];
const known = new Verdicts();

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

/** How near a test file stands to a source: its namesake, then those of its room, then those of its package. */
function distance(source: string, test: string): number {
  const [, ofPackage = "", room = ""] = /^(packages\/[^/]+\/)src\/(?:(.*)\/)?/.exec(source) ?? [];
  const name = source.slice(source.lastIndexOf("/") + 1).replace(/\.ts$/, ".test.ts");
  if (test.endsWith(`/${name}`)) return 0;
  if (room !== "" && test.startsWith(`${ofPackage}test/${room}/`)) return 1;
  return test.startsWith(ofPackage) ? 2 : 3;
}

/**
 * The test files that come to a check: the one that missed it the last time, those that missed others of its file, then near
 * ones; fast ones first.
 */
function testsOf(reach: Reach, mutant: Mutant): Candidate[] {
  const killer = known.killerOf(mutant);
  const beside = known.killersBeside(mutant);
  const rank = ({ path, isSure }: Candidate) =>
    path === killer ? 0 : beside.has(path) ? 1 : 2 + (isSure ? 0 : 4) + distance(mutant.file, path);
  const order = (candidate: Candidate) => 3600 * rank(candidate) + candidate.seconds;
  const candidates = reach.candidates(mutant.file, keyOf(mutant.file, mutant.code));
  return candidates.toSorted((left, right) => order(left) - order(right));
}

/** Which test files pass where nothing is taken away, as far as this run has seen: sources change after a file was measured. */
const passing = new Map<string, boolean>();

/** The first test that misses the check. */
async function killerOf(copy: string, vitest: WarmTests, mutant: Mutant, reach: Reach): Promise<Kill | undefined> {
  const path = join(copy, mutant.file);
  const original = readFileSync(path);
  const failuresOf = (test: Candidate, text: string | Uint8Array) => {
    writeFileSync(path, text);
    const limit = PATIENCE.seconds + PATIENCE.times * test.seconds;
    return vitest.run({ changed: mutant.file, path: test.path }, limit);
  };
  try {
    let spentSeconds = 0;
    for (const test of testsOf(reach, mutant)) {
      if (spentSeconds > within) break;
      if (passing.get(test.path) === false) continue;
      spentSeconds += test.seconds;
      const failed = await failuresOf(test, mutant.text);
      if (failed?.length === 0) continue;
      // Nor does a time-out say anything where the machine is too busy for the test as it is.
      const isKnown = failed !== undefined && passing.has(test.path);
      if (!isKnown && !passes(test, await failuresOf(test, original))) continue;
      const name = failed?.[0];
      return { path: test.path, by: name === undefined ? `${test.path}, which did not end` : `${test.path} > ${name}` };
    }
    return undefined;
  } finally {
    writeFileSync(path, original);
  }
}

/** Notes whether a test file passes as it is; one that does not end says nothing of the next time. */
function passes({ path }: Candidate, failed: readonly string[] | undefined): boolean {
  if (failed) passing.set(path, failed.length === 0);
  if (failed?.length === 0) return true;
  const what = failed ? `fails by itself (${failed[0]})` : "does not end by itself";
  console.log(`${path} ${what}: nothing follows from it`);
  return false;
}

async function tryAll(mutants: readonly Mutant[], reach: Reach): Promise<Verdict[]> {
  const verdicts = mutants
    .map((mutant) => ({ mutant, by: known.standing(mutant) }))
    .filter(({ by }) => by !== undefined);
  if (verdicts.length > 0) console.log(`${verdicts.length} were killed earlier`);
  const waiting = mutants.filter((mutant) => !verdicts.some((verdict) => verdict.mutant === mutant));
  const work = async () => {
    const copy = copyWorkspace();
    copies.push(copy);
    const vitest = new WarmTests(copy);
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const kill = await killerOf(copy, vitest, mutant, reach);
      if (kill) known.keep(mutant, kill);
      verdicts.push({ mutant, by: kill?.by });
      const verdict = kill ? "killed" : "SURVIVED";
      console.log(
        `${verdicts.length}/${mutants.length} ${verdict} ${describe(mutant)}${kill ? `\n    by ${kill.by}` : ""}`,
      );
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
