/** Vitest, started once in a copy of the workspace: each message is a run, answered with the tests that failed. */
import { join } from "node:path";
import { createVitest, type TestModule } from "vitest/node";
import type { Order } from "./warm.ts";
import { NOT_LOADED } from "./workspace.ts";

const root = process.cwd();
const vitest = await createVitest("test", {
  root,
  watch: false,
  bail: 1,
  maxWorkers: 1,
  // On a busy machine no test is to fail for being slow: the run as a whole has a limit.
  testTimeout: 600_000,
  reporters: [{}],
});

function failuresIn(module: TestModule): string[] {
  const failed = [...module.children.allTests("failed")].map(({ fullName }) => fullName);
  if (failed.length > 0 || module.state() !== "failed") return failed;
  return [`${NOT_LOADED} ${module.errors()[0]?.message.slice(0, 200)}`];
}

/** Every source that was ever spoiled here: also the one that has just been mended is read anew. */
const touched = new Set<string>();

process.on("message", async ({ changed, path }: Order) => {
  touched.add(join(root, changed));
  for (const source of touched) vitest.invalidateFile(source);
  const specifications = await vitest.globTestSpecifications([join(root, path)]);
  const { unhandledErrors } = await vitest.runTestSpecifications(specifications);
  const modules = specifications.flatMap(({ testModule }) => testModule ?? []);
  if (modules.length === 0) throw new Error(`${path} did not run`);
  const failed = modules.flatMap(failuresIn);
  // A worker that died, say of too little memory, has no test that failed.
  process.send?.(failed.length > 0 ? failed : unhandledErrors.map((error) => `an error outside of any test: ${error}`));
});
process.send?.("ready");
