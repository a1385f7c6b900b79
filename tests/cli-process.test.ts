/** The command as people start it, built if it was built: processes of their own, with homes of their own on one folder. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const BIN = resolve("packages/cli/bin/conclave.js");
const TIMEOUT_MS = 120_000;
let scratch: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "conclave-process-"));
});

afterEach(() => rmSync(scratch, { recursive: true }));

interface Ended {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the command as `name`, whose home lies in the scratch folder. */
function start(name: string, argv: readonly string[]) {
  const child = spawn(process.execPath, [BIN, ...argv], {
    cwd: scratch,
    env: { PATH: process.env.PATH, CONCLAVE_HOME: join(scratch, `home-${name}`) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kept = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    kept.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    kept.err += text;
  });
  const ended = once(child, "close").then(([exit]): Ended => ({ exit: exit as number | null, ...kept }));
  return { child, ended };
}

async function run(name: string, ...argv: readonly string[]): Promise<Ended> {
  return start(name, argv).ended;
}

async function json<Value>(name: string, ...argv: readonly string[]): Promise<Value> {
  const { exit, out, err } = await run(name, ...argv, "--json");
  expect({ exit, err: exit === 0 ? "" : err }, argv.join(" ")).toEqual({ exit: 0, err: "" });
  return JSON.parse(out) as Value;
}

/** Alice has founded "family" on a settled folder and admitted Bob. */
async function family(): Promise<void> {
  for (const name of ["Alice", "Bob"]) await json(name, "init", "--name", name, "--no-passphrase");
  await json("Alice", "create", "family", "store", "--settled");
  const { fingerprint } = await json<{ fingerprint: string }>("Bob", "id", "--card", "bob.card");
  await json("Alice", "add", "family", "bob.card", "--fingerprint", fingerprint);
  const { address } = await json<{ address: string }>("Alice", "address", "family");
  await json("Bob", "join", address, "--as", "family");
}

function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  mkdirSync(join(scratch, folder), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(scratch, folder, name), content);
}

async function pathsOf(name: string): Promise<string[]> {
  return (await json<{ path: string }[]>(name, "ls", "-R", "family:")).map(({ path }) => path);
}

