/** On a storage where each account owns what it puts, a clean-up by one is finished by the devices of the others. */
import { catchUp, changeRole, readAll, reencrypt, removeMember, rotate, type Session, verify } from "@conclave/core";
import { memoryStore, type OwnedStorage, ownedStorage } from "@conclave/stores/testing";
import { describe, expect, it } from "vitest";
import { putBy, removeBy } from "./support/attacked.ts";
import { DEATHS, dies } from "./support/deaths.ts";
import { openWorld } from "./support/open-world.ts";
import { budget, type Device, findMember, live, put, texts, type World } from "./support/world.ts";

interface Stage {
  readonly world: World;
  readonly owned: OwnedStorage;
  readonly alice: Device;
  readonly bob: Device;
  readonly carol: Device;
}

/** Three people with an account each, and a file of each. */
async function newStage(): Promise<Stage> {
  const store = memoryStore();
  const owned = ownedStorage(store);
  const world = openWorld({ store });
  const [alice, bob, carol] = [await world.device("alice"), await world.device("bob"), await world.device("carol")];
  for (const device of [alice, bob, carol]) device.store = owned.client(device.name);
  await world.found(alice);
  await put(live(alice), { "a.txt": "of alice" }, 1);
  for (const newcomer of [bob, carol]) {
    await world.admit(alice, newcomer);
    await put(live(newcomer), { [`${newcomer.name}.txt`]: `of ${newcomer.name}` }, 1);
  }
  return { world, owned, alice, bob, carol };
}

async function removeCarol(alice: Device): Promise<void> {
  await catchUp(live(alice));
  await removeMember(live(alice), { member: findMember(live(alice).view.state, "carol"), contents: "now" });
  await reencrypt(live(alice), { budget: budget() });
}

function ownersOf(owned: OwnedStorage): string[] {
  return [...new Set(owned.detached().map(({ owner }) => owner))].sort();
}

async function whole(session: Session): Promise<void> {
  const report = await verify(session, { budget: budget(), shown: await readAll(session), full: true });
  expect(report.problems).toEqual([]);
}

const EVERYTHING = { "a.txt": "of alice", "bob.txt": "of bob", "carol.txt": "of carol" };

