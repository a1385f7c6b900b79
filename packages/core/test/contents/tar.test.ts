import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { layoutOf } from "../../src/contents/archive.ts";
import { PIECE_BYTES } from "../../src/records/change.ts";
import { archiveOf, digestOf, noise } from "./contents-support.ts";

const scratch = mkdtempSync(join(tmpdir(), "conclave-archive-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs the system's tar, any word of it on stderr being part of the answer. */
function tar(...args: string[]): string {
  return execFileSync("sh", ["-c", 'tar "$@" 2>&1', "tar", ...args], { encoding: "utf8" });
}

describe("an archive", () => {
  it.each([
    ["one byte", [1]],
    ["sizes around a block", [511, 512, 513]],
    ["three pieces of one byte", [1, 1, 1]],
    ["one whole piece", [PIECE_BYTES]],
    ["many pieces", Array.from({ length: 300 }, (_, index) => index * 7 + 1)],
  ])("of %s is listed and extracted by the system's tar without a warning", (name, sizes) => {
    const contents = sizes.map((size, index) => noise(size, index));
    const folder = join(scratch, name.replaceAll(" ", "-"));
    mkdirSync(folder);
    writeFileSync(`${folder}.tar`, archiveOf(contents));
    expect(tar("tf", `${folder}.tar`).trimEnd().split("\n")).toEqual([...contents.map(digestOf), "padding"]);
    expect(tar("xf", `${folder}.tar`, "-C", folder)).toBe("");
    expect(readdirSync(folder).sort()).toEqual([...contents.map(digestOf), "padding"].sort());
    for (const bytes of contents) expect(readFileSync(join(folder, digestOf(bytes))).equals(bytes)).toBe(true);
    expect(readFileSync(join(folder, "padding")).every((byte) => byte === 0)).toBe(true);
  });

  it("is tried with paddings of no bytes and of many", () => {
    expect(layoutOf([1, 1, 1]).paddingBytes).toBe(512);
    expect(layoutOf([1]).paddingBytes).toBe(0);
    expect(layoutOf([PIECE_BYTES]).paddingBytes).toBeGreaterThan(1000);
  });
});
