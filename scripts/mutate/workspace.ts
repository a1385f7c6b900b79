/** Copies of this workspace in which files can be spoiled and tests run, without touching the one that people work in. */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

export const ROOT: string = resolve(import.meta.dirname, "../..");
const VITEST = "node_modules/vitest/vitest.mjs";

/** Files as they stand, also those that are not committed yet. */
function ownFiles(): string[] {
  const listed = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" });
  return listed.split("\0").filter((path) => path !== "" && existsSync(join(ROOT, path)));
}

/** Makes a copy; whoever asks for it removes it. */
export function copyWorkspace(): string {
  const copy = mkdtempSync(join(tmpdir(), "conclave-copy-"));
  for (const path of ownFiles()) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(ROOT, path), join(copy, path));
  }
  mkdirSync(join(copy, "node_modules/@conclave"), { recursive: true });
  for (const name of readdirSync(join(ROOT, "node_modules"))) {
    if (name !== "@conclave" && !name.startsWith(".vite"))
      symlinkSync(join(ROOT, "node_modules", name), join(copy, "node_modules", name));
  }
  for (const name of readdirSync(join(copy, "packages")))
    symlinkSync(join("../../packages", name), join(copy, "node_modules/@conclave", name));
  return copy;
}

/** Stands in place of a test's name where a file failed and none of its tests did. */
export const NOT_LOADED = "(not loaded)";

/** What became of one test file. */
export interface TestFile {
  /** Relative to the workspace. */
  readonly path: string;
  readonly seconds: number;
  /** Full names of the tests that failed; the file's message where it could not even be loaded. */
  readonly failed: readonly string[];
}

export interface TestRun {
  readonly files: readonly TestFile[];
  readonly isTimedOut: boolean;
  readonly output: string;
}

const running = new Set<number>();

/** Ends every run that is under way. */
export function endRuns(): void {
  for (const pid of running) endGroup(pid);
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Starts Node in a copy, at the head of its own process group; {@link endRuns} ends it and what it started. */
export function startIn(copy: string, argv: readonly string[], options: Pick<SpawnOptions, "env" | "stdio">): Started {
  const child = spawn(process.execPath, argv, { cwd: copy, detached: true, ...options });
  const { pid = 0 } = child;
  running.add(pid);
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => {
      running.delete(pid);
      resolve();
    });
  });
  return { child, ended, end: () => endGroup(pid) };
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly end: () => void;
}

/** Runs vitest in a copy, quietly, and waits for its end. */
export async function runTests(
  copy: string,
  options: { readonly argv: readonly string[]; readonly seconds: number; readonly env?: NodeJS.ProcessEnv },
): Promise<TestRun> {
  const report = join(copy, "report.json");
  rmSync(report, { force: true });
  const argv = [VITEST, "run", "--reporter=json", `--outputFile=${report}`, "--testTimeout=600000", ...options.argv];
  const env = { ...process.env, ...options.env };
  const { child, ended, end } = startIn(copy, argv, { env, stdio: ["ignore", "pipe", "pipe"] });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text) => output.push(text));
  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    end();
  }, options.seconds * 1000);
  await ended;
  clearTimeout(timer);
  return { files: existsSync(report) ? readReport(copy, report) : [], isTimedOut, output: output.join("") };
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function readReport(copy: string, report: string): TestFile[] {
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
  return testResults.map(({ name, startTime, endTime, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === "failed").map(({ fullName }) => fullName);
    const isBroken = status === "failed" && failed.length === 0;
    return {
      path: name.slice(copy.length + 1),
      seconds: (endTime - startTime) / 1000,
      failed: isBroken ? [`${NOT_LOADED} ${message.slice(0, 200)}`] : failed,
    };
  });
}
