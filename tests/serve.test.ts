/** `conclave serve` as people start it: a process of its own on a real folder, told to stop, killed, doubled, cut off. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const BIN = resolve("packages/cli/bin/conclave.js");
const TIMEOUT_MS = 120_000;
let scratch: string;
let children: ChildProcess[];

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "conclave-serve-"));
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(scratch, { recursive: true });
});

function spawnAs(name: string, argv: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [BIN, ...argv], {
    cwd: scratch,
    env: { PATH: process.env.PATH, CONCLAVE_HOME: join(scratch, `home-${name}`) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  return child;
}

async function run(
  name: string,
  ...argv: readonly string[]
): Promise<{ exit: number | null; out: string; err: string }> {
  const child = spawnAs(name, argv);
  const kept = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    kept.out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    kept.err += text;
  });
  const [exit] = (await once(child, "close")) as [number | null];
  return { exit, ...kept };
}

async function json<Value>(name: string, ...argv: readonly string[]): Promise<Value> {
  const { exit, out, err } = await run(name, ...argv, "--json");
  expect({ exit, err: exit === 0 ? "" : err }, argv.join(" ")).toEqual({ exit: 0, err: "" });
  return JSON.parse(out) as Value;
}

interface Event {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A running server: its events as they come. */
interface Server {
  readonly child: ChildProcess;
  /** The next event of that kind (and about that person); what comes before it is kept. */
  next(kind: string, about?: string): Promise<Event>;
  readonly seen: readonly Event[];
  stop(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): Promise<number | null>;
}

async function serve(name = "Alice"): Promise<Server> {
  const child = spawnAs(name, ["serve", "family", "--json", "--every", "1"]);
  const seen: Event[] = [];
  const waiting = new Set<() => void>();
  if (!child.stdout) throw new Error("no output");
  createInterface({ input: child.stdout }).on("line", (line) => {
    seen.push(JSON.parse(line) as Event);
    for (const wake of waiting) wake();
  });
  const ended = once(child, "close").then(([exit]) => exit as number | null);
  let read = 0;
  const server: Server = {
    child,
    seen,
    async next(kind, about) {
      for (;;) {
        const at = seen.findIndex(
          ({ event, name }, index) => index >= read && event === kind && (about === undefined || name === about),
        );
        if (at >= 0) {
          read = at + 1;
          return seen[at] as Event;
        }
        let wake = (): void => undefined;
        const more = new Promise<void>((resolve) => {
          wake = resolve;
          waiting.add(resolve);
        });
        const exit = await Promise.race([more, ended.then((code) => ({ code }))]);
        waiting.delete(wake);
        if (exit) throw new Error(`serving ended with ${exit.code} before ${kind}: ${JSON.stringify(seen)}`);
      }
    },
    async stop(signal) {
      child.kill(signal);
      return ended;
    },
  };
  await server.next("serving");
  return server;
}

async function founded(): Promise<void> {
  await json("Alice", "init", "--name", "Alice", "--no-passphrase");
  await json("Alice", "create", "family", "store", "--settled");
}

/** A newcomer who has left a request by that code. */
async function asks(name: string, code: string): Promise<void> {
  await json(name, "init", "--name", name, "--no-passphrase");
  expect((await run(name, "join", code, "--as", "family")).exit).toBe(3);
}

const invite = async (name: string): Promise<string> =>
  (await json<{ code: string }>("Alice", "invite", "family", name)).code;

