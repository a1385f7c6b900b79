/** Writers' ids stand in records for every member to read: whoever signs under another's, with their own device, moves nothing of theirs. */
import { catchUp, makeFolder, readAll, verify } from "@conclave/core";
import { flipped, rewrite } from "@conclave/stores/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { groupOf, putBy, shownPaths } from "../support/attacked.ts";
import { forge, forgedChange } from "../support/forge.ts";
import { budget, type Device, live, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** The writer under which a device signs, and how far it has got. */
function chainOf(device: Device): { readonly writer: string; readonly number: number } {
  const { index } = live(device);
  const read = (name: string) => index.get<{ value: never }>("SELECT value FROM meta WHERE name = ?", name)?.value;
  return { writer: read("writer") ?? "", number: read("number") ?? 0 };
}

/** A change by one device under another's writer, as if it came next. */
async function signUnder(by: Device, { writer, number }: ReturnType<typeof chainOf>): Promise<void> {
  const { head } = live(by).view.state;
  const record = forgedChange({ head, operations: [] });
  await forge(live(by), { records: [record], after: { writer, number, previous: "ab".repeat(32) } });
}

describe("attack 24: records by another member's device under somebody's writer", () => {
  it("are no sign that this somebody's state is a copy: they go on with the writer that they had", async () => {
    const [alice, victor] = await groupOf(world, ["victor"], { victor: "viewer" });
    await makeFolder(live(alice), "one");
    const before = chainOf(alice);
    await signUnder(victor, before);
    await catchUp(live(alice));
    await makeFolder(live(alice), "two");
    expect(chainOf(alice)).toEqual({ writer: before.writer, number: before.number + 1 });
    await catchUp(live(victor));
    expect(shownPaths(live(victor))).toEqual(["one", "two"]);
  });

  it("do not make a file of theirs that never fitted look like a stranger's", async () => {
    const [alice, victor, carol] = await groupOf(world, ["victor", "carol"], { victor: "viewer" });
    await makeFolder(live(alice), "one");
    for (const device of [victor, carol]) await catchUp(live(device));
    const before = chainOf(alice);
    const [key = ""] = await putBy(world, () => makeFolder(live(alice), "two"), /\/records\//);
    await rewrite(world.store, key, (bytes) => flipped(bytes, -1));
    await signUnder(victor, before);
    await catchUp(live(carol));
    const report = await verify(live(carol), { budget: budget(), shown: await readAll(live(carol)) });
    expect(report.problems).toContainEqual(expect.objectContaining({ code: "altered", key }));
    expect(report.ok).toBe(false);
  });
});
