/** Dates are what whoever wrote them claims: they order nothing. */
import { catchUp, makeFolder, movePath, removePath } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { comeTogether, people, shownPaths } from "../support/attacked.ts";
import { openWorld } from "../support/open-world.ts";
import { live, put, texts } from "../support/world.ts";

const YEAR_MS = 365 * 24 * 3600 * 1000;

describe("attack 27: clocks that are years apart", () => {
  it("let nobody's older version, name or deletion win over what was made knowing it", async () => {
    const world = openWorld();
    const { alice, bob, carol } = await people({ world });
    bob.clockSkewMs = 30 * YEAR_MS;
    alice.clockSkewMs = -30 * YEAR_MS;
    await put(live(bob), { note: "by bob, of the future" }, 1);
    await makeFolder(live(bob), "named by bob");
    await catchUp(live(alice));
    await put(live(alice), { note: "by alice, who had seen it" }, 2);
    await movePath(live(alice), { from: "named by bob", to: "named by alice" });
    await catchUp(live(bob));
    await removePath(live(bob), "named by alice");
    await catchUp(live(alice));
    await makeFolder(live(alice), "named by alice/again");
    await comeTogether(alice, bob, carol);
    for (const { session } of [alice, bob, carol]) {
      if (!session) throw new Error("everybody is in");
      expect(shownPaths(session)).toEqual(["named by alice", "named by alice/again", "note"]);
      expect(await texts(session)).toEqual({ note: "by alice, who had seen it" });
    }
  });
});
