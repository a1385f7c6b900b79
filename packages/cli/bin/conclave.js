#!/usr/bin/env node
/*
 * Starts the command. Plain JavaScript without import statements, so that an old Node still reads it and can say what is
 * missing, and committed, so that npm finds it to link before anything is built.
 */
const NODE_MAJOR_MIN = 24;
/** The condition under which the workspace's packages resolve to their sources. */
const SOURCES = "--conditions=@conclave/source";

/** Runs the build, or the sources where there is none (a checkout installed with `--ignore-scripts`). */
async function start() {
  const { existsSync } = await import("node:fs");
  const built = new URL("../dist/bundle/index.js", import.meta.url);
  if (process.execArgv.includes(SOURCES)) await run(await import("../src/index.ts"));
  else if (existsSync(built)) await run(await import(built.href));
  else startAgain(await import("node:child_process"));
}

async function run({ main, processIo }) {
  process.exitCode = await main(process.argv.slice(2), processIo());
}

/** The same command with the condition: the same process, where the system can do that, so that signals just work. */
function startAgain({ spawnSync }) {
  const options = [SOURCES, ...process.execArgv, ...process.argv.slice(1)];
  if (process.platform !== "win32") process.execve(process.execPath, [process.execPath, ...options]);
  process.exitCode = spawnSync(process.execPath, options, { stdio: "inherit" }).status ?? 1;
}

if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
  console.error(`error: conclave needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.version}`);
  process.exitCode = 1;
} else {
  void start();
}
