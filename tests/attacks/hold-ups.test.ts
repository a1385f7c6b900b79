/** Who may not write, or not any more, keeps nothing from being deleted by what they sign. */
import { catchUp, reencrypt } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { details, groupOf, removeBy } from "../support/attacked.ts";
import { type Forgery, forge, forgedChange, forgedLocation, openedEpoch } from "../support/forge.ts";
import { declareBlob, type Location } from "../support/insides.ts";
import { budget, type Device, live, put, texts, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** A blob that lies nowhere, and the word that it lies in the only object that there is. */
function falseClaim(by: Device): { blob: ReturnType<typeof declareBlob>; location: Location } {
  const [place] = live(by).index.all<{ object: string; length: number }>("SELECT object, length FROM locations");
  if (!place) throw new Error("there is an object");
  const blob = declareBlob(world.crypto, [["ef".repeat(32), 3]]);
  return { blob, location: forgedLocation(live(by), { ...place, blob: blob.blob }) };
}

interface Lie {
  readonly blob: ReturnType<typeof declareBlob>;
  /** The newest entry that its author knew. */
  readonly head: string;
}

const UNKNOWN = "cd".repeat(32);
const declares = ({ blob, head }: Lie): Forgery => forgedChange({ head, operations: [{ op: "blob", ...blob }] });
const waits = ({ head }: Lie): Forgery => forgedChange({ head, parents: [UNKNOWN], operations: [] });

async function expectAllMoved(admin: Device): Promise<void> {
  await catchUp(live(admin));
  expect(details(live(admin), "foreign")).toEqual([]);
  const { remaining, problems } = await reencrypt(live(admin), { budget: budget() });
  expect({ remaining, problems }).toEqual({ remaining: { objects: 0, bytes: 0 }, problems: [] });
  expect(await texts(live(admin))).toEqual({ one: "one" });
}

describe("attack 30: the word that an old object holds something else too, by a removed editor", () => {
  it.each([
    ["that nobody declares, while a change is awaited for ever", waits],
    ["that a change declares which names an entry nobody knows", (lie: Lie) => declares({ ...lie, head: UNKNOWN })],
    ["that a change declares which nobody knew of", declares],
  ])("%s, holds up no deletion", async (_, lie) => {
    const [alice, bob] = await groupOf(world, ["bob"]);
    await put(live(alice), { one: "one" });
    await catchUp(live(bob));
    const [epoch, { blob, location }] = [openedEpoch(live(bob)), falseClaim(bob)];
    const head = live(bob).view.state.head;
    await removeBy(alice, "bob");
    await forge(live(bob), { epoch, records: [lie({ blob, head })], locations: [location] });
    await expectAllMoved(alice);
  });
});

describe("attack 30: the word that an old object holds something else too, by a viewer", () => {
  it.each(["victor", "bob"])("in a change of theirs, holds up no deletion after the removal of %s", async (out) => {
    const [alice, , victor] = await groupOf(world, ["bob", "victor"], { victor: "viewer" });
    await put(live(alice), { one: "one" });
    await catchUp(live(victor));
    const { blob, location } = falseClaim(victor);
    const head = live(victor).view.state.head;
    await forge(live(victor), { records: [declares({ blob, head })], locations: [location] });
    await catchUp(live(alice));
    await removeBy(alice, out);
    await expectAllMoved(alice);
  });
});
