/** Attacks with devices that were removed, with recovery kits that were used or replaced, and on whoever comes back by one. */
import {
  type Address,
  answerDevices,
  askForDevice,
  type CodeAnswer,
  catchUp,
  confirmBy,
  deviceCodeId,
  joinGroup,
  makeDeviceCard,
  openSession,
  openWithKit,
  recover,
  reencrypt,
  removeDevices,
  replaceKit,
  rotate,
  StoreError,
  unconfirmedSince,
  verifyingKeyOf,
  withAdmitted,
} from "@conclave/core";
import { memoryStore, restoreSnapshot, takeSnapshot } from "@conclave/stores/testing";
import { describe, expect, it } from "vitest";
import { comeTogether, groupOf, people, problemCodes, putBy, removeBy, shownPaths } from "../support/attacked.ts";
import { forge, forgedChange, newFolder } from "../support/forge.ts";
import { keysRing, opensAnything } from "../support/key-ring.ts";
import { openWorld } from "../support/open-world.ts";
import { budget, type Device, findMember, live, plainCrypto, put, texts, type World } from "../support/world.ts";

/** Alice with a laptop and a phone, Bob and Carol; everybody has seen everything. */
async function group() {
  const world = openWorld();
  const all = await people({ world, bob: "owner" });
  const phone = await world.further(all.alice);
  await world.admitFurther(all.alice, phone);
  await comeTogether(all.alice, all.bob, all.carol, phone);
  return { ...all, phone };
}

function keyOf(device: Device): string {
  return live(device).deviceKey;
}

/** Removes devices and moves everything to the new epoch. */
async function removeAll(by: Device, devices: readonly string[]): Promise<void> {
  const session = live(by);
  await catchUp(session);
  await removeDevices(session, { devices, contents: "now" });
  await reencrypt(session, { budget: budget() });
}

/** Devices that are to go with another one of the same person. */
function goingWith(person: Device, device: Device): string[] {
  const { me, state } = live(person).view;
  if (!me) throw new Error(`${person.name} is out`);
  return withAdmitted(state, { member: me, devices: [keyOf(device)] }).map(({ verifyingKey }) => verifyingKey);
}

/** Whether any grant that lies on the storage opens with these keys. */
async function opensAny(world: World, keys: Device["secrets"], address: Address): Promise<boolean> {
  const thief = Object.assign(await world.device("thief"), { secrets: keys });
  return (await joinGroup(world.ports(thief), { address, anyAudience: true })) !== undefined;
}

