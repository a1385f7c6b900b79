/** As on a system whose `open` cannot be told to follow no link: there the link is looked for first. */
import { closeSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { openPlain } from "../../src/files/opened-file.ts";
import { scratch } from "./support/scratch.ts";

vi.mock("node:fs", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs")>();
  return { ...real, constants: { ...real.constants, O_NOFOLLOW: undefined } };
});

it("a file is opened, and a link to it is not", () => {
  const folder = scratch();
  const refuse = (why: string) => new Error(why);
  writeFileSync(join(folder, "a.txt"), "a");
  symlinkSync("a.txt", join(folder, "link"));
  closeSync(openPlain(join(folder, "a.txt"), refuse));
  expect(() => openPlain(join(folder, "link"), refuse)).toThrow("is a link");
});
