/** The linter's configuration holds the layers: each rule is broken here once, in a copy of the workspace's outline. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");
const packages = ["core", "stores", "node", "emulators", "cli"];
const outline = [".gitignore", "biome.json", ...packages.map((name) => `packages/${name}/package.json`)];
let workspace: string;

beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), "conclave-layers-"));
  for (const file of outline) cpSync(file, join(workspace, file), { recursive: true });
});

afterAll(() => rmSync(workspace, { recursive: true }));

/** What the linter says of these files, which are `path, code` pairs. */
function lint(...files: readonly (readonly [path: string, code: string])[]): string {
  for (const [path, code] of files) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), code);
  }
  const options = [biome, "lint", "--colors=off", ...files.map(([path]) => path)];
  const { stdout, stderr } = spawnSync(process.execPath, options, { cwd: workspace, encoding: "utf8" });
  for (const [path] of files) rmSync(join(workspace, path));
  return stdout + stderr;
}

it.each([
  ["packages/core/src/x.ts", 'export * from "node:path";', "core runs in browsers too"],
  ["packages/core/src/x.ts", 'export * from "fs/promises";', "core runs in browsers too"],
  ["packages/core/src/x.ts", 'export const bytes = Buffer.from("a");', "core runs in browsers too"],
  ["packages/core/src/x.ts", "export const id = process.pid;", "core runs in browsers too"],
  ["packages/core/src/x.ts", 'export * from "@conclave/stores";', "core must not know of stores"],
  ["packages/core/src/x.ts", 'import type { A } from "@conclave/node"; export type B = A;', "core must not know of"],
  ["packages/stores/src/x.ts", 'export * from "@conclave/node";', "stores must not know of node"],
  ["packages/stores/src/http/x.ts", 'export * from "node:fs";', "stores in the cloud run in browsers too"],
  ["packages/stores/src/gdrive/x.ts", 'export const bytes = Buffer.from("a");', "stores in the cloud run in browsers"],
  ["packages/stores/src/gdrive/x.ts", 'export * from "@conclave/node";', "stores must not know of node"],
  ["packages/node/src/x.ts", 'export * from "@conclave/cli";', "node must not know of cli"],
  ["packages/node/src/x.ts", 'export * from "@conclave/emulators";', "node must not know of cli or emulators"],
  ["packages/cli/src/x.ts", 'export * from "@conclave/emulators";', "only the demo may load the emulators"],
  ["packages/cli/src/x.ts", 'export const x = () => import("@conclave/emulators");', "only the demo may load"],
  ["packages/emulators/src/x.ts", 'export * from "@conclave/core";', "an emulator must not know what it is used for"],
  ["packages/node/src/x.ts", 'export * from "../../core/src/errors.ts";', "take another package by its name"],
  ["packages/core/test/x.test.ts", 'export * from "../../node/src/index.ts";', "take another package by its name"],
  ["packages/cli/src/x.ts", 'export * from "fast-check";', "noUndeclaredDependencies"],
  ["packages/core/src/x.ts", "async function f() {} export function g() { f(); }", "noFloatingPromises"],
])("the linter refuses in %s: %s", (path, code, reason) => {
  expect(lint([path, code])).toContain(reason);
});

it("the linter refuses an import cycle", () => {
  const files = [
    ["packages/core/src/x.ts", 'import { y } from "./y.ts"; export const x = (): number => y();'],
    ["packages/core/src/y.ts", 'import { x } from "./x.ts"; export const y = (): number => x();'],
  ] as const;
  expect(lint(...files)).toContain("noImportCycles");
});

it.each([
  ["packages/core/src/x.ts", 'export { sha256 } from "@noble/hashes/sha2.js";'],
  ["packages/stores/src/x.ts", 'export { ConclaveError } from "@conclave/core";'],
  ["packages/node/src/x.ts", 'export { join } from "node:path";'],
  ["packages/cli/src/x.ts", 'export { openState } from "@conclave/node";'],
  ["packages/cli/src/demo/x.ts", 'export const x = () => import("@conclave/emulators");'],
])("the linter accepts in %s: %s", (path, code) => {
  expect(lint([path, code])).toMatch(/^Checked 1 file in \S+ No fixes applied\.\s*$/);
});