/** Waits until something can be read off a folder, looking again whenever the child says anything or the turn comes. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((done) => setImmediate(done));
}

function storedObjects(): string[] {
  const store = join(scratch, "store");
  if (!existsSync(store)) return [];
  return readdirSync(store, { recursive: true, encoding: "utf8" }).filter((path) =>
    /objects.[0-9a-f]{32}\.age$/.test(path),
  );
}

describe("two homes on one folder", () => {
  it("write at once, and both end up with everything", { timeout: TIMEOUT_MS }, async () => {
    await family();
    for (const name of ["Alice", "Bob"]) {
      for (const part of ["1", "2"])
        write(`${name}${part}`, { "a.txt": `${name} ${part}`, "b.bin": new Uint8Array(200_000).fill(1) });
    }
    const results = await Promise.all(
      ["Alice", "Bob"].flatMap((name) => ["1", "2"].map((part) => run(name, "upload", `${name}${part}`, "family:"))),
    );
    expect(results.map(({ exit }) => exit)).toEqual([0, 0, 0, 0]);
    const expected = ["Alice1", "Alice2", "Bob1", "Bob2"].flatMap((name) => [name, `${name}/a.txt`, `${name}/b.bin`]);
    expect(await pathsOf("Alice")).toEqual(expected);
    expect(await pathsOf("Bob")).toEqual(expected);
    expect(await json("Bob", "verify", "family", "--full")).toMatchObject({ ok: true, files: 8 });
    expect(await json("Alice", "status", "family")).toMatchObject({ problems: [] });
  });

  it("remove and write at once; what was written before the removal was seen is kept or put anew", {
    timeout: TIMEOUT_MS,
  }, async () => {
    await family();
    await json("Carol", "init", "--name", "Carol", "--no-passphrase");
    const { fingerprint } = await json<{ fingerprint: string }>("Carol", "id", "--card", "carol.card");
    await json("Alice", "add", "family", "carol.card", "--fingerprint", fingerprint);
    write("docs", { "a.txt": "alpha", "b.bin": new Uint8Array(3_000_000).fill(2) });
    const [removal, upload] = await Promise.all([
      run("Alice", "remove", "family", "Carol"),
      run("Bob", "upload", "docs", "family:"),
    ]);
    expect(removal.exit).toBe(0);
    if (upload?.exit !== 0) await json("Bob", "upload", "docs", "family:");
    await json("Alice", "reencrypt", "family");
    expect(await pathsOf("Alice")).toEqual(["docs", "docs/a.txt", "docs/b.bin"]);
    expect(await json("Alice", "verify", "family", "--full")).toMatchObject({ ok: true });
    expect(await json("Alice", "status", "family")).toMatchObject({ remaining: { objects: 0 }, problems: [] });
  });
});

describe("a process that is killed", { timeout: TIMEOUT_MS }, () => {
  it.each(["SIGKILL", "SIGINT"] as const)("by %s in an upload is gone on with by the same command", async (signal) => {
    await family();
    const files = Object.fromEntries(
      Array.from({ length: 18 }, (_, index) => [`${index}.bin`, noise(3_000_000, index)]),
    );
    write("big", files);
    const { child, ended } = start("Alice", ["upload", "big", "family:"]);
    await until(() => storedObjects().length > 0 || child.exitCode !== null);
    child.kill(signal);
    const { exit, err } = await ended;
    if (signal === "SIGINT") {
      expect(exit).toBe(130);
      expect(err).toMatch(/error: interrupted\nhint: running the same command again goes on\n$/);
    }
    await json("Alice", "upload", "big", "family:");
    expect(await json("Bob", "download", "family:big/.", "out")).toMatchObject({
      files: 18,
      transferred: 18,
      failed: [],
    });
    for (const [name, content] of Object.entries(files)) {
      expect(readFileSync(join(scratch, "out", name)).equals(content)).toBe(true);
    }
    expect(await json("Bob", "verify", "family", "--full")).toMatchObject({ ok: true, problems: [] });
  });
});

it("goes on in the background with a passphrase that no other process sees", { timeout: TIMEOUT_MS }, async () => {
  write(".", { passphrase: "correct horse" });
  const unlock = ["--passphrase-file", "passphrase"];
  await json("Alice", "init", "--name", "Alice", ...unlock);
  await json("Alice", "create", "family", "store", "--settled", ...unlock);
  await json("Bob", "init", "--name", "Bob", "--no-passphrase");
  const { fingerprint } = await json<{ fingerprint: string }>("Bob", "id", "--card", "bob.card");
  await json("Alice", "add", "family", "bob.card", "--fingerprint", fingerprint, ...unlock);
  write("docs", { "a.txt": "alpha" });
  await json("Alice", "upload", "docs", "family:", ...unlock);
  const before = storedObjects();
  const { exit, err } = await run("Alice", "remove", "family", "Bob", "--contents", "background", ...unlock);
  expect(exit).toBe(0);
  const process_ = Number(/\(process (\d+)\)/.exec(err)?.[1]);
  await until(() => !isRunning(process_));
  expect(storedObjects()).toHaveLength(1);
  expect(storedObjects()).not.toEqual(before);
  expect(await json("Alice", "status", "family", ...unlock)).toMatchObject({ remaining: { objects: 0 } });
});

it("lets two processes of one home add groups at once", { timeout: TIMEOUT_MS }, async () => {
  await json("Alice", "init", "--name", "Alice", "--no-passphrase");
  const names = ["one", "two", "three", "four"];
  await Promise.all(names.map((name) => json("Alice", "create", name, `store-${name}`)));
  expect((await json<{ name: string }[]>("Alice", "groups")).map(({ name }) => name)).toEqual([...names].sort());
});

function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed + 1;
  for (let at = 0; at < length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
    bytes[at + 1] = state >>> 16;
  }
  return bytes;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Nobody waits for it here, so it may stay in the table after its end.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