describe("what another account owns", () => {
  it("is taken out of the folder, named in the receipt, and cleared when that account's device next runs", async () => {
    const { owned, alice, bob } = await newStage();
    await removeCarol(alice);
    expect(ownersOf(owned)).toEqual(["bob", "carol"]);
    await catchUp(live(bob));
    expect(ownersOf(owned)).toEqual(["carol"]);
    expect(await texts(live(bob))).toEqual(EVERYTHING);
    await whole(live(bob));
  });

  it("is left alone by a viewer's device, which may delete nothing", async () => {
    const { owned, alice, bob } = await newStage();
    await removeCarol(alice);
    await changeRole(live(alice), { member: findMember(live(alice).view.state, "bob"), role: "viewer" });
    await catchUp(live(bob));
    expect(ownersOf(owned)).toEqual(["bob", "carol"]);
  });

  it("is left alone while the group has two histories that nothing decides between", async () => {
    const { world, owned, alice, bob, carol } = await newStage();
    const [dan, erin] = [await world.device("dan"), await world.device("erin")];
    for (const owner of [dan, erin]) await world.admit(alice, owner, "owner");
    for (const device of [alice, bob, carol, dan, erin]) await catchUp(live(device));
    // Each of alice and carol goes on with one of the two, and has not seen the other.
    const ofDan = await putBy(world, async () => {
      await removeBy(dan, "erin");
      for (const device of [alice, bob]) await catchUp(live(device));
      await reencrypt(live(alice), { budget: budget() });
    });
    for (const device of [erin, carol]) device.hooks.hides = (key) => ofDan.has(key);
    await removeBy(erin, "dan");
    await catchUp(live(carol));
    await put(live(carol), { "later.txt": "later" }, 2);
    await catchUp(live(bob));
    expect(live(bob).view.choice).toMatchObject({ contested: true, undecided: false });
    expect(ownersOf(owned)).toContain("bob");
  });

  it("that is no file of the group's stays, whatever its name holds", async () => {
    const { owned, alice, bob } = await newStage();
    const key = `holiday-${live(bob).view.current.epoch}.jpg`;
    await live(bob).store.put(key, new Uint8Array(1));
    expect(await live(alice).store.delete(key)).toBe("detached");
    await removeCarol(alice);
    await catchUp(live(bob));
    expect(owned.detached().filter(({ owner }) => owner === "bob")).toMatchObject([{ key }]);
  });

  it("stays where its contents lie nowhere else: who takes it out has hidden it, and not destroyed it", async () => {
    const { world, owned, alice, bob } = await newStage();
    await removeCarol(alice);
    // The copies are lost before bob's device has looked.
    for await (const { key } of world.store.list(live(alice).view.current.epoch)) {
      if (key.includes("/objects/")) await world.store.delete(key);
    }
    const before = owned.detached().filter(({ key }) => key.includes("/objects/")).length;
    await catchUp(live(bob));
    expect(owned.detached().filter(({ key }) => key.includes("/objects/"))).toHaveLength(before);
  });

  it("of the current epoch stays, whoever takes it out", async () => {
    const { world, owned, alice, bob, carol } = await newStage();
    await removeCarol(alice);
    await catchUp(live(bob));
    await put(live(bob), { "later.txt": "later" }, 2);
    const store = owned.client("alice");
    for await (const { key } of world.store.list(`${live(bob).view.current.epoch}/objects`)) await store.delete(key);
    const ofBob = () => owned.detached().filter(({ owner }) => owner === "bob");
    expect(ofBob()).toHaveLength(1);
    await reencrypt(live(bob), { budget: budget() });
    expect(ofBob()).toHaveLength(1);
    expect(carol.session).toBeDefined();
  });

  it("of a branch that has lost stays while the branch may still win, whoever takes it out", async () => {
    const { world, owned, alice, bob } = await newStage();
    await catchUp(live(alice));
    await changeRole(live(alice), { member: findMember(live(alice).view.state, "bob"), role: "admin" });
    await catchUp(live(bob));
    // Both rotate at the same moment, and each writes under the key that is new to them.
    for (const device of [alice, bob]) {
      await rotate(live(device), { contents: "now" });
      await put(live(device), { [`${device.name}-later.txt`]: "later" }, 2);
    }
    const epochs = [alice, bob].map((device) => live(device).view.current.epoch);
    for (const device of [alice, bob, alice]) await catchUp(live(device));
    const [winner, loser] = live(alice).view.current.epoch === epochs[0] ? [alice, bob] : [bob, alice];
    const lost = epochs[loser === alice ? 0 : 1] ?? "";
    expect(live(loser).view.current.epoch).not.toBe(lost);
    await reencrypt(live(loser), { budget: budget() });
    const foreign = owned.client(winner.name);
    for await (const { key } of world.store.list(`${lost}/objects`)) await foreign.delete(key);
    const ofLost = () => owned.detached().filter(({ key, owner }) => key.startsWith(lost) && owner === loser.name);
    expect(ofLost()).toHaveLength(1);
    await reencrypt(live(loser), { budget: budget() });
    expect(ofLost()).toHaveLength(1);
    world.clock.time += 3 * 3_600_000;
    await reencrypt(live(loser), { budget: budget() });
    expect(ofLost()).toHaveLength(0);
    const laters = { "alice-later.txt": "later", "bob-later.txt": "later" };
    expect(await texts(live(loser))).toEqual({ ...EVERYTHING, ...laters });
  });
});

/** Each step is a group of its own, so only every second one dies, of the two kinds of death that differ most. */
const SOME_DEATHS = DEATHS.filter(({ at, when }) => (at === "call") === (when === "before"));

describe.each(SOME_DEATHS)("a death at a $at, $when it takes effect", (death) => {
  it("while what one owns is cleared loses nothing, and the next run goes on", async () => {
    for (let step = 1; ; step += 2) {
      const { world, owned, alice, bob } = await newStage();
      await removeCarol(alice);
      const hasDied = await dies(world, bob, { death, step, work: (session) => catchUp(session).then(() => {}) });
      await catchUp(world.restart(bob));
      expect(ownersOf(owned)).toEqual(["carol"]);
      expect(await texts(live(bob))).toEqual(EVERYTHING);
      await catchUp(live(alice));
      expect(await texts(live(alice))).toEqual(EVERYTHING);
      world.close();
      if (!hasDied) {
        // A sweep that never killed anything would prove nothing.
        expect(step).toBeGreaterThan(5);
        break;
      }
    }
  }, 300_000);
});
