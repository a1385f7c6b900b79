/** Two people who make the same edit at once: it is shown as one, and whatever is done with it is done with both. */
import { catchUp, movePath, purgePath, removePath, restorePath } from "@conclave/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { comeTogether, type People, people, shownPaths } from "./support/attacked.ts";
import { forge, forgedChange } from "./support/forge.ts";
import { live, put, texts, World } from "./support/world.ts";

let world: World;
let all: People;
beforeEach(async () => {
  world = new World();
  all = await people({ world });
  const { alice, bob, carol } = all;
  await put(live(alice), { "a.txt": "one" }, 1);
  await comeTogether(alice, bob, carol);
  for (const device of [alice, bob]) await put(live(device), { "a.txt": "two, the same" }, 2);
});
afterEach(() => world.close());

it("is one file, which stays one when it is changed again", async () => {
  const { alice, bob, carol } = all;
  await comeTogether(alice, bob, carol);
  expect(await texts(live(carol))).toEqual({ "a.txt": "two, the same" });
  await put(live(carol), { "a.txt": "three" }, 3);
  await comeTogether(alice, bob, carol);
  expect(await texts(live(alice))).toEqual({ "a.txt": "three" });
});

it("goes with one deletion", async () => {
  const { alice, bob } = all;
  await comeTogether(alice, bob);
  await removePath(live(alice), "a.txt");
  await catchUp(live(bob));
  expect(shownPaths(live(bob))).toEqual([]);
});

it("is purged with one word", async () => {
  const { alice, bob } = all;
  await comeTogether(alice, bob);
  await purgePath(live(alice), "a.txt");
  await catchUp(live(bob));
  expect(shownPaths(live(bob))).toEqual([]);
});

it("is moved as one", async () => {
  const { alice, bob } = all;
  await comeTogether(alice, bob);
  await movePath(live(alice), { from: "a.txt", to: "b.txt" });
  await catchUp(live(bob));
  expect(await texts(live(bob))).toEqual({ "b.txt": "two, the same" });
});

it("beside another edit stays one beside it, whichever of the two goes", async () => {
  const { alice, bob, carol } = all;
  await put(live(carol), { "a.txt": "carol's own" }, 3);
  await comeTogether(alice, bob, carol);
  expect(Object.values(await texts(live(alice))).sort()).toEqual(["carol's own", "two, the same"]);
  const [path = "", other = ""] = Object.entries(await texts(live(alice))).flatMap(([path, text], index, all) =>
    text === "two, the same" ? [path, all[1 - index]?.[0] ?? ""] : [],
  );
  expect(other).not.toBe("");
  await removePath(live(alice), path, {});
  await comeTogether(alice, bob, carol);
  expect(await texts(live(alice))).toEqual({ "a.txt": "carol's own" });
});

it.each(["replaced", "restored"])("made more often than one version can replace is still %s", async (how) => {
  const { alice, bob } = all;
  await comeTogether(alice, bob);
  const [{ node = "", version = "" } = {}] = live(alice).index.all<{ node: string; version: string }>(
    "SELECT n.key AS node, lower(hex(r.digest)) AS version FROM tree_node n JOIN history_record r ON r.id = n.version",
  );
  const { head } = live(bob).view.state;
  const same = {
    op: "file",
    node,
    replaces: [],
    size: 0,
    modified: 5,
    executable: false,
    extents: [],
    path: "a.txt",
  } as const;
  const records = Array.from({ length: 1001 }, () => forgedChange({ head, operations: [same] }));
  await forge(live(bob), { records });
  await catchUp(live(alice));
  if (how === "replaced") await put(live(alice), { "a.txt": "three" }, 6);
  else await restorePath(live(alice), { path: "a.txt", version });
  await catchUp(live(bob));
  expect(await texts(live(bob))).toMatchObject({ "a.txt": how === "replaced" ? "three" : "two, the same" });
});
