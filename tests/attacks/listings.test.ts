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

/** A founded group's one listing, by its name. */
async function listed() {
  const alice = await world.device("alice");
  await world.found(alice);
  await put(live(alice), { one: "one" });
  const [key = ""] = await keysLike(world, /\/listings\//);
  const name = parseListingKey(key);
  if (!name) throw new Error("there is no listing");
  const { crypto, group } = live(alice);
  const bytes = (await world.store.get(key)) as Uint8Array<ArrayBuffer>;
  return { crypto, name, bytes, epoch: openedEpoch(live(alice)), group };
}

describe("attack 5: a listing that is rightly signed", () => {
  it.each([
    ["another digest", { digest: "ab".repeat(16) }, /fit its name/],
    ["another number", { number: 7 }, /of another place/],
    ["another epoch", { epoch: "ab".repeat(32) }, /of another place/],
  ])("is refused under a name with %s", async (_, other, why) => {
    const { crypto, name, ...listing } = await listed();
    await expect(openListing(crypto, { ...listing, name })).resolves.toMatchObject({ number: name.number });
    await expect(openListing(crypto, { ...listing, name: { ...name, ...other } })).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringMatching(why),
    });
  });

  it("is refused in another group, whose key its author sealed it to", async () => {
    const { crypto, ...listing } = await listed();
    const group = "ab".repeat(32);
    await expect(openListing(crypto, { ...listing, group })).rejects.toThrow(/of another place/);
  });
});
