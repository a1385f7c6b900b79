import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { processRuns, systemClock } from "../src/runs.ts";

const run = promisify(execFile);
const file = new URL("../src/runs.ts", import.meta.url).href;
const options = ["--conditions=@conclave/source", "--input-type=module", "-e"];

it("a run knows itself as alive", () => {
  const runs = processRuns();
  expect(runs.isAlive(runs.current)).toBe(true);
});

it("a run that ended is not alive, one that goes on is", async () => {
  const source = `import { processRuns } from "${file}"; console.log(processRuns().current);`;
  const { stdout } = await run(process.execPath, [...options, source]);
  expect(processRuns().isAlive(stdout.trim())).toBe(false);

  const child = spawn(process.execPath, [...options, `${source} setInterval(() => {}, 1000);`]);
  const [name] = await once(child.stdout, "data");
  expect(processRuns().isAlive(String(name).trim())).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(processRuns().isAlive(String(name).trim())).toBe(false);
});

it("a process that got the number of one that ended is not taken for it", () => {
  const { current, isAlive } = processRuns();
  const [pid, start, place, random] = current.split("-");
  if (start === "0") return;
  expect(isAlive([pid, Number(start) - 1, place, random].join("-"))).toBe(false);
});

it.each(["", "x", "1", "0-0-0-0000000000000000", "../../etc", `1-1-1-${"0".repeat(15)}`])(
  "%j was never a run",
  (name) => {
    expect(processRuns().isAlive(name)).toBe(false);
  },
);

it("a run of another container on this machine counts as alive, one before a restart does not", () => {
  const { current, isAlive } = processRuns();
  const [pid, start, place = "", random] = current.split("-");
  if (place === "0") return;
  expect(isAlive([pid, start, `${place.slice(0, 32)}123abc`, random].join("-"))).toBe(true);
  expect(isAlive([pid, start, `${"0".repeat(32)}${place.slice(32)}`, random].join("-"))).toBe(false);
});

it("two runs never have one name", () => {
  expect(processRuns().current).not.toBe(processRuns().current);
});

it("the clock counts milliseconds", () => {
  const now = systemClock.now();
  expect(Number.isInteger(now)).toBe(true);
  expect(Math.abs(now - Date.now())).toBeLessThan(60_000);
});
