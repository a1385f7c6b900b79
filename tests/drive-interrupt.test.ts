/** A command on Google Drive that waits is ended by Ctrl-C at once: real processes, an emulated Google that asks for patience. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type EmulatedGoogle, type Fault, startGoogle } from "@conclave/emulators";
import { afterAll, beforeAll, expect, it } from "vitest";
import { browse, signInWords, writeClientFile } from "../packages/cli/test/support/google.ts";

const BIN = resolve("packages/cli/bin/conclave.js");
/** Far less than any of the waits below: whoever sits one out fails. */
const TIMEOUT_MS = 60_000;

interface Desk {
  readonly google: EmulatedGoogle;
  start(...argv: readonly string[]): {
    readonly ended: Promise<{ readonly exit: number | null; readonly err: string }>;
    kill(signal: "SIGINT" | "SIGTERM"): void;
  };
}

const folder = mkdtempSync(join(tmpdir(), "conclave-drive-interrupt-"));
let alices: Desk;

beforeAll(async () => {
  alices = await desk();
}, TIMEOUT_MS);

afterAll(async () => {
  await alices.google.close();
  rmSync(folder, { recursive: true });
});

/** Alice's group on an emulated Drive, and a file to put into it. */
async function desk(): Promise<Desk> {
  const google = await startGoogle();
  writeClientFile(folder);
  writeFileSync(join(folder, "a.txt"), "alpha");
  const start: Desk["start"] = (...argv) => {
    const child = spawn(process.execPath, [BIN, ...argv], {
      cwd: folder,
      env: { PATH: process.env.PATH, CONCLAVE_HOME: join(folder, "home"), CONCLAVE_GOOGLE_EMULATOR: google.url },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
      const page = /^ {2}(http:\S+)$/m.exec(text)?.[1];
      if (page !== undefined) void browse(page);
    });
    const ended = once(child, "close").then(([exit]) => ({ exit: exit as number | null, err }));
    return { ended, kill: (signal) => void child.kill(signal) };
  };
  for (const words of [
    ["init", "--name", "Alice", "--no-passphrase"],
    signInWords,
    ["create", "club", "gdrive:club", "--settled"],
  ]) {
    expect(await start(...words).ended, words.join(" ")).toMatchObject({ exit: 0 });
  }
  return { google, start };
}

const PATIENCE: Fault = { type: "error", status: 503, retryAfterSeconds: 280 };
const SILENCE: Fault = { type: "delay", ms: 290_000 };

it.each([
  ["SIGTERM", "for its turn to try again", "files.generateIds", PATIENCE],
  ["SIGINT", "for its turn to try again", "changes.list", PATIENCE],
  ["SIGTERM", "for an answer", "files.generateIds", SILENCE],
  ["SIGINT", "for a token", "oauth.token", SILENCE],
] as const)("%s ends a command that waits %s, of %s", { timeout: TIMEOUT_MS }, async (signal, _, on, fault) => {
  const { google, start } = alices;
  google.requests.clear();
  google.expireAccessTokens();
  google.faults.add({ on, fault });
  writeFileSync(join(folder, "a.txt"), `as ${signal} finds it while ${on} waits by ${fault.type}`);
  const upload = start("upload", "a.txt", "club:/");
  while (google.requests.count(on) === 0) await new Promise((resolve) => setImmediate(resolve));
  upload.kill(signal);
  const { exit, err } = await upload.ended;
  expect({ exit, err }).toEqual({ exit: 130, err: expect.stringContaining("interrupted") });
  google.faults.clear();
  expect(await start("upload", "a.txt", "club:/").ended).toMatchObject({ exit: 0 });
});
