import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { ConclaveError, StoreError } from "@conclave/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { defineCommand } from "../src/command.ts";
import { CommandError } from "../src/command-error.ts";
import { CONCLAVE_OUTCOMES, EXIT_CODES, STORE_OUTCOMES } from "../src/exit-codes.ts";
import { VERSION } from "../src/parsing/version.ts";
import { REGISTRY, type RegistryEntry } from "../src/registry.ts";
import { act, runMain, World } from "./support/run-main.ts";

const seen = vi.fn();
const copy = defineCommand({
  examples: ["conclave copy a b family:"],
  args: ["source...", "target"],
  options: {
    overwrite: { summary: "replace" },
    "no-passphrase": { summary: "without" },
    role: { summary: "role", choices: ["editor", "viewer"], default: "editor" },
    version: { summary: "which", value: "N" },
    long: { summary: "long", short: "l" },
  },
  async run({ options }, words) {
    // The words' types come from the data above.
    const typed: { source: readonly string[]; target: string; overwrite: boolean; version: string | undefined } = words;
    seen({ ...typed, ...words }, options);
  },
});
const list = defineCommand({
  examples: ["conclave device"],
  args: ["name?"],
  run: async (_, words) => void seen({ ...words }),
});
const registry: readonly RegistryEntry[] = [
  { name: "copy", summary: "Copy.", section: "Files:", load: async () => copy },
  { name: "device", summary: "List devices.", section: "Devices:", load: async () => list },
  { name: "device add", summary: "Add one.", section: "Devices:", load: async () => copy },
];

const defaults = { overwrite: false, "no-passphrase": false, role: "editor", version: undefined, long: false };

describe("words", () => {
  it("reach the command by name", async () => {
    const { exit } = await runMain(["copy", "a", "b", "c", "--overwrite", "--version", "3", "-l"], { registry });
    expect(exit).toBe(0);
    const words = { source: ["a", "b"], target: "c", ...defaults, overwrite: true, version: "3", long: true };
    expect(seen.mock.lastCall?.[0]).toEqual(words);
  });

  it.each([
    [["--json", "--profile", "bob", "copy", "a", "b"]],
    [["copy", "--json", "a", "--profile=bob", "b"]],
    [["--profile", "alice", "copy", "a", "b", "--profile", "bob", "--json"]],
  ])("take global options before and after the command: %j", async (argv) => {
    expect((await runMain(argv, { registry })).exit).toBe(0);
    expect(seen.mock.lastCall?.[1]).toMatchObject({ json: true, profile: "bob", quiet: false, noInput: false });
  });

  it("understand options that say no", async () => {
    await runMain(["--no-input", "copy", "a", "b", "--no-passphrase", "--no-progress"], { registry });
    expect(seen.mock.lastCall?.[0]).toMatchObject({ "no-passphrase": true });
    expect(seen.mock.lastCall?.[1]).toMatchObject({ noInput: true, noProgress: true });
  });

  it("find a command below another, and that other alone", async () => {
    await runMain(["--quiet", "device", "add", "x", "y"], { registry });
    expect(seen.mock.lastCall?.[0]).toMatchObject({ source: ["x"], target: "y" });
    await runMain(["device"], { registry });
    expect(seen.mock.lastCall?.[0]).toEqual({ name: undefined });
  });

  it("take everything after -- as it is", async () => {
    await runMain(["copy", "--", "--json", "-x"], { registry });
    expect(seen.mock.lastCall?.[0]).toMatchObject({ source: ["--json"], target: "-x" });
  });

  it.each([
    [["cpoy"], "error: unknown command 'cpoy'\nhint: did you mean copy?"],
    [["copy", "a", "b", "--overwrit"], "error: unknown option '--overwrit'\nhint: did you mean --overwrite?"],
    [["--jso", "copy", "a", "b"], "error: unknown option '--jso'\nhint: did you mean --json?"],
    [["copy", "a"], "error: missing argument target\nhint: run the command with --help"],
    [["copy", "a", "b", "--role", "king"], "error: option '--role <ROLE>' argument 'king' is invalid"],
    [["copy", "a", "b", "--profile"], "error: option '--profile <NAME>' argument missing"],
    [["device", "x", "y"], "error: too many arguments"],
    [[], "error: no command was given"],
    [["copy\u001b[2J"], "error: unknown command 'copy\\u{1b}[2J'"],
  ])("are refused as %j with exit 2 and a hint", async (argv, message) => {
    const { exit, out, err } = await runMain(argv, { registry });
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
    expect(err).toContain(message);
    expect(err).toMatch(/\nhint: .+\n$/);
  });

  it("are refused as JSON where JSON is wanted", async () => {
    const { exit, out, err } = await runMain(["copy", "--json"], { registry });
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
    expect(JSON.parse(err)).toEqual({
      error: { code: "usage", message: expect.any(String), hint: expect.any(String) },
    });
  });
});

