/** The real world: the one file of this package that touches `process`. */
import type { Io } from "./io.ts";

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
    exit: (code) => process.exit(code),
  };
}