describe("a device that was removed", () => {
  it("reads nothing that is re-encrypted, and writes nothing that is accepted, while its person goes on", async () => {
    const { alice, bob, phone } = await group();
    await put(live(alice), { "a.txt": "before" });
    await catchUp(live(phone));
    await removeAll(alice, [keyOf(phone)]);
    await expect(catchUp(live(phone))).rejects.toMatchObject({
      code: "removed",
      message: expect.stringMatching(/device was removed.*alice/),
    });
    await expect(put(live(phone), { "b.txt": "after" })).rejects.toMatchObject({ code: "role-too-low" });
    await put(live(alice), { "c.txt": "by the laptop" });
    await catchUp(live(bob));
    expect(await texts(live(bob))).toEqual({ "a.txt": "before", "c.txt": "by the laptop" });
  });

  it("is back neither with an entry nor with content dated before the removal", async () => {
    const { alice, bob, phone } = await group();
    const before = live(phone);
    await removeAll(alice, [keyOf(phone)]);
    const { head } = before.view.state;
    await forge(before, { records: [forgedChange({ head, operations: [newFolder(before, "late")] })] });
    await comeTogether(alice, bob);
    for (const device of [alice, bob]) expect(shownPaths(live(device))).toEqual([]);
    expect(problemCodes(live(bob))).toContain("void");
  });

  it("takes those along that it admitted", async () => {
    const { world, alice, phone } = await group();
    const tablet = await world.further(alice, "tablet");
    await world.admitFurther(phone, tablet);
    await catchUp(live(alice));
    const gone = goingWith(alice, phone);
    expect(gone.toSorted()).toEqual([keyOf(phone), keyOf(tablet)].sort());
    await removeAll(alice, gone);
    for (const device of [phone, tablet])
      await expect(catchUp(live(device))).rejects.toMatchObject({ code: "removed" });
    expect(await opensAny(world, tablet.secrets, world.address(live(alice)))).toBe(false);
  });

  it("takes those along that it admitted through one that it has taken off the list itself", async () => {
    const { world, alice, phone } = await group();
    const [between, tablet] = [await world.further(alice, "between"), await world.further(alice, "tablet")];
    await world.admitFurther(phone, between);
    await world.admitFurther(between, tablet);
    await catchUp(live(phone));
    await removeDevices(live(phone), { devices: [keyOf(between)], contents: "on-change" });
    await catchUp(live(alice));
    expect(goingWith(alice, phone).toSorted()).toEqual([keyOf(phone), keyOf(tablet)].sort());
  });

  it("cannot write with so many writers that its person, who is no admin, could not remove it", async () => {
    const { world, alice, bob, carol } = await group();
    const phone = await world.further(carol);
    await world.admitFurther(carol, phone);
    const session = live(phone);
    const { head } = session.view.state;
    for (let count = 0; count < 257; count++) {
      await forge(session, { records: [forgedChange({ head, operations: [newFolder(session, `of ${count}`)] })] });
    }
    await removeAll(carol, [keyOf(phone)]);
    await comeTogether(alice, bob, carol);
    await expect(catchUp(session)).rejects.toMatchObject({ code: "removed" });
  });

  it.each([
    ["that it had listed in the old one's place", false],
    ["that it had come back with, by the old one", true],
  ])("takes the kit along %s: its words open nothing that comes after", async (_, byRecovery) => {
    const { world, alice, bob, carol } = await group();
    const address = world.address(live(carol));
    const thief = byRecovery ? await comeBack(world, carol, address) : await world.further(carol, "phone");
    if (!byRecovery) {
      await world.admitFurther(carol, thief);
      const { kit: keys } = await world.device("a new kit");
      const member = live(carol).view.me?.id ?? "";
      const kit = await makeDeviceCard(world.crypto, { keys, member, kind: "kit", time: 1 });
      await replaceKit(live(thief), { kit, contents: "on-change" });
      Object.assign(thief, { kit: keys });
    }
    await catchUp(live(carol));
    await removeAll(carol, goingWith(carol, thief));
    await put(live(carol), { "a.txt": "without them" });
    await comeTogether(alice, bob, carol);
    expect(await opensAny(world, thief.kit, world.address(live(carol)))).toBe(false);
    expect(problemCodes(live(carol))).toEqual(["no-kit"]);
    const member = live(carol).view.me?.id ?? "";
    const { kit: keys } = await world.device("carol's own");
    await replaceKit(live(carol), {
      kit: await makeDeviceCard(world.crypto, { keys, member, kind: "kit", time: 1 }),
      contents: "on-change",
    });
    expect(problemCodes(live(carol))).toEqual([]);
  });

  it("is not let in again: its keys are taken for good", async () => {
    const { world, alice, phone } = await group();
    await removeAll(alice, [keyOf(phone)]);
    await expect(world.admitFurther(alice, phone)).rejects.toMatchObject({ code: "exists" });
  });
});

describe("a device code", () => {
  const secret = new Uint8Array(16).fill(7);

  /** Asks with the code as a device of one of the members. */
  async function ask(world: World, device: Device, as: Device): Promise<void> {
    const [address, member] = [world.address(live(as)), live(as).view.me?.id ?? ""];
    await askForDevice(world.ports(device), { group: { address, member, name: "club" }, secret });
  }

  function answers(by: Device, device?: Device): Promise<CodeAnswer[]> {
    const used = device && verifyingKeyOf(device.secrets.signingKey);
    return answerDevices(live(by), { codes: [{ code: deviceCodeId(secret), device: used }] });
  }

  it("is not spent by what keeps its maker from signing for the moment", async () => {
    const { world, alice, bob } = await group();
    const outcomes = async () => (await answers(alice)).map(({ outcome }) => outcome);
    await ask(world, await world.further(alice, "tablet"), alice);
    await catchUp(live(alice));
    await rotate(openSession(world.ports(alice)), { contents: "on-change" });
    expect(await outcomes()).toEqual([]);
    await catchUp(live(bob));
    await rotate(live(bob), { contents: "on-change" });
    const { epoch } = live(bob).view.current;
    alice.hooks.hides = (key) => key.startsWith(`epochs/${epoch}-all`);
    await catchUp(live(alice));
    expect(await outcomes()).toEqual([]);
    alice.hooks = {};
    await catchUp(live(alice));
    expect(await outcomes()).toEqual(["admitted"]);
  });

  it("is not spent by somebody who asks with it as another member", async () => {
    const { world, alice, carol } = await group();
    await ask(world, await world.device("thief"), carol);
    expect(await answers(alice)).toEqual([]);
    const tablet = await world.further(alice, "tablet");
    await ask(world, tablet, alice);
    expect(await answers(alice)).toMatchObject([{ outcome: "admitted" }]);
    expect((await world.join(tablet, world.address(live(alice)))).view.me?.name).toBe("alice");
  });

  it("lists nobody where another device has used it in another group", async () => {
    const { world, alice } = await group();
    const [tablet, thief] = [await world.further(alice, "tablet"), await world.device("thief")];
    await ask(world, thief, alice);
    expect(await answers(alice, tablet)).toMatchObject([{ outcome: "refused", reason: /two devices/ }]);
    expect(await answers(alice, thief)).toMatchObject([{ outcome: "admitted" }]);
  });
});

