/** A program at a real terminal, that of `script` from util-linux; what it shows can be waited for. */
import { spawn } from "node:child_process";

/** A program that believes that a person sits before it. */
export interface Terminal {
  /** Presses keys. */
  type(keys: string): void;
  /** Waits until it has shown something that fits, since the last time; gives what it showed. Rejects if it ends before. */
  shows(pattern: RegExp): Promise<string>;
  /** Ends it, if it has not ended by itself. */
  close(): Promise<void>;
}

/** Starts a command line of `sh` at a terminal of 100 columns. `path` is that of `script`. */
export function openTerminal(
  path: string,
  options: { readonly command: string; readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Terminal {
  const { command, env, cwd } = options;
  const child = spawn(path, ["-qec", `stty cols 100 rows 30; ${command}`, "/dev/null"], { env, cwd });
  let shown = "";
  let wake: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => child.once("close", resolve));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data: Buffer) => {
      shown += data.toString("utf8");
      wake();
    });
  }
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
    wake();
  });
  return {
    type: (keys) => void child.stdin.write(keys),
    shows: async (pattern) => {
      while (!pattern.test(shown)) {
        if (isEnded) throw new Error(`it ended without showing ${pattern}: ${JSON.stringify(shown)}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const all = shown;
      shown = "";
      return all;
    },
    close: async () => {
      child.stdin.end();
      if (!isEnded) child.kill();
      await ended;
    },
  };
}