describe("help", () => {
  it.each([["--help"], ["copy", "--help"], ["device", "add", "-h"]].map((argv) => [argv]))(
    "of %j begins with an example and ends with the exit codes",
    async (argv) => {
      const { exit, out, err } = await runMain(argv, { registry });
      expect({ exit, err }).toEqual({ exit: 0, err: "" });
      expect(out).toMatch(/^Example:\n {2}conclave /);
      for (const [code, meaning] of EXIT_CODES) expect(out).toMatch(new RegExp(`\n +${code} +${meaning.slice(0, 10)}`));
    },
  );

  it("is what the help command prints too", async () => {
    const { out } = await runMain(["help", "help"]);
    expect(out).toBe((await runMain(["help", "--help"])).out);
    expect(await runMain(["help", "hepl"])).toMatchObject({
      exit: 2,
      out: "",
      err: expect.stringContaining("did you mean help?"),
    });
  });

  it("is there for every command, with an example that names it", async () => {
    for (const entry of REGISTRY) {
      expect((await entry.load()).examples.join("\n")).toContain(`conclave ${entry.name}`);
    }
  });

  it("tells the package's version", async () => {
    const text = readFileSync(fileURLToPath(new URL("../package.json", import.meta.url)), "utf8");
    expect(VERSION).toBe((JSON.parse(text) as { version: string }).version);
    expect((await runMain(["--version"])).out).toBe(`${VERSION}\n`);
  });
});

describe("an error", () => {
  it.each(Object.entries(CONCLAVE_OUTCOMES))("of the core, %s, gives its exit code", async (code, { exit }) => {
    const error = new ConclaveError("opening it", { code: code as keyof typeof CONCLAVE_OUTCOMES });
    const shown = await act(() => Promise.reject(error));
    expect(shown).toMatchObject({ exit, out: "" });
    expect(shown.err).toMatch(/^error: opening it\nhint: .+\n$/);
  });

  it("of a home on a full disk is told apart from a defect", async () => {
    const folder = mkdtempSync(join(tmpdir(), "conclave-full-"));
    const database = new DatabaseSync(join(folder, "index.sqlite"));
    onTestFinished(() => {
      database.close();
      rmSync(folder, { recursive: true });
    });
    database.exec("PRAGMA max_page_count = 2; CREATE TABLE a (b)");
    const fill = () => database.exec("INSERT INTO a VALUES (zeroblob(100000))");
    const { exit, err } = await act(fill);
    expect({ exit, err }).toEqual({
      exit: 1,
      err: "error: the local index in this home: no space left on the disk\nhint: make room, then run the same command again: it goes on\n",
    });
  });

  it.each(Object.entries(STORE_OUTCOMES))("of a store, %s, gives its exit code", async (code, { exit }) => {
    const error = new StoreError("putting it", { code: code as keyof typeof STORE_OUTCOMES });
    expect((await act(() => Promise.reject(error))).exit).toBe(exit);
  });

  it("of the system is put into plain words", async () => {
    const error = Object.assign(new Error("ENOSPC: raw"), { code: "ENOSPC", path: "/d/a\u202eb" });
    const { exit, err } = await act(() => Promise.reject(error));
    expect(exit).toBe(1);
    expect(err).toContain("error: /d/a\\u{202e}b: no space left on the disk (ENOSPC)\n");
  });

  it("that nobody foresaw exits with 1, and shows its stack with --debug only", async () => {
    const work = (): never => {
      throw new TypeError("undefined is\nno function");
    };
    const quiet = await act(work);
    expect(quiet).toMatchObject({ exit: 1, out: "" });
    expect(quiet.err.split("\n")).toHaveLength(3);
    expect((await act(work, { argv: ["--debug"] })).err).toContain("debug: TypeError");
  });

  it("is one JSON document on stderr with --json", async () => {
    const error = new ConclaveError("a\u202eb is altered", { code: "corrupt" });
    const { exit, out, err } = await act(() => Promise.reject(error), { argv: ["--json"] });
    expect({ exit, out }).toEqual({ exit: 5, out: "" });
    expect(err).not.toContain("\u202e");
    expect(JSON.parse(err)).toMatchObject({ error: { code: "corrupt", message: "a\u202eb is altered" } });
  });
});