describe("serving", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "admits who was invited, shows who was not, and stops cleanly at %s with exit code 0",
    async (signal) => {
      await founded();
      const server = await serve();
      const code = await invite("Bob");
      await asks("Bob", code);
      expect(await server.next("admitted")).toMatchObject({ group: "family", name: "Bob", role: "editor" });
      expect((await json<{ role: string }>("Bob", "join", code, "--as", "family")).role).toBe("editor");
      const { address } = await json<{ address: string }>("Alice", "address", "family");
      await asks("Eve", address);
      expect(await server.next("request")).toMatchObject({ name: "Eve", state: "waiting", reason: "not invited" });
      expect(await server.stop(signal)).toBe(0);
      expect(server.seen.at(-1)).toMatchObject({ event: "stopped", group: "family" });
      expect(await json("Alice", "verify", "family", "--full")).toMatchObject({ ok: true });
      expect(await json("Alice", "members", "family")).toHaveLength(2);
    },
    TIMEOUT_MS,
  );

  it(
    "calls a removed member's attempt what it is, once",
    async () => {
      await founded();
      const code = await invite("Bob");
      await asks("Bob", code);
      await json("Alice", "status", "family");
      await json("Bob", "join", code, "--as", "family");
      const server = await serve();
      await json("Alice", "remove", "family", "Bob");
      expect((await run("Bob", "ls", "family:")).exit).toBe(3);
      expect(await server.next("unauthorised")).toMatchObject({ name: "Bob", state: "refused" });
      await run("Bob", "ls", "family:");
      await asks("Eve", (await json<{ address: string }>("Alice", "address", "family")).address);
      await server.next("request");
      expect(server.seen.filter(({ event }) => event === "unauthorised")).toHaveLength(1);
      expect(await server.stop("SIGTERM")).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    "says once that the storage is gone, once that it is back, and goes on",
    async () => {
      await founded();
      const server = await serve();
      renameSync(join(scratch, "store"), join(scratch, "away"));
      expect(await server.next("trouble")).toMatchObject({ message: expect.stringMatching(/store is not there$/) });
      renameSync(join(scratch, "away"), join(scratch, "store"));
      await server.next("back");
      expect(server.seen.filter(({ event }) => event === "trouble")).toHaveLength(1);
      await asks("Bob", await invite("Bob"));
      expect(await server.next("admitted")).toMatchObject({ name: "Bob" });
      expect(await server.stop("SIGTERM")).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    "does no harm twice at once in one home, nor when one of the two is killed outright",
    async () => {
      await founded();
      const servers = [await serve(), await serve()] as const;
      await asks("Bob", await invite("Bob"));
      await Promise.race(servers.map((server) => server.next("admitted", "Bob")));
      expect(await servers[0].stop("SIGKILL")).toBeNull();
      const code = await invite("Carol");
      await asks("Carol", code);
      await servers[1].next("admitted", "Carol");
      expect(await servers[1].stop("SIGTERM")).toBe(0);
      expect((await json<{ role: string }>("Carol", "join", code, "--as", "family")).role).toBe("editor");
      const names = (await json<{ name: string }[]>("Alice", "members", "family")).map(({ name }) => name);
      expect(names).toEqual(["Alice", "Bob", "Carol"]);
      expect(await json("Alice", "verify", "family", "--full")).toMatchObject({ ok: true });
    },
    TIMEOUT_MS,
  );

  it(
    "does no harm on two machines of two admins, either of whom admits, nor when one of them is killed outright",
    async () => {
      await founded();
      const code = (await json<{ code: string }>("Alice", "invite", "family", "Bob", "--role", "admin")).code;
      await asks("Bob", code);
      await json("Alice", "status", "family");
      await json("Bob", "join", code, "--as", "family");
      const [first, second] = [await serve("Alice"), await serve("Bob")];
      await asks("Carol", await invite("Carol"));
      await Promise.race([first, second].map((each) => each.next("admitted", "Carol")));
      const late = await invite("Dave");
      expect(await first.stop("SIGKILL")).toBeNull();
      await asks("Dave", late);
      await second.next("admitted", "Dave");
      expect(await second.stop("SIGTERM")).toBe(0);
      expect(await json("Dave", "join", late, "--as", "family")).toMatchObject({ role: "editor" });
      for (const name of ["Alice", "Bob"]) {
        expect(await json(name, "members", "family")).toHaveLength(4);
        expect(await json(name, "verify", "family", "--full")).toMatchObject({ ok: true });
      }
    },
    2 * TIMEOUT_MS,
  );

  it(
    "refuses what is no group, and what is no number of seconds",
    async () => {
      await founded();
      expect((await run("Alice", "serve", "work")).exit).toBe(4);
      expect((await run("Alice", "serve", "family", "--every", "0")).exit).toBe(2);
    },
    TIMEOUT_MS,
  );
});
