/** The real world: the one file of this package that touches `process`. */
import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { hostname } from "node:os";
import { openBrowser } from "./browser.ts";
import type { DetachOptions, Io } from "./io.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** The streams, environment and signals of this process. */
export function processIo(): Io {
  return {
    // A getter: merely looking at it opens it, and a closed stdin then fails commands that never read.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    clock: { now: () => Date.now() },
    onInterrupt(handler) {
      for (const signal of SIGNALS) process.on(signal, handler);
      return () => {
        for (const signal of SIGNALS) process.off(signal, handler);
      };
    },
    detach: startDetached,
    openBrowser: (url) => openBrowser(url, process.env),
    keychain: async () => (await import("@conclave/node")).systemKeychain(),
    hostName: hostname,
    exit: (code) => process.exit(code),
  };
}

/** The same program again, as this one was started. */
async function startDetached(argv: readonly string[], { input, log }: DetachOptions): Promise<number> {
  await using file = await open(log, "a", 0o600);
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...argv], {
    detached: true,
    stdio: ["pipe", file.fd, file.fd],
  });
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.stdin?.once("error", reject).end(input, resolve);
  });
  child.unref();
  return child.pid ?? 0;
}