describe("Ctrl-C", () => {
  it("calls the work off and says how to go on", async () => {
    const world = new World();
    const { exit, err } = await act(
      ({ signal }) => {
        world.interrupt();
        // What an adapter throws when it is called off may be anything.
        throw new StoreError(`gone ${signal.aborted}`, { code: "unavailable" });
      },
      { world },
    );
    expect(exit).toBe(130);
    expect(err).toContain("press Ctrl-C again");
    expect(err).toContain("hint: running the same command again goes on");
  });

  it("ends the program at once the second time", async () => {
    const world = new World();
    await act(() => [world.interrupt(), world.interrupt()], { world });
    expect(world.exits).toEqual([130]);
  });

  it("of a finished command changes nothing", async () => {
    const world = new World();
    const { exit } = await act(() => undefined, { world });
    world.interrupt();
    expect({ exit, exits: world.exits }).toEqual({ exit: 0, exits: [] });
  });
});

it("is quiet when the reader of its output stops reading", async () => {
  const world = new World();
  world.stdout._write = (_chunk, _encoding, done: (error?: Error) => void) =>
    done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  const { exit, err } = await act(({ out }) => out.bytes(new Uint8Array(10)), { world });
  expect({ exit, err }).toEqual({ exit: 0, err: "" });
});

it.each(["stdout", "stderr"] as const)("ends with an error's own exit where nobody reads %s", async (name) => {
  const world = new World();
  const stream = world[name];
  const closed = new Promise((resolve) => stream.on("close", resolve));
  const listeners: number[] = [];
  // As of a pipe, whose error comes later than the write.
  stream._write = (_chunk, _encoding, done: (error?: Error) => void) =>
    void setImmediate(() => {
      listeners.push(stream.listenerCount("error"));
      done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    });
  const { exit } = await act(
    ({ out }) => {
      out.result([], ({ line }) => line("what was known before"));
      throw new ConclaveError("the storage went back", { code: "rollback" });
    },
    { world },
  );
  await closed;
  expect({ exit, listeners }).toEqual({ exit: 5, listeners: [1] });
  expect(stream.listenerCount("error")).toBe(0);
});

it("starts as a program of its own, and prints help", () => {
  const start = fileURLToPath(new URL("../bin/conclave.js", import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, ["--conditions=@conclave/source", start, "help"], {
    encoding: "utf8",
  });
  expect({ status, first: stdout.split("\n")[0] }).toEqual({ status: 0, first: "Example:" });
});

it("prefers an error's own hint", async () => {
  const error = new CommandError("x", { code: "usage", hint: "write y" });
  expect((await act(() => Promise.reject(error))).err).toBe("error: x\nhint: write y\n");
});
