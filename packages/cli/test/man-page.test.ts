import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { requireOrSkip } from "../../../tests/support/require.ts";
import { manPage } from "../src/parsing/man-page.ts";
import { VERSION } from "../src/parsing/version.ts";
import { REGISTRY } from "../src/registry.ts";
import { runMain } from "./support/run-main.ts";

const options = { registry: REGISTRY, version: VERSION };

it("makes a page of every command that mandoc takes without a warning", { timeout: 60_000 }, async (context) => {
  const mandoc = requireOrSkip(context, "mandoc");
  for (const words of [[], ...REGISTRY.map(({ name }) => name.split(" "))]) {
    const child = promisify(execFile)(mandoc, ["-T", "lint", "-W", "warning"]);
    child.child.stdin?.end(await manPage(words, options));
    const { stdout } = await child.catch((error: { readonly stdout: string }) => error);
    // A page that lies in no file has no date, and needs none.
    expect(stdout.split("\n").filter((line) => line !== "" && !/missing date/.test(line))).toEqual([]);
  }
});

it("says in it what help says, with every character meaning itself", async () => {
  const page = await manPage(["remove"], options);
  expect(page).toContain(".B \\-\\-contents now|background|on\\-change\n");
  expect(page.slice(page.indexOf("\n"))).not.toMatch(/[^\\]-/);
  const { out } = await runMain(["help", "--man", "remove"]);
  expect(out).toBe(page);
});

it("refuses a command that is not there", async () => {
  const { exit, err } = await runMain(["help", "--man", "nonsense"]);
  expect({ exit, err }).toMatchObject({ exit: 2, err: expect.stringContaining("no command nonsense") });
});
