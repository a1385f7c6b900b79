/** The group's story in a folder of an emulated Google Drive: three accounts, a removal, and what each may delete there. */
import { catchUp, type ObjectStore, reencrypt, removeMember, type Session } from "@conclave/core";
import { DRIVE_SCOPE, type EmulatedGoogle, startGoogle, type VirtualClock, virtualClock } from "@conclave/emulators";
import { openDatabase } from "@conclave/node";
import { findDriveFolder, openDriveStore } from "@conclave/stores";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { budget, type Device, findMember, live, put, texts, World } from "./support/world.ts";

const HOUR_MS = 3_600_000;

let google: EmulatedGoogle;
let clock: VirtualClock;
let world: World;
let folder: string;
let alice: Device;
let bob: Device;
let carol: Device;

function accessOf(name: string) {
  const { accessToken } = google.signIn(`${name}@example.org`, [DRIVE_SCOPE]);
  return {
    auth: { token: async () => accessToken, renew: async () => accessToken },
    endpoints: { api: google.url },
    timing: { now: () => clock.now(), random: () => 1, pause: (milliseconds: number) => clock.sleep(milliseconds) },
  };
}

function storeOf(name: string, freshMs = 0): ObjectStore {
  const cache = openDatabase(":memory:");
  return openDriveStore({ ...accessOf(name), folder, cache, freshMs, now: () => clock.now() });
}

beforeEach(async () => {
  clock = virtualClock(1_700_000_000_000);
  google = await startGoogle({ clock });
  folder = await findDriveFolder(accessOf("alice"), { name: "Group", create: true });
  const { sharing } = storeOf("alice");
  for (const name of ["bob", "carol"]) await sharing?.grant(`${name}@example.org`, "write");
  world = new World({ store: storeOf("alice") });
  [alice, bob, carol] = [await world.device("alice"), await world.device("bob"), await world.device("carol")];
  for (const device of [alice, bob, carol]) device.store = storeOf(device.name);
  await world.found(alice, { settled: false });
  await put(live(alice), { "a.txt": "of alice" }, 1);
  for (const newcomer of [bob, carol]) {
    await world.admit(alice, newcomer);
    await put(live(newcomer), { [`${newcomer.name}.txt`]: `of ${newcomer.name}` }, 1);
  }
});
afterEach(async () => {
  world.close();
  await google.close();
});

const EVERYTHING = { "a.txt": "of alice", "bob.txt": "of bob", "carol.txt": "of carol" };

/** Whose files of the group's epochs before this one Drive still holds, wherever they lie. */
function ownersOfOld(session: Session): string[] {
  const current = session.view.current.epoch;
  const objects = [...google.cloud.items.values()].filter((item) => {
    const path = item.properties.get("conclave-path") ?? "";
    return path.endsWith("/objects") && !path.startsWith(current);
  });
  const names = objects.map(({ ownerId }) => google.cloud.users.get(ownerId ?? "")?.email.replace(/@.*/, "") ?? "");
  return [...new Set(names)].sort();
}

describe("a group in a folder of Google Drive", () => {
  it("is read by all of its members, each with an account of their own", async () => {
    for (const device of [alice, bob, carol]) {
      await catchUp(live(device));
      expect(await texts(live(device))).toEqual(EVERYTHING);
    }
  });

  it("shows another member's change in one poll of at most three requests", async () => {
    const { sharing: _, ...store } = storeOf("bob", 2_000);
    bob.store = store;
    world.restart(bob);
    await catchUp(live(bob));
    await put(live(alice), { "new.txt": "new" }, 2);
    clock.advance(60_000);
    google.requests.clear();
    await catchUp(live(bob));
    expect(google.requests.counts()).toEqual({ "changes.list": 1, "files.download": 1 });
    clock.advance(60_000);
    google.requests.clear();
    await catchUp(live(bob));
    expect(google.requests.counts()).toEqual({ "changes.list": 1 });
  });

  it("removes somebody: alice's device copies everything and deletes what is hers, bob's ends what is his", async () => {
    await catchUp(live(alice));
    await removeMember(live(alice), { member: findMember(live(alice).view.state, "carol"), contents: "now" });
    await storeOf("alice").sharing?.withdraw("carol@example.org");
    await reencrypt(live(alice), { budget: budget() });
    // Drive may show things late, so nothing is deleted before an hour is over.
    expect(ownersOfOld(live(alice))).toEqual(["alice", "bob", "carol"]);
    await catchUp(live(bob));
    world.clock.time += HOUR_MS + 1_000;
    await reencrypt(live(alice), { budget: budget() });
    expect(ownersOfOld(live(alice))).toEqual(["bob", "carol"]);
    await catchUp(live(bob));
    expect(ownersOfOld(live(bob))).toEqual(["carol"]);
    for (const device of [alice, bob]) expect(await texts(live(device))).toEqual(EVERYTHING);
    await expect(catchUp(live(carol))).rejects.toMatchObject({ code: "gone" });
  });
});
