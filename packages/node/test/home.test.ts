import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { homeFolder, openHome } from "../src/home.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conclave-home-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const userFolder = "/home/alice";
const malformed = expect.objectContaining({ code: "malformed" });

describe("a home lies", () => {
  it.each([
    ["where CONCLAVE_HOME says", { env: { CONCLAVE_HOME: "/x/y", XDG_DATA_HOME: "/data" } }, "/x/y"],
    ["in XDG's data folder", { env: { XDG_DATA_HOME: "/data" }, platform: "linux" as const }, "/data/conclave"],
    ["in XDG's default", { env: {}, platform: "linux" as const }, "/home/alice/.local/share/conclave"],
    [
      "in XDG's default, if a relative path is given",
      { env: { XDG_DATA_HOME: "data" }, platform: "linux" as const },
      "/home/alice/.local/share/conclave",
    ],
    [
      "in the library on macOS",
      { env: {}, platform: "darwin" as const },
      "/home/alice/Library/Application Support/conclave",
    ],
    ["in local data on Windows", { env: { LOCALAPPDATA: "/local" }, platform: "win32" as const }, "/local/conclave"],
    ["in a profile's folder", { env: { CONCLAVE_HOME: "/x" }, profile: "bob" }, "/x/profiles/bob"],
  ])("%s", (_where, options, expected) => {
    expect(homeFolder({ userFolder, ...options })).toBe(expected);
  });

  it.each(["", ".", "..", "a/b", "../x", ".hidden", "a\\b", "a\0b", "x".repeat(65)])(
    "under no profile called %j",
    (profile) => {
      expect(() => homeFolder({ userFolder, env: {}, profile })).toThrow(malformed);
    },
  );
});

describe("an opened home", () => {
  it("is there for its owner alone, and so are its groups' folders", () => {
    const home = openHome({ env: { CONCLAVE_HOME: join(folder, "a", "b") }, profile: "bob" });
    const group = "ab".repeat(32);
    for (const path of [home.folder, join(folder, "a"), home.groupFolder(group)]) {
      expect(statSync(path).mode & 0o777).toBe(0o700);
    }
    expect(home.groupDatabase(group)).toBe(join(home.folder, "groups", group, "index.sqlite"));
  });

  it.each(["", "..", "AB".repeat(32), "ab".repeat(31), `${"ab".repeat(31)}/x`])(
    "has no folder for the group %j",
    (group) => {
      const home = openHome({ env: { CONCLAVE_HOME: folder } });
      expect(() => home.groupFolder(group)).toThrow(malformed);
    },
  );
});
