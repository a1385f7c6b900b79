/** RECOVERY.md's own commands, run by a shell with stock tools on a copy of a storage. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ObjectStore, writeIdentityFile } from "@conclave/core";
import type { TestContext } from "vitest";
import { requireOrSkip } from "./require.ts";
import type { Device } from "./world.ts";

/** What the commands left behind. */
export interface Recovered {
  /** Files with their text, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** The same of what people wrote who are out. */
  readonly apart: Readonly<Record<string, string>>;
  /** What was said on the way. */
  readonly said: string;
  /** 0, or not if the commands stopped before the end. */
  readonly status: number;
}

export interface RecoveryOptions {
  /** A folder of the test's own. The commands work in one below it. */
  readonly folder: string;
  readonly store: Pick<ObjectStore, "list" | "get">;
  /** Whose kit. */
  readonly kit: Device;
  /** The group's id; none where the person has nothing but the folder. */
  readonly group?: string;
  /** An entry that the person knows to be right. */
  readonly head?: string;
  readonly shell?: "sh" | "bash";
  /** A folder whose programs go before those in `PATH`. */
  readonly programs?: string;
  /** The page as somebody runs it who has no OpenSSL 3. */
  readonly withoutOpenssl?: boolean;
  /** What is done to the copy of the storage, by paths, before the commands run. */
  readonly spoil?: (copy: string) => void;
}

/** A command that waits for what never comes is a failure to be told of. */
const TIMEOUT_MS = 500_000;

/** The page's shell commands, in order, without those that are marked as examples. */
function commands(): string {
  const page = readFileSync(new URL("../../RECOVERY.md", import.meta.url), "utf8");
  return [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code]) => code).join("\n");
}

/** Runs the page, and sees that nothing is written but where it says. */
export async function recover(context: Pick<TestContext, "skip">, options: RecoveryOptions): Promise<Recovered> {
  for (const tool of ["age", "age-keygen", "jq", "tar", "openssl"] as const) requireOrSkip(context, tool);
  const { folder, store, kit, group = "", head = "", shell = "sh", programs, withoutOpenssl } = options;
  const at = (name: string) => join(folder, name);
  await copyOut(store, at("store"));
  options.spoil?.(at("store"));
  writeFileSync(at("kit.txt"), writeIdentityFile(kit.kit));
  mkdirSync(at("here"));
  const env = {
    ...process.env,
    ...{ STORE: at("store"), KIT: at("kit.txt"), OUT: at("out"), APART: at("apart"), WORK: at("work") },
    ...{ GROUP: group, HEAD: head, HOME: at("here"), TMPDIR: at("here") },
    PATH: [...(programs ? [programs] : []), process.env.PATH].join(":"),
  };
  const script = withoutOpenssl ? commands().replace(/^openssl version .*$/m, "signed() { true; }") : commands();
  const before = treeOf(folder);
  const { status, stdout, stderr } = spawnSync(shell, ["-c", script], {
    env,
    cwd: at("here"),
    encoding: "latin1",
    timeout: TIMEOUT_MS,
  });
  const left = treeOf(folder).filter((path) => !/^(?:out|apart|work)(?:\/|$)/.test(path));
  if (left.join("\n") !== before.join("\n")) throw new Error(`written elsewhere: ${left.join(", ")}`);
  return { files: textsIn(at("out")), apart: textsIn(at("apart")), said: `${stdout}${stderr}`, status: status ?? -1 };
}

async function copyOut(store: RecoveryOptions["store"], to: string): Promise<void> {
  for await (const { key } of store.list("")) {
    mkdirSync(join(to, key, ".."), { recursive: true });
    writeFileSync(join(to, key), await store.get(key));
  }
}

function treeOf(folder: string): string[] {
  return entriesOf(folder).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function entriesOf(folder: string) {
  return readdirSync(folder, { recursive: true, withFileTypes: true });
}

/** Links are shown by what they are, so that a test that finds one fails. */
function textsIn(folder: string): Record<string, string> {
  const names = (() => {
    try {
      return entriesOf(folder).filter((entry) => !entry.isDirectory());
    } catch {
      return [];
    }
  })();
  return Object.fromEntries(
    names.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), entry.isFile() ? readFileSync(path, "utf8") : "no plain file"];
    }),
  );
}
