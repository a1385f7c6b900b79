/**
 * What some tests need and npm does not bring.
 *
 * A test that needs `age` begins with `requireOrSkip(context, "age")`: without it the test is skipped and listed with
 * the reason, unless `CONCLAVE_REQUIRE` (a list with commas) names it; then the test fails. Continuous integration
 * names everything that it installs, so nothing is skipped there without notice.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "vitest";

const programs = [
  "age",
  "age-keygen",
  "bash",
  "chromium",
  "dbus-run-session",
  "fish",
  "gnome-keyring-daemon",
  "jq",
  "mandoc",
  "openssl",
  "rclone",
  "script",
  "tar",
  "zsh",
] as const;
/** `hybrid-age`: where an `age` and `age-keygen` lie that know post-quantum keys, which those of many systems do not yet. */
const folders = {
  "hybrid-age": "CONCLAVE_HYBRID_AGE",
  specs: "CONCLAVE_SPECS",
  vectors: "CONCLAVE_VECTORS",
} as const;

/** A program, or a folder of data that is not part of this repository. */
export type Requirement = (typeof programs)[number] | keyof typeof folders;

/** The path of a program or folder, or undefined where it is missing. `$CHROMIUM` goes before the search. */
export function find(requirement: Requirement): string | undefined {
  if (isFolder(requirement)) return readable(process.env[folders[requirement]]);
  const named = requirement === "chromium" ? process.env.CHROMIUM : undefined;
  return named ? executable(named) : executableOnPath(requirement);
}

/** Whether `CONCLAVE_REQUIRE` makes the absence of `requirement` a failure. */
export function isRequired(requirement: Requirement): boolean {
  return (process.env.CONCLAVE_REQUIRE ?? "").split(",").includes(requirement);
}

/** Why something is not run, in the words that the report uses. */
export function reasonWithout(requirement: Requirement): string {
  return isFolder(requirement)
    ? `${folders[requirement]} names no folder`
    : `there is no ${requirement} on this machine`;
}

/** The path of what a test needs; without it the test is skipped, or fails if `CONCLAVE_REQUIRE` names it. */
export function requireOrSkip(context: Pick<TestContext, "skip">, requirement: Requirement): string {
  const path = find(requirement);
  if (path !== undefined) return path;
  const reason = reasonWithout(requirement);
  if (isRequired(requirement)) throw new Error(`${reason}, and CONCLAVE_REQUIRE names it`);
  return context.skip(reason);
}

function isFolder(requirement: Requirement): requirement is keyof typeof folders {
  return requirement in folders;
}

function executableOnPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => executable(join(folder, name))).find((path) => path !== undefined);
}

function executable(path: string): string | undefined {
  return isAccessible(path, constants.X_OK) ? path : undefined;
}

function readable(path: string | undefined): string | undefined {
  return path && isAccessible(path, constants.R_OK) ? path : undefined;
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
