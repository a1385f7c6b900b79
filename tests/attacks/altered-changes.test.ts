/** What a signed change says, altered by a member, who can seal it anew under the same writer's tag. */
import { catchUp, resolvePath } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectUnchanged, people, problemCodes, shownPaths } from "../support/attacked.ts";
import { forgedChange, forgeUnput, openedEpoch } from "../support/forge.ts";
import { sealRecords } from "../support/insides.ts";
import { live, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const NODE = `f${"1".repeat(32)}`;
const FOLDER = `d${"2".repeat(32)}`;

describe("attack 4: a change of somebody else's", () => {
  it.each([
    ["name", '"name":"a.txt"', '"name":"b.txt"'],
    ["parent", '"parent":"root","name":"a.txt"', `"parent":"${FOLDER}","name":"a.txt"`],
    ["size", '"size":0', '"size":1'],
    ["date", '"modified":5', '"modified":6'],
    ["mark", '"executable":false', '"executable":true'],
    ["type", `"node":"${FOLDER}"`, `"node":"l${"2".repeat(32)}"`],
  ])("with its %s altered is refused, and told of; as it was signed it counts", async (_, signed, altered) => {
    const { alice, bob, carol } = await people({ world });
    const { head } = live(alice).view.state;
    const genuine = await forgeUnput(live(alice), {
      records: [
        forgedChange({
          head,
          operations: [
            { op: "place", node: FOLDER, parent: "root", name: "d", from: null, path: "d" },
            { op: "place", node: NODE, parent: "root", name: "a.txt", from: null, path: "a.txt" },
            {
              op: "file",
              node: NODE,
              replaces: [],
              size: 0,
              modified: 5,
              executable: false,
              extents: [],
              path: "a.txt",
            },
          ],
        }),
      ],
    });
    const [record] = genuine.signed;
    const text = new TextDecoder().decode(record?.line);
    expect(text).toContain(signed);
    if (!record) throw new Error("nothing was signed");
    const line = new TextEncoder().encode(text.replace(signed, altered));
    const { key, bytes } = await sealRecords(world.crypto, {
      epoch: openedEpoch(live(bob)),
      writer: genuine.writer,
      first: 1,
      records: [{ ...record, line }],
    });
    await world.store.put(key, bytes);
    await expectUnchanged([alice, carol], async () => {
      for (const device of [alice, carol]) await catchUp(live(device));
    });
    expect(problemCodes(live(carol))).toContain("altered");
    await world.store.put(genuine.key, genuine.bytes);
    await catchUp(live(carol));
    expect(shownPaths(live(carol))).toEqual(["a.txt", "d"]);
    expect(resolvePath(live(carol).index, "a.txt")).toMatchObject({ kind: "file", node: NODE });
  });
});
