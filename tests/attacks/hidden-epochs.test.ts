/**
 * A storage that shows one device neither a new epoch nor its notice: what is left over gives it away, once it has been missing for
 * longer than anything takes to arrive and nobody else was heard meanwhile.
 */
import { catchUp, excuseHidden, hiddenFrom, removeMember, whoWasHeard } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comeTogether, details, putBy } from "../support/attacked.ts";
import { type Device, findMember, live, put, texts, World } from "../support/world.ts";

const HOUR_MS = 3600 * 1000;
const YEAR_MS = 365 * 24 * HOUR_MS;

let world: World;
let alice: Device;
let bob: Device;
let carol: Device;
let dave: Device;
/** What Alice has put and the storage keeps from Carol. */
let hidden: Set<string>;

beforeEach(async () => {
  world = new World();
  hidden = new Set();
  [alice, bob, carol, dave] = [
    await world.device("alice"),
    await world.device("bob"),
    await world.device("carol"),
    await world.device("dave"),
  ];
  await world.found(alice);
  for (const device of [bob, carol, dave]) await world.admit(alice, device);
  await comeTogether(alice, bob, carol, dave);
  carol.hooks.hides = (key) => hidden.has(key);
});
afterEach(() => world.close());

/** Does something, and keeps what it puts from Carol. */
async function unseen(work: () => Promise<unknown>, pattern?: RegExp): Promise<void> {
  for (const key of await putBy(world, work, pattern)) hidden.add(key);
}

async function removeBob(): Promise<void> {
  await catchUp(live(alice));
  const member = findMember(live(alice).view.state, "bob");
  await removeMember(live(alice), { member, contents: "on-change" });
}

/** Looks at the storage every so often, until so much time has passed. */
async function watch(device: Device, hours: number): Promise<void> {
  for (let passed = 0; passed < hours; passed += 0.5) {
    world.clock.time += HOUR_MS / 2;
    await catchUp(live(device));
  }
}

function told(device: Device): string[] {
  return details(live(device), "hidden-key");
}

/** Alice writes something that Carol is not shown, and Dave builds on it before Carol's eyes. */
async function leaveTrace(): Promise<void> {
  await unseen(() => put(live(alice), { "of alice": "hidden" }));
  await catchUp(live(dave));
  await put(live(dave), { "of dave": "shown" });
}

/** A stranger's file where recipients lie. */
async function plantRecipient({ store }: World): Promise<void> {
  await store.put(`epochs/${"ab".repeat(32)}.recipient`, new TextEncoder().encode("age1of-nobody\n"));
}

describe("attack 49: everything of the remover is hidden from one writer, the notice too", () => {
  it("is told of once a record that others name has been missing for long, and nobody was heard", async () => {
    await leaveTrace();
    await unseen(removeBob);
    await unseen(() => catchUp(live(dave)));
    await put(live(dave), { "later of dave": "under the new key" });
    await catchUp(live(carol));
    await watch(carol, 0.5);
    expect(told(carol)).toEqual([]);
    // What she says herself confirms nothing.
    await put(live(carol), { "early of carol": "not knowing better" });
    await watch(carol, 1);
    expect(told(carol)).toEqual([expect.stringMatching(/while records that dave named have not arrived$/)]);
    // Work goes on: what she seals to the old key counts, and is moved on.
    await put(live(carol), { "of carol": "not knowing better" });
    carol.hooks = {};
    await comeTogether(alice, carol, dave);
    expect(told(carol)).toEqual([]);
    expect(Object.keys(await texts(live(alice)))).toContain("of carol");
  });

  it("is told of where the new epoch's recipient is left, and no entry names it", async () => {
    await unseen(removeBob, /^(?!epochs\/[0-9a-f]+\.recipient$)/);
    await watch(carol, 2);
    expect(told(carol)).toEqual([expect.stringMatching(/while keys lie in epochs\/ that no entry names$/)]);
    carol.hooks = {};
    await catchUp(live(carol));
    expect(told(carol)).toEqual([]);
  });
});

describe("what is missing", () => {
  it("alarms nobody while others are heard under the same key", async () => {
    await leaveTrace();
    await catchUp(live(carol));
    for (let day = 0; day < 4; day++) {
      await put(live(dave), { "of dave": `day ${day}` }, day + 2);
      await watch(carol, 0.5);
    }
    expect(told(carol)).toEqual([]);
    await watch(carol, 1);
    expect(told(carol)).toHaveLength(1);
  });

  it("alarms no device that slept, by no single jump of its clock", async () => {
    await leaveTrace();
    await catchUp(live(carol));
    world.clock.time += YEAR_MS;
    await catchUp(live(carol));
    expect(told(carol)).toEqual([]);
  });

  it("counts anew from when a clock went back", async () => {
    await leaveTrace();
    await watch(carol, 1);
    carol.clockSkewMs = -YEAR_MS;
    await watch(carol, 1);
    expect(told(carol)).toEqual([]);
  });

  it("alarms nobody where no other device could be heard", async () => {
    const own = new World();
    try {
      const alone = await own.device("erin");
      await own.found(alone);
      await plantRecipient(own);
      for (let look = 0; look < 5; look++) {
        own.clock.time += HOUR_MS;
        await catchUp(live(alone));
      }
      expect(hiddenFrom(live(alone))).toBeUndefined();
    } finally {
      own.close();
    }
  });

  it("is excused by a member's address of the same epoch, until something else is missing", async () => {
    await leaveTrace();
    await watch(carol, 2);
    expect(told(carol)).toHaveLength(1);
    excuseHidden(live(carol), live(dave).view.state.head);
    expect(told(carol)).toEqual([]);
    await watch(carol, 2);
    expect(told(carol)).toEqual([]);
    await plantRecipient(world);
    await watch(carol, 2);
    expect(told(carol)).toEqual([expect.stringMatching(/while keys lie/)]);
  });

  it("is not excused by an address of another epoch", async () => {
    const before = live(alice).view.state.head;
    await removeBob();
    await comeTogether(alice, carol, dave);
    await leaveTrace();
    await watch(carol, 2);
    excuseHidden(live(carol), before);
    expect(told(carol)).toHaveLength(1);
  });
});

describe("who else uses the current key", () => {
  it("is known from what was signed knowing of its epoch", async () => {
    expect(whoWasHeard(live(carol)).heard.map(({ name }) => name)).toEqual(["alice"]);
    await put(live(dave), { "of dave": "hello" });
    await catchUp(live(carol));
    const { others, heard } = whoWasHeard(live(carol));
    expect([others, heard.map(({ name }) => name)]).toEqual([3, ["alice", "dave"]]);
    await removeBob();
    await catchUp(live(carol));
    expect(whoWasHeard(live(carol)).heard.map(({ name }) => name)).toEqual(["alice"]);
  });
});
