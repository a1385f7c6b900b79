/** How the command gets going: what `packages/cli/bin/conclave.js` does before any of the rest is loaded. */
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { afterEach, beforeEach, expect, it } from "vitest";

const BIN = "packages/cli/bin/conclave.js";
let scratch: string;
let bin: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "conclave-start-"));
  bin = join(scratch, "bin/conclave.js");
  cpSync(BIN, bin);
  write("package.json", '{ "type": "module" }');
});

afterEach(() => rmSync(scratch, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(scratch, path)), { recursive: true });
  writeFileSync(join(scratch, path), text);
}

/** A package's entry that does `body`, with `argv` and `io` in reach, and returns the exit code. */
function entry(body: string): string {
  return `export const processIo = () => process;\nexport const main = async (argv, io) => { ${body} };\n`;
}

function start(options: { readonly before?: readonly string[]; readonly words?: readonly string[] } = {}) {
  const words = [...(options.before ?? []), bin, ...(options.words ?? [])];
  return spawnSync(process.execPath, words, { encoding: "utf8" }) satisfies SpawnSyncReturns<string>;
}

it("runs the build where there is one", () => {
  write("dist/bundle/index.js", entry('io.stdout.write("built " + argv); return 0;'));
  write("src/index.ts", entry("return 1;"));
  expect(start({ words: ["a", "b c"] })).toMatchObject({ status: 0, stdout: "built a,b c", stderr: "" });
});

it("runs the sources where nothing was built, with their condition, words and exit code", () => {
  write("src/index.ts", entry('io.stdout.write(io.execArgv + " " + argv as string); return 5;'));
  const outcome = start({ before: ["--no-warnings"], words: ["--conditions=mine", "b c"] });
  expect(outcome).toMatchObject({
    status: 5,
    stdout: "--conditions=@conclave/source,--no-warnings --conditions=mine,b c",
    stderr: "",
  });
});

it("runs the sources beside a build when the condition asks for them", () => {
  write("dist/bundle/index.js", entry("return 1;"));
  write("src/index.ts", entry("return 0;"));
  expect(start({ before: ["--conditions=@conclave/source"] })).toMatchObject({ status: 0 });
});

it.skipIf(process.platform === "win32")("passes signals to the sources", async () => {
  write("src/index.ts", entry("io.stdout.write(String(io.pid)); setInterval(() => undefined, 1000); return 0;"));
  const child = spawn(process.execPath, [bin], { stdio: ["ignore", "pipe", "inherit"] });
  const [pid] = await once(child.stdout, "data");
  expect(Number(String(pid))).toBe(child.pid);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([null, "SIGTERM"]);
});

it("says in one line what it needs when an older Node starts it", () => {
  write("dist/bundle/index.js", entry("return 0;"));
  write("old.cjs", 'Object.defineProperty(process, "versions", { value: { node: "20.20.2" } });');
  const { status, stdout, stderr } = start({ before: ["--require", join(scratch, "old.cjs")] });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^error: conclave needs Node 24 or newer, this is v\S+\n$/);
});

it("has neither import statements nor top-level await, which older Nodes fail to read before they say anything", () => {
  const code = readFileSync(BIN, "utf8").replaceAll("import.meta.url", "''");
  expect(new Script(code)).toBeInstanceOf(Script);
});
