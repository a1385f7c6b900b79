import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  flushOutbox,
  kitDevice,
  makeCard,
  newDevice,
  newKitSecret,
  publicKeysOf,
  verifyingKeyOf,
} from "@conclave/core";
import { describe, expect, it } from "vitest";
import { nativeVerifyingKey, nodeCrypto } from "../src/crypto.ts";
import { openGroupStore } from "../src/group-store.ts";
import { listGroups, noteGroup } from "../src/groups.ts";
import { openHome } from "../src/home.ts";
import { foundKnownGroup, joinKnownGroup, openGroup } from "../src/open-group.ts";
import { systemClock } from "../src/runs.ts";
import { scratch } from "./files/support/scratch.ts";

async function person() {
  const folder = scratch();
  const crypto = nodeCrypto({ workers: 0 });
  const device = await newDevice(crypto, { label: "computer" });
  const kit = await publicKeysOf(kitDevice(newKitSecret(crypto)));
  const card = await makeCard(crypto, { name: "Alice", device, kit, time: 0 });
  const home = openHome({ env: { CONCLAVE_HOME: join(folder, "home") } });
  const url = pathToFileURL(join(folder, "store")).href;
  return { folder, card, url, unlocked: { home, crypto, device, clock: systemClock } };
}

async function found({ unlocked, card, url }: Awaited<ReturnType<typeof person>>, name = "family") {
  const store = await openGroupStore(unlocked, { store: url }, { settled: true, create: true });
  return foundKnownGroup(unlocked, { name, place: { store: url }, store, card, suite: "hybrid", settled: true });
}

describe("founding", () => {
  it("notes the group before anything is put, and opening it goes on", async () => {
    const alice = await person();
    const group = await found(alice);
    expect(readdirSync(join(alice.folder, "store"))).toEqual([]);
    expect(await listGroups(alice.unlocked.home)).toEqual([group]);
    const opened = await openGroup(alice.unlocked, { group, acceptRollback: false });
    await flushOutbox(opened.session);
    expect(opened.session.store.traits.settled).toBe(true);
    expect(opened.session.group).toBe(group.id);
    opened.close();
    expect(existsSync(join(alice.folder, "store", "conclave.json"))).toBe(true);
  });

  it("leaves nothing behind where it is refused", async () => {
    const alice = await person();
    await noteGroup(alice.unlocked.home, { name: "family", id: "0".repeat(64), store: alice.url });
    await expect(found(alice)).rejects.toMatchObject({ code: "exists" });
    expect(readdirSync(join(alice.unlocked.home.folder, "groups"))).toEqual([]);
    expect(await listGroups(alice.unlocked.home)).toHaveLength(1);
  });
});

it("keeps nothing of a group whose grants are for others", async () => {
  const alice = await person();
  const group = await found(alice);
  const opened = await openGroup(alice.unlocked, { group, acceptRollback: false });
  await flushOutbox(opened.session);
  const { head } = opened.session.view.state;
  const { epoch } = opened.session.view.current;
  opened.close();
  const stranger = await person();
  const store = await openGroupStore(alice.unlocked, { store: alice.url }, { settled: false });
  const address = { group: group.id, entry: head, epoch, store: alice.url };
  const joined = await joinKnownGroup(stranger.unlocked, {
    name: "family",
    place: { store: alice.url },
    store,
    address,
  });
  expect(joined).toBe(undefined);
  expect(existsSync(join(stranger.unlocked.home.folder, "groups"))).toBe(false);
  expect(await listGroups(stranger.unlocked.home)).toEqual([]);
});

it("says that a store which is not there may come back", async () => {
  const alice = await person();
  await expect(openGroupStore(alice.unlocked, { store: alice.url }, { settled: false })).rejects.toMatchObject({
    code: "unavailable",
  });
  mkdirSync(join(alice.folder, "store"));
  await openGroupStore(alice.unlocked, { store: alice.url }, { settled: false });
  rmSync(join(alice.folder, "store"), { recursive: true });
});

it("computes the verifying key that the core computes", async () => {
  const crypto = nodeCrypto({ workers: 0 });
  for (let index = 0; index < 10; index++) {
    const seed = crypto.randomBytes(32);
    expect(nativeVerifyingKey(seed)).toBe(verifyingKeyOf(seed));
  }
});
