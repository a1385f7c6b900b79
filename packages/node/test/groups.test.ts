import { readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { findGroup, forgetGroup, listGroups, noteGroup } from "../src/groups.ts";
import { openHome } from "../src/home.ts";
import { withHomeLock } from "../src/home-lock.ts";
import { scratch } from "./files/support/scratch.ts";

const GROUP = { name: "family", id: "a".repeat(64), store: "file:///store" };

/** The list as it lies in a home. */
function listOf(...groups: readonly unknown[]): string {
  return JSON.stringify({ format: "conclave/groups/v1", groups });
}

function home() {
  return openHome({ env: { CONCLAVE_HOME: scratch() } });
}

describe("the list of groups", () => {
  it("is empty at first, keeps groups by name, and is its owner's alone", async () => {
    const at = home();
    expect(await listGroups(at)).toEqual([]);
    await noteGroup(at, GROUP);
    await noteGroup(at, { ...GROUP, name: "club", id: "b".repeat(64) });
    expect((await listGroups(at)).map(({ name }) => name)).toEqual(["club", "family"]);
    expect(await findGroup(at, "family")).toEqual(GROUP);
    expect(statSync(at.groups).mode & 0o777).toBe(0o600);
  });

  it("refuses a name twice, and a group under two names", async () => {
    const at = home();
    await noteGroup(at, GROUP);
    await expect(noteGroup(at, { ...GROUP, id: "b".repeat(64) })).rejects.toMatchObject({ code: "exists" });
    await expect(noteGroup(at, { ...GROUP, name: "other" })).rejects.toMatchObject({ code: "exists" });
    expect(await listGroups(at)).toEqual([GROUP]);
  });

  it("lets a group move to another place", async () => {
    const at = home();
    await noteGroup(at, GROUP);
    await noteGroup(at, { ...GROUP, store: "file:///elsewhere" });
    expect(await listGroups(at)).toEqual([{ ...GROUP, store: "file:///elsewhere" }]);
  });

  it("says which groups there are where one is not", async () => {
    const at = home();
    await expect(findGroup(at, "x")).rejects.toMatchObject({ code: "not-found" });
    await noteGroup(at, GROUP);
    await expect(findGroup(at, "x")).rejects.toThrow("family");
  });

  it("forgets a group with all that is known of it, and no other", async () => {
    const at = home();
    await noteGroup(at, GROUP);
    writeFileSync(at.groupDatabase(GROUP.id), "x");
    await forgetGroup(at, { ...GROUP, id: "b".repeat(64) });
    expect(await listGroups(at)).toEqual([GROUP]);
    await forgetGroup(at, GROUP);
    expect(await listGroups(at)).toEqual([]);
    expect(readdirSync(dirname(at.groupFolder("c".repeat(64))))).toEqual(["c".repeat(64)]);
  });

  it("loses none of many that are noted at once", async () => {
    const at = home();
    const groups = Array.from({ length: 20 }, (_, index) => ({
      ...GROUP,
      name: `group-${index}`,
      id: index.toString(16).padStart(64, "0"),
    }));
    await Promise.all(groups.map((group) => noteGroup(at, group)));
    expect(await listGroups(at)).toHaveLength(20);
  });

  it("takes no more groups than a home holds", async () => {
    const at = home();
    const groups = Array.from({ length: 10_000 }, (_, index) => ({
      ...GROUP,
      name: `group-${index}`,
      id: index.toString(16).padStart(64, "0"),
    }));
    writeFileSync(at.groups, listOf(...groups));
    await expect(noteGroup(at, GROUP)).rejects.toMatchObject({ code: "limit" });
    expect(await listGroups(at)).toHaveLength(10_000);
  });

  it.each([
    "",
    "{}",
    "[]",
    '{"format":"conclave/groups/v2","groups":[]}',
    '{"format":"conclave/groups/v1","groups":[{}]}',
    '{"format":"conclave/groups/v1","groups":[{"name":"a","id":"../x","store":"s"}]}',
    listOf({ ...GROUP, name: 1 }),
    listOf({ ...GROUP, store: ["file:///store"] }),
    listOf({ ...GROUP, id: [GROUP.id] }),
    listOf({ ...GROUP, account: 1 }),
  ])("refuses a list that is %j, and writes none over it", async (text) => {
    const at = home();
    writeFileSync(at.groups, text);
    await expect(listGroups(at)).rejects.toMatchObject({ code: "malformed" });
    await expect(noteGroup(at, GROUP)).rejects.toMatchObject({ code: "malformed" });
  });
});

it("gives the home to one at a time, and again after work that failed", async () => {
  const at = home();
  let inside = 0;
  let most = 0;
  const work = async (fails: boolean): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
    if (fails) throw new Error("on purpose");
  };
  const results = await Promise.allSettled(
    [true, false, true, false].map((fails) => withHomeLock(at, () => work(fails))),
  );
  expect(most).toBe(1);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected", "fulfilled"]);
});
