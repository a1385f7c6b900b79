#!/usr/bin/env node
/*
 * Starts the command. Plain JavaScript without import statements, so that an old Node still reads it and can say what is
 * missing, and committed, so that npm finds it to link before anything is built.
 */
const NODE_MAJOR_MIN = 24;

/** Runs the build, or the sources where there is none (a checkout installed with `--ignore-scripts`). */
async function start() {
  const { existsSync } = await import("node:fs");
  const built = new URL("../dist/main.js", import.meta.url);
  if (existsSync(built)) return import(built.href);
  await useSources();
  return import("../src/main.ts");
}

/** Lets this process, and those it forks, resolve the workspace's packages to their sources. */
async function useSources() {
  const { registerHooks } = await import("node:module");
  const condition = "@conclave/source";
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, condition] }),
  });
  process.execArgv.push(`--conditions=${condition}`);
}

if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
  console.error(`error: conclave needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.version}`);
  process.exitCode = 1;
} else {
  void start();
}