describe("a member who was removed", () => {
  it("has no way back by a further device, a kit, or a device that the kit would admit", async () => {
    const { world, alice, bob, carol, phone } = await group();
    const address = world.address(live(alice));
    await catchUp(live(bob));
    await removeBy(bob, "alice", "now");
    await reencrypt(live(bob), { budget: budget() });
    for (const device of [alice, phone]) await expect(catchUp(live(device))).rejects.toMatchObject({ code: "removed" });
    await expect(world.withKit(alice, address)).rejects.toMatchObject({ code: "not-a-member" });
    const tablet = await world.further(alice, "tablet");
    await expect(world.admitFurther(phone, tablet)).rejects.toMatchObject({ code: "removed" });
    await catchUp(live(carol));
    expect(live(carol).view.state.members.map(({ name }) => name)).toEqual(["bob", "carol"]);
  });
});

describe("a recovery kit", () => {
  it("brings its person back once, on a new device, with a new kit; everybody sees it", async () => {
    const { world, alice, bob, carol } = await group();
    await put(live(carol), { "a.txt": "mine" });
    const address = world.address(live(alice));
    const back = await comeBack(world, carol, address);
    expect(await texts(live(back))).toEqual({ "a.txt": "mine" });
    await expect(world.withKit(carol, address)).rejects.toMatchObject({ code: "removed" });
    await catchUp(live(bob));
    const acts = [...live(bob).view.log.nodes.values()].map(
      ({ verified: { entry } }) => "act" in entry && entry.act.act,
    );
    expect(acts).toContain("recover");
  });

  it("comes back past any number of files under names of other devices' grants, once there is one for all", async () => {
    const { world, alice, bob } = await group();
    await rotate(live(alice), { contents: "on-change" });
    const { epoch } = live(alice).view.current;
    const name = (number: number): string => number.toString(16).padStart(32, "0");
    for (let number = 0; number < 256; number++)
      await world.store.put(`epochs/${epoch}-${name(number)}-${name(number)}.age`, new Uint8Array(700));
    expect((await world.withKit(bob, world.address(live(alice)))).member.name).toBe("bob");
  });

  it("that was used is given no key by a removal that could not get out before", async () => {
    const world = openWorld();
    const [alice, bob, , dan] = await groupOf(world, ["bob", "carol", "dan"], { bob: "admin" });
    const seen = await world.withKit(bob, world.address(live(alice)));
    alice.hooks.fault = ({ verb }) =>
      verb === "put" ? { when: "before", error: new StoreError("no network", { code: "unavailable" }) } : undefined;
    world.restart(alice);
    await expect(removeBy(alice, "carol")).rejects.toMatchObject({ code: "unavailable" });
    const { kit } = await world.device("new kit");
    const back = await world.further(bob, "new laptop");
    await recover(seen, { device: back.secrets, kit });
    await catchUp(live(dan));
    await put(live(dan), { "a word": "for the recovery" });
    alice.hooks = {};
    world.restart(alice);
    const ring = keysRing(bob.kit, plainCrypto);
    const puts = await putBy(world, () => comeTogether(alice, bob, dan), /^epochs\//);
    expect(live(alice).view.state.members.map(({ name }) => name)).toEqual(["alice", "bob", "dan"]);
    const grants = await Promise.all([...puts].map(async (key) => ({ key, bytes: await world.store.get(key) })));
    expect(await opensAnything(ring, grants)).toBeUndefined();
    // Keys that open nothing at all would prove nothing.
    expect(await opensAnything(keysRing(kit, plainCrypto), grants)).toBeDefined();
  });

  it("that was replaced opens nothing new and recovers nothing", async () => {
    const { world, alice, carol } = await group();
    const address = world.address(live(carol));
    await catchUp(live(carol));
    const keys = (await world.device("a new kit")).kit;
    const member = live(carol).view.me?.id ?? "";
    const kit = await makeDeviceCard(world.crypto, { keys, member, kind: "kit", time: 1 });
    await replaceKit(live(carol), { kit, contents: "now" });
    await reencrypt(live(carol), { budget: budget() });
    await expect(world.withKit(carol, address)).rejects.toMatchObject({ code: "not-a-member" });
    const fresh = Object.assign(await world.further(carol, "new laptop"), { kit: keys });
    expect((await world.withKit(fresh, address)).member.name).toBe("carol");
    await catchUp(live(alice));
  });

  it("used on two storages' views at once lists one device in the end", async () => {
    const { world, alice, bob, carol } = await group();
    const address = world.address(live(alice));
    const [one, other] = [await world.withKit(carol, address), await world.withKit(carol, address)];
    for (const seen of [one, other]) {
      const device = (await world.further(carol, "new laptop")).secrets;
      await recover(seen, { device, kit: (await world.device("kit")).kit });
    }
    await comeTogether(alice, bob);
    const state = live(bob).view.state;
    expect(findMember(state, "carol").devices.filter(({ label }) => label === "recovery kit")).toHaveLength(1);
    expect(findMember(state, "carol").devices).toHaveLength(3);
  });
});

describe("a device that came back by a kit", () => {
  it("reads, and writes nothing, until a member's newer address confirms it", async () => {
    const { world, alice, carol } = await group();
    const address = world.address(live(alice));
    const back = await comeBack(world, carol, address);
    const session = live(back);
    expect(unconfirmedSince(session)).toBe(session.view.state.head);
    await expect(put(session, { "a.txt": "mine" })).rejects.toMatchObject({ code: "unconfirmed" });
    expect(() => confirmBy(session, address.entry)).toThrow(expect.objectContaining({ code: "unconfirmed" }));
    expect(() => confirmBy(session, "ab".repeat(32))).toThrow(expect.objectContaining({ code: "rollback" }));
    await catchUp(live(alice));
    confirmBy(session, world.address(live(alice)).entry);
    await put(session, { "a.txt": "mine" });
    await catchUp(live(alice));
    expect(await texts(live(alice))).toEqual({ "a.txt": "mine" });
  });

  it("is not fooled by a storage that was put back to before a removal", async () => {
    const { world, bob, carol, printed, yesterday } = await putBackBefore("alice");
    const now = world.address(live(bob));
    // The removed owner and the storage together show Carol the old group, and go on there.
    const back = await comeBack(world, carol, printed, yesterday);
    expect(live(back).view.state.members.map(({ name }) => name)).toContain("alice");
    await expect(put(live(back), { "a.txt": "mine" })).rejects.toMatchObject({ code: "unconfirmed" });
    expect(() => confirmBy(live(back), now.entry)).toThrow(expect.objectContaining({ code: "rollback" }));
  });

  it("is not fooled either where whoever was removed has gone on there, with a key of their own", async () => {
    const { world, alice, bob, carol, printed, yesterday } = await putBackBefore("alice");
    alice.store = yesterday;
    await rotate(world.restart(alice), { contents: "on-change" });
    const back = await comeBack(world, carol, printed, yesterday);
    expect(live(back).view.log.nodes.has(live(alice).view.state.head)).toBe(true);
    for (const entry of [world.address(live(alice)).entry, world.address(live(bob)).entry]) {
      expect(() => confirmBy(live(back), entry)).toThrow();
      await expect(put(live(back), { "a.txt": "mine" })).rejects.toMatchObject({ code: "unconfirmed" });
    }
  });

  it("needs nobody where no other member has a device", async () => {
    const world = openWorld();
    const alice = await world.device("alice");
    await world.found(alice);
    await put(live(alice), { "a.txt": "mine" });
    const back = await comeBack(world, alice, world.address(live(alice)));
    await put(live(back), { "b.txt": "more" });
    expect(await texts(live(back))).toEqual({ "a.txt": "mine", "b.txt": "more" });
  });
});

/** Bob has removed somebody; what the storage held before that, and an address from then. */
async function putBackBefore(name: string) {
  const all = await group();
  const { world, alice, bob } = all;
  const printed = world.address(live(alice));
  const yesterday = memoryStore({ settled: true });
  await restoreSnapshot(yesterday, await takeSnapshot(world.store));
  await catchUp(live(bob));
  await removeBy(bob, name, "now");
  return { ...all, printed, yesterday };
}

/** Recovers with somebody's kit on a new device; on the world's storage, or on what somebody shows instead. */
async function comeBack(world: World, owner: Device, address: ReturnType<World["address"]>, store = world.store) {
  const { kit } = await world.device("new kit");
  const back = Object.assign(await world.further(owner, "new laptop"), { kit, store });
  const reader = Object.assign(await world.device("kit"), { secrets: owner.kit, store });
  const seen = await openWithKit(world.ports(reader), { address });
  await recover(seen, { device: back.secrets, kit: back.kit });
  await world.join(back, world.address(seen.session));
  return back;
}
