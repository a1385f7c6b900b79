/** Ends a test run with what was skipped, and why, and one plain line that people and programs can read. */
import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** A part of the tests that was not started at all. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
  /** Whether leaving it out makes the run fail. */
  readonly isFailure: boolean;
}

interface Counts {
  passed: number;
  failed: number;
  /** One line each: name and reason. */
  readonly skipped: string[];
}

/** Prints `N passed, N failed, N skipped` as the last line; a run that failed, or ran no test, exits with 1. */
export class CountReporter implements Reporter {
  readonly #leftOut: readonly LeftOut[];

  constructor(leftOut: readonly LeftOut[] = []) {
    this.#leftOut = leftOut;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const counts: Counts = { passed: 0, failed: unhandled.length, skipped: [] };
    for (const module of modules) countModule(module, counts);
    for (const part of this.#leftOut) {
      if (part.isFailure) counts.failed++;
      counts.skipped.push(`${part.name}: ${part.reason}${part.isFailure ? " (required)" : ""}`);
    }
    print(counts);
    if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
  }
}

/** A file that does not load, or a hook that fails, counts as a failure of its own: its tests never ran. */
function countModule(module: TestModule, counts: Counts): void {
  counts.failed += module.errors().length;
  for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === "passed") counts.passed++;
    else if (result.state !== "skipped") counts.failed++;
    else counts.skipped.push(`${module.relativeModuleId}: ${test.fullName}: ${result.note ?? "no reason given"}`);
  }
}

function print({ passed, failed, skipped }: Counts): void {
  if (skipped.length > 0) process.stdout.write(`\nskipped:\n${skipped.map((line) => `  ${line}\n`).join("")}`);
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped\n`);
}
