/** SECURITY.md names a test for what it says holds: each of them exists. */
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const ATTACKS = 62;

/** Rows of the table of attacks: number, what holds, and the tests that are named. */
const rows = readFileSync("SECURITY.md", "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, number, , holds = "", tests = ""] = /^\| (\d+) \| ([^|]*) \| ([^|]*) \| ?([^|]*) ?\|$/.exec(line) ?? [];
    if (number === undefined) return [];
    const named = [...tests.matchAll(/`([^`]+)` “([^”]+)”/g)].map(([, file = "", title = ""]) => ({ file, title }));
    return [{ number: Number(number), holds, named }];
  });

it("every attack has its row", () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: ATTACKS }, (_, index) => index + 1));
});

it.each(rows)("attack $number is mounted by tests that exist, or is open", ({ holds, named }) => {
  if (named.length === 0) expect(holds).toMatch(/\*(?:open|not built)\*/);
  const missing = named.filter(({ file, title }) => !existsSync(file) || !readFileSync(file, "utf8").includes(title));
  expect(missing).toEqual([]);
});
