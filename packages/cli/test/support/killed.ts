/** The command as a process of its own, killed where it has just written something. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, rmSync, watch } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Person } from "./stage.ts";

const BIN = fileURLToPath(new URL("../../bin/conclave.js", import.meta.url));

/** Where the system's own place for temporary files is, for a command that is to be killed. */
export const TEMPORARY = "temporary";

/** One command of one person, below a folder in which homes and storages lie. */
export interface Act {
  readonly folder: string;
  readonly by: Person;
  readonly argv: readonly string[];
}

interface Run {
  /** How many changes of files were seen below the folder. */
  readonly changes: number;
  readonly killed: boolean;
}

/** How often a command may be quicker than the news of its changes. */
const TRIES_MAX = 20;

/** Runs the command, and kills it when the system tells of the n-th change of a file, in storage or home. */
async function runUntil({ folder, by, argv }: Act, changesMax: number): Promise<Run> {
  let changes = 0;
  mkdirSync(join(folder, TEMPORARY), { recursive: true });
  const child = spawn(process.execPath, [BIN, ...argv], {
    cwd: folder,
    env: { PATH: process.env.PATH, CONCLAVE_HOME: by.home, TMPDIR: join(folder, TEMPORARY) },
    stdio: "ignore",
  });
  const watcher = watch(folder, { recursive: true }, () => {
    changes += 1;
    if (changes >= changesMax) child.kill("SIGKILL");
  });
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  watcher.close();
  return { changes, killed: signal === "SIGKILL" };
}

/** How many changes of files the command makes when nobody disturbs it. */
export async function changesOf(act: Act): Promise<number> {
  return (await runUntil(act, Number.POSITIVE_INFINITY)).changes;
}

/**
 * Kills the command at its n-th change, or earlier if it was quicker than the news of it.
 *
 * @param reset - Puts everything back to before the command.
 */
export async function kill(act: Act, options: { readonly at: number; readonly reset: () => void }): Promise<void> {
  let at = options.at;
  // On a busy machine even the news of the first change may come too late.
  for (let tries = 0; tries < TRIES_MAX; tries++, at = Math.max(1, Math.floor(at / 2))) {
    options.reset();
    if ((await runUntil(act, at)).killed) return;
  }
  throw new Error(`${act.argv.join(" ")} ended before it could be killed`);
}

/** Keeps a copy of all that lies in a folder now, until the test is over. Gives a function that puts it back. */
export function keep(folder: string): () => void {
  const copy = `${folder}.kept`;
  onTestFinished(() => rmSync(copy, { recursive: true }));
  cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
  return () => {
    rmSync(folder, { recursive: true });
    cpSync(copy, folder, { recursive: true, preserveTimestamps: true });
  };
}
