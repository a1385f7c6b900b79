/** Attack 40: names that lead out of where files are wanted, by a member who signs whatever they like, down to a real disk. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catchUp, download } from "@conclave/core";
import { openTarget } from "@conclave/node";
import { expect, it, onTestFinished } from "vitest";
import { comeTogether, details, expectUnchanged, groupOf, shownPaths } from "../support/attacked.ts";
import { forge, forgedChange, newFolder } from "../support/forge.ts";
import { openWorld } from "../support/open-world.ts";
import { budget, live, put, texts } from "../support/world.ts";

it.each(["../x", "..", ".", "", "a/b", "/etc/x", "nul\0", "x".repeat(1025)])(
  "a change that calls something %j is taken by nobody, and stops nobody",
  async (name) => {
    const world = openWorld();
    const [alice, mallory] = await groupOf(world, ["mallory"]);
    const { head } = live(mallory).view.state;
    // Only the name is at fault, not the path that is said for recovery.
    const folder = Object.assign(newFolder(live(mallory), name), { path: "fine" });
    await expectUnchanged([alice], async () => {
      await forge(live(mallory), { records: [forgedChange({ head, operations: [folder] })] });
      await catchUp(live(alice));
    });
    expect(details(live(alice), "foreign")).toHaveLength(1);
    await put(live(mallory), { "later.txt": "x" });
    await catchUp(live(alice));
    expect(shownPaths(live(alice))).toEqual(["later.txt"]);
  },
);

it("files with every name that a change may hold come down whole, each inside the folder that was asked for", async () => {
  const world = openWorld();
  const [alice, mallory] = await groupOf(world, ["mallory"]);
  const plain = ["C:\\x", "C:x", "\\\\srv\\x", "..\\x", "dot.", "space ", "CON", "nul.txt", "a:stream", "GIT~1"];
  // Names that this disk cannot hold, or that are this program's own.
  const others = ["x".repeat(300), `.conclave-00112233-1-${"0".repeat(16)}.part`];
  const files = Object.fromEntries([...plain, ...others].map((name) => [name, `of ${name}`]));
  await put(live(mallory), files);
  await comeTogether(alice, mallory);
  expect(await texts(live(alice))).toEqual(files);

  const outside = mkdtempSync(join(tmpdir(), "conclave-names-"));
  onTestFinished(() => rmSync(outside, { recursive: true }));
  const target = await openTarget(join(outside, "target"), { create: true });
  onTestFinished(() => target.close());
  expect((await download(live(alice), { path: "", target, budget: budget() })).failed).toEqual([]);
  const names = readdirSync(join(outside, "target"));
  expect(names).toEqual(expect.arrayContaining(plain));
  expect(names.map((name) => readFileSync(join(outside, "target", name), "utf8")).sort()).toEqual(
    Object.values(files).sort(),
  );
  expect(readdirSync(outside)).toEqual(["target"]);
});
