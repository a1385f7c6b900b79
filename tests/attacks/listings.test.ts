/** Listings under another name than their own: verifying refuses each, whoever sealed it. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keysLike } from "../support/attacked.ts";
import { openedEpoch } from "../support/forge.ts";
import { openListing, parseListingKey } from "../support/insides.ts";
import { live, put, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe("attack 5: a listing that is rightly signed", () => {
  it.each([
    ["another digest", { digest: "ab".repeat(16) }, /fit its name/],
    ["another number", { number: 7 }, /of another place/],
    ["another epoch", { epoch: "ab".repeat(32) }, /of another place/],
  ])("is refused under a name with %s", async (_, other, why) => {
    const alice = await world.device("alice");
    await world.found(alice);
    await put(live(alice), { one: "one" });
    const [key = ""] = await keysLike(world, /\/listings\//);
    const name = parseListingKey(key);
    if (!name) throw new Error("there is a listing");
    const read = async (as: typeof name) =>
      openListing(live(alice).crypto, {
        name: as,
        bytes: (await world.store.get(key)) as Uint8Array<ArrayBuffer>,
        epoch: openedEpoch(live(alice)),
        group: live(alice).group,
      });
    await expect(read(name)).resolves.toMatchObject({ number: name.number });
    await expect(read({ ...name, ...other })).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringMatching(why),
    });
  });
});
