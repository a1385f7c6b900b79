/** Attacks by whoever holds the storage: swapped, old, foreign, hidden and rolled back files. */
import {
  addMember,
  catchUp,
  download,
  foundGroup,
  joinGroup,
  listFolder,
  openSession,
  readAll,
  reencrypt,
  removePath,
  rotate,
  type Session,
  verify,
} from "@conclave/core";
import { flipped, restoreSnapshot, rewrite, swap, takeSnapshot } from "@conclave/stores/testing";
import { describe, expect, it } from "vitest";
import {
  comeTogether,
  details,
  expectUnchanged,
  keysLike,
  people,
  problemCodes,
  removeBy,
  shownPaths,
  stateOf,
} from "../support/attacked.ts";
import { forge, forgedChange, forgedEntry, forgeUnput, newFolder } from "../support/forge.ts";
import type { Act } from "../support/insides.ts";
import { memoryTarget } from "../support/memory-files.ts";
import { openWorld } from "../support/open-world.ts";
import { budget, type Device, live, paths, put, texts, type World } from "../support/world.ts";

async function group(options: Omit<NonNullable<Parameters<typeof people>[0]>, "world"> = {}) {
  const world = openWorld();
  return people({ ...options, world });
}

/** What a download brings and what it refuses; nothing may be left half done. */
async function fetchAll(session: Session) {
  const target = memoryTarget();
  const { failed } = await download(session, { path: "", target, budget: budget() });
  expect(target.unfinished()).toBe(0);
  return { texts: target.texts(), failed };
}

describe("attack 3: objects swapped, old ones shown, an old index mixed with new objects", () => {
  it("refuses two objects that were given each other's bytes, and reads the rest", async () => {
    const { world, alice, bob } = await group();
    for (const name of ["one", "two", "three"]) await put(live(alice), { [name]: `content of ${name}` });
    await catchUp(live(bob));
    const [first = "", second = ""] = await keysLike(world, /\/objects\//);
    await expectUnchanged([bob], async () => {
      await swap(world.store, first, second);
      const { texts: read, failed } = await fetchAll(live(bob));
      expect(failed.map(({ code }) => code)).toEqual(["corrupt", "corrupt"]);
      expect(Object.keys(read)).toHaveLength(1);
    });
    const report = await verify(live(bob), { budget: budget(), shown: await readAll(live(bob)), full: true });
    expect(report.ok).toBe(false);
    await swap(world.store, first, second);
    expect((await fetchAll(live(bob))).failed).toEqual([]);
  });

  it("refuses the bytes of an earlier version under the newer one's name", async () => {
    const { world, alice, bob } = await group();
    await put(live(alice), { note: "the first version" }, 1);
    const [old = ""] = await keysLike(world, /\/objects\//);
    await put(live(alice), { note: "the newer version" }, 2);
    const [now = ""] = (await keysLike(world, /\/objects\//)).filter((key) => key !== old);
    await catchUp(live(bob));
    const bytes = await world.store.get(old);
    await rewrite(world.store, now, () => bytes);
    const { texts: read, failed } = await fetchAll(live(bob));
    expect(read).toEqual({});
    expect(failed).toMatchObject([{ path: "note", code: "corrupt" }]);
  });

  it("refuses an older record and object together, and names whose records are gone", async () => {
    const { world, alice, bob } = await group();
    await put(live(alice), { note: "first" }, 1);
    const past = await takeSnapshot(world.store);
    await put(live(alice), { note: "second" }, 2);
    await catchUp(live(bob));
    await expectUnchanged([bob], async () => {
      bob.hooks = { past };
      await expect(catchUp(world.restart(bob))).rejects.toMatchObject({
        code: "rollback",
        message: expect.stringContaining("alice's record"),
      });
    });
  });
});

describe("attack 3: records or an index of yesterday beside the objects of today", () => {
  async function twoDays() {
    const { world, alice, bob } = await group();
    await put(live(alice), { note: "of yesterday" }, 1);
    await catchUp(live(bob));
    const yesterday = { index: world.backUp(bob), keys: await keysLike(world, /./) };
    await rotate(live(alice), { contents: "now" });
    await put(live(alice), { note: "of today" }, 2);
    await reencrypt(live(alice), { budget: budget() });
    return { world, bob, yesterday };
  }

  it("are a rollback for who has seen today's records", async () => {
    const { world, bob, yesterday } = await twoDays();
    await catchUp(live(bob));
    await expectUnchanged([bob], async () => {
      bob.hooks.hides = (key) => !key.includes("/objects/") && !yesterday.keys.includes(key);
      await expect(catchUp(world.restart(bob))).rejects.toMatchObject({ code: "rollback" });
    });
  });

  it("give today's contents to an index of yesterday, once it has read today's records", async () => {
    const { world, bob, yesterday } = await twoDays();
    world.restore(bob, yesterday.index);
    await catchUp(live(bob));
    expect(await texts(live(bob))).toEqual({ note: "of today" });
  });
});

describe("attack 4: a storage that lies about sizes and dates", () => {
  it("is believed of nothing that a listing shows, nor in what a re-encryption deletes", async () => {
    const { world, alice, bob } = await group();
    await put(live(alice), { note: "as it was signed" }, 5);
    bob.store = {
      ...world.store,
      async *list(folder, options) {
        for await (const { key } of world.store.list(folder, options)) yield { key, size: 1, stored: new Date(0) };
      },
    };
    const session = world.restart(bob);
    await catchUp(session);
    expect([...listFolder(session.index, "")]).toMatchObject([{ path: "note", size: 16, modified: 5 }]);
    expect(await texts(session)).toEqual({ note: "as it was signed" });
    await removeBy(alice, "carol", "on-change");
    await catchUp(session);
    await reencrypt(session, { budget: budget() });
    await catchUp(live(alice));
    expect(await texts(live(alice))).toEqual({ note: "as it was signed" });
    const report = await verify(session, { budget: budget(), shown: await readAll(session) });
    expect(report).toMatchObject({ ok: false });
  });
});

describe("attack 11: another recipient in the place of the address's epoch's", () => {
  it("is refused, and the request of whoever asks to come in is sealed to nobody", async () => {
    const { world, alice } = await group();
    const address = world.address(live(alice));
    const thief = await openWorld().device("thief");
    const recipient = new TextEncoder().encode(`${thief.card.card.device.classic}\n`);
    await rewrite(world.store, `epochs/${address.epoch}.recipient`, () => recipient);
    const newcomer = await world.device("newcomer");
    const before = await keysLike(world, /./);
    await expect(world.ask(newcomer, address)).rejects.toMatchObject({ code: "corrupt" });
    await expect(world.join(newcomer, address)).rejects.toMatchObject({ code: "corrupt" });
    expect(await keysLike(world, /./)).toEqual(before);
  });
});

describe("attack 5: objects, folders and records of no known author", () => {
  it("are told of as foreign and never listed as the group's", async () => {
    const { world, alice, bob } = await group();
    await put(live(alice), { mine: "mine" });
    await catchUp(live(bob));
    const { epoch } = live(bob).view.current;
    const stranger = await world.device("a stranger");
    await expectUnchanged([alice, bob], async () => {
      const junk = new Uint8Array(2000).fill(7);
      const hex = "0123456789abcdef0123456789abcdef";
      for (const key of [
        "holiday.jpg",
        `${epoch}/objects/${hex}.age`,
        `${epoch}/records/${hex}-1-1-${hex}.age`,
        `${epoch}/listings/9-${hex}.age`,
        `${"ab".repeat(32)}/records/${hex}-1-1-${hex}.age`,
        `epochs/${"ab".repeat(32)}-all-${hex}.age`,
        `epochs/${"ab".repeat(32)}.recipient`,
      ])
        await world.store.put(key, junk);
      // A thief of the epoch's key who is no member: rightly sealed, rightly signed, by nobody.
      await forge(live(alice), {
        as: stranger.secrets,
        records: [forgedChange({ head: live(alice).view.state.head, operations: [newFolder(live(alice), "planted")] })],
      });
      await catchUp(live(alice));
      await catchUp(live(bob));
    });
    expect(problemCodes(live(bob))).toEqual(expect.arrayContaining(["foreign"]));
    expect(details(live(bob), "foreign").join()).toContain("signed by nobody whom the log lists");
    const report = await verify(live(bob), { budget: budget(), shown: await readAll(live(bob)), full: true });
    expect(report).toMatchObject({ files: 1 });
    expect(report.problems).toContainEqual(expect.objectContaining({ code: "foreign", key: "holiday.jpg" }));
    expect(await texts(live(bob))).toEqual({ mine: "mine" });
  });
});

describe("attack 6: a record or object of one group in another with the same admin", () => {
  it("is refused, as the same file and as the same signed record sealed anew", async () => {
    const { alice } = await group();
    const third = openWorld();
    const twin = await third.device("alice");
    Object.assign(twin, { secrets: alice.secrets, card: alice.card, kit: alice.kit });
    await third.found(twin);
    await put(live(twin), { own: "own" });
    await put(live(alice), { secret: "of the first group" });
    await expectUnchanged([twin], async () => {
      const source = live(alice);
      for await (const { key } of source.store.list(source.view.current.epoch)) {
        const moved = key.replace(source.view.current.epoch, live(twin).view.current.epoch);
        await third.store.put(moved, await source.store.get(key));
      }
      // The record as it stands, with the first group's id in it, under the other group's key.
      const record = forgedChange({ head: source.view.state.head, operations: [newFolder(source, "from elsewhere")] });
      const { key, bytes } = await forgeUnput(live(twin), { records: [record], group: source.group });
      await third.store.put(key, bytes);
      await catchUp(live(twin));
    });
    expect([...details(live(twin), "foreign"), ...details(live(twin), "altered")].join()).toContain("another group");
    expect(await texts(live(twin))).toEqual({ own: "own" });
  });
});

describe("attack 7: replayed and dropped records", () => {
  it("leaves a deleted file deleted, though the record that made it is put again", async () => {
    const { world, alice, bob } = await group();
    await put(live(alice), { "gone.txt": "gone", "kept.txt": "kept" });
    const before = await takeSnapshot(world.store);
    await removePath(live(alice), "gone.txt");
    await rotate(live(alice), { contents: "now" });
    await reencrypt(live(alice), { budget: budget() });
    for (const [key, bytes] of before) await world.store.put(key, bytes);
    await catchUp(live(bob));
    await catchUp(live(alice));
    expect(paths(live(alice))).toEqual(["kept.txt"]);
    expect(paths(live(bob))).toEqual(["kept.txt"]);
    const newcomer = await world.device("dave");
    expect(paths(await world.admit(alice, newcomer))).toEqual(["kept.txt"]);
  });

  it("waits by name for a record dropped from the middle, and shows what builds on it only then", async () => {
    const { world, alice, bob } = await group();
    const known = await keysLike(world, /\/records\//);
    await put(live(alice), { one: "1" });
    const dropped = (await keysLike(world, /\/records\//)).filter((key) => !known.includes(key));
    await put(live(alice), { two: "2" });
    bob.hooks = { hides: (key) => dropped.includes(key) };
    const session = world.restart(bob);
    await catchUp(session);
    expect(shownPaths(session)).toEqual([]);
    expect(details(session, "awaited").join()).toMatch(/alice's record \d+ has not arrived; named by alice/);
    bob.hooks.hides = undefined;
    const again = world.restart(bob);
    await catchUp(again);
    expect(await texts(again)).toEqual({ one: "1", two: "2" });
    expect(problemCodes(again)).toEqual([]);
  });
});

/** Bytes of which no two pages are the same. */
function numbered(size: number): Uint8Array {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4096) bytes.writeUInt32LE(at + 1, at);
  return bytes;
}

describe("attack 9: sizes around every border", () => {
  it("brings back files of every awkward size, byte for byte", async () => {
    const { alice, bob } = await group();
    const CHUNK = 64 * 1024;
    const PIECE = 4 * 1024 * 1024 - 4096;
    const sizes = [0, 1, 511, 512, 513, CHUNK - 1, CHUNK, CHUNK + 1, PIECE - 1, PIECE, PIECE + 1];
    const files = Object.fromEntries(sizes.map((size) => [`of ${size}`, new Uint8Array(size).fill(size % 251)]));
    await put(live(alice), files);
    await catchUp(live(bob));
    const target = memoryTarget();
    expect((await download(live(bob), { path: "", target, budget: budget() })).failed).toEqual([]);
    for (const [path, bytes] of Object.entries(files)) {
      expect(Buffer.compare(target.files.get(path) ?? new Uint8Array(1), bytes), path).toBe(0);
    }
  });

  it("brings back files that end at the border of an object, before it and behind it, byte for byte", async () => {
    const { alice, bob } = await group();
    const OBJECT = 8 * (4 * 1024 * 1024 - 4096);
    const files = Object.fromEntries([-1, 0, 1].map((by) => [`${by}`, numbered(OBJECT + by)]));
    await put(live(alice), files);
    await catchUp(live(bob));
    const target = memoryTarget();
    expect((await download(live(bob), { path: "", target, budget: budget() })).failed).toEqual([]);
    for (const [path, bytes] of Object.entries(files))
      expect(Buffer.compare(target.files.get(path) ?? bytes.subarray(1), bytes)).toBe(0);
  });

  it.each([
    ["empty", () => new Uint8Array(0)],
    ["cut by a byte", (bytes: Uint8Array) => bytes.slice(0, -1)],
    ["longer by a byte", (bytes: Uint8Array) => new Uint8Array([...bytes, 0])],
    ["altered in its last byte", (bytes: Uint8Array) => flipped(bytes, -1)],
  ])("says clearly of an object that is %s what is wrong, and writes nothing", async (_, alter) => {
    const { world, alice, bob } = await group();
    await put(live(alice), { note: "something" });
    await catchUp(live(bob));
    const [key = ""] = await keysLike(world, /\/objects\//);
    await rewrite(world.store, key, alter);
    const { texts: read, failed } = await fetchAll(live(bob));
    expect(read).toEqual({});
    expect(failed).toMatchObject([{ path: "note", code: expect.stringMatching(/^(corrupt|missing)$/) }]);
  });
});

describe("attack 26: the whole folder put back to yesterday", () => {
  it("is refused by name; reading goes on; going on is the person's word, and brings back what was lost", async () => {
    const { world, alice, bob } = await group();
    await put(live(alice), { old: "of yesterday" });
    const yesterday = await takeSnapshot(world.store);
    await put(live(bob), { new: "of today" });
    await catchUp(live(alice));
    await catchUp(live(bob));
    const today = stateOf(live(alice));
    await restoreSnapshot(world.store, yesterday);
    await expect(catchUp(live(alice))).rejects.toMatchObject({
      code: "rollback",
      message: expect.stringContaining("bob's"),
    });
    await expect(catchUp(live(bob))).rejects.toMatchObject({ code: "rollback" });
    expect(stateOf(live(alice))).toEqual(today);
    expect(paths(live(alice))).toEqual(["new", "old"]);
    const accepting = openSession(world.ports(alice), { acceptRollback: true });
    await catchUp(accepting);
    await catchUp(world.restart(alice));
    expect(paths(live(alice))).toEqual(["new", "old"]);
  });
});

describe("attack 26: the whole folder put back to before the key changed", () => {
  it.each([
    ["nothing was written since", false],
    ["everything was moved since", true],
  ])("is refused by every device that has seen the change, where %s", async (_, isMoved) => {
    const { world, alice, carol } = await group();
    await put(live(alice), { old: "of yesterday" });
    await comeTogether(alice, carol);
    const yesterday = await takeSnapshot(world.store);
    await removeBy(alice, "bob", "now");
    if (isMoved) await reencrypt(live(alice), { budget: budget() });
    await comeTogether(alice, carol);
    await expectUnchanged([alice, carol], async () => {
      await restoreSnapshot(world.store, yesterday);
      for (const device of [alice, carol])
        await expect(catchUp(live(device))).rejects.toMatchObject({ code: "rollback" });
    });
    expect(await keysLike(world, /./)).toEqual([...yesterday.keys()].sort());
  });
});

/** A rotation by bob, who is an admin, at the entry before the newest: it loses, and nobody else is given its key. */
async function lostRotation(bob: Device, parent: string): Promise<string> {
  const other = openWorld();
  const { current } = (await other.found(await other.device("somebody"))).view;
  const act: Act = { act: "rotate", cut: [], recipient: current.recipient, contents: "on-change" };
  await forge(live(bob), { records: [forgedEntry(act, parent)] });
  return current.epoch;
}

describe("attack 26: a lost rotation as an excuse for what vanishes", () => {
  async function groupWithLostRotation() {
    const { world, alice, bob, carol } = await group({ bob: "admin" });
    const parent = live(bob).view.state.head;
    await addMember(live(alice), { card: (await world.device("erin")).card, role: "editor" });
    await catchUp(live(carol));
    await put(live(carol), { hers: "hers" });
    await comeTogether(alice, carol);
    const { epoch } = live(carol).view.current;
    const lost = await lostRotation(bob, parent);
    await comeTogether(alice, carol);
    expect(live(carol).view.current.epoch).toBe(epoch);
    return { world, carol, lost };
  }

  async function vanish(world: World): Promise<number> {
    const keys = await keysLike(world, /\/records\//);
    for (const key of keys) await world.store.delete(key);
    return keys.length;
  }

  it("is none where nothing lies in the epoch that it began", async () => {
    const { world, carol } = await groupWithLostRotation();
    await vanish(world);
    await expect(catchUp(live(carol))).rejects.toMatchObject({ code: "rollback" });
  });

  it("is none for more records than lie there by their files' names", async () => {
    const { world, carol, lost } = await groupWithLostRotation();
    await vanish(world);
    await world.store.put(`${lost}/records/${"ab".repeat(16)}-1-2-${"cd".repeat(16)}.age`, new Uint8Array(700));
    await expect(catchUp(live(carol))).rejects.toMatchObject({ code: "rollback" });
  });

  it("is one while as many lie there: whoever followed it may have moved them on", async () => {
    const { world, carol, lost } = await groupWithLostRotation();
    await vanish(world);
    await world.store.put(`${lost}/records/${"ab".repeat(16)}-1-200-${"cd".repeat(16)}.age`, new Uint8Array(700));
    await catchUp(live(carol));
    expect(paths(live(carol))).toEqual(["hers"]);
  });
});

describe("attack 28: pins deleted, or copied from elsewhere", () => {
  it("does not open with another device's index, and says so", async () => {
    const { world, alice, bob } = await group();
    await put(live(alice), { note: "x" });
    const stolen = world.backUp(alice);
    expect(() => world.restore(bob, stolen)).toThrow(expect.objectContaining({ code: "corrupt" }));
  });

  it("refuses another group's index on this storage, and says so, as a rollback", async () => {
    const { world, alice } = await group();
    const elsewhere = await group();
    await put(live(elsewhere.alice), { note: "elsewhere" });
    Object.assign(elsewhere.alice, { store: world.store });
    const refused = { code: "rollback", message: expect.stringMatching(/^another group lies/) };
    await expect(catchUp(elsewhere.world.restart(elsewhere.alice))).rejects.toMatchObject(refused);
    // Not even on demand: what is missing would be put among the other group's files.
    const before = await keysLike(world, /./);
    const accepting = openSession(elsewhere.world.ports(elsewhere.alice), { acceptRollback: true });
    await expect(catchUp(accepting)).rejects.toMatchObject(refused);
    expect(await keysLike(world, /./)).toEqual(before);
    expect(paths(live(alice))).toEqual([]);
  });

  it("does not trust the storage's word for which group it is once the index is gone", async () => {
    const { world, alice, bob } = await group();
    const address = world.address(live(alice));
    const blank = await world.device("bob again");
    Object.assign(blank, { secrets: bob.secrets, card: bob.card });
    expect(() => openSession(world.ports(blank))).toThrow(expect.objectContaining({ code: "no-index" }));
    const wrong = { ...address, group: "ab".repeat(32) };
    await expect(joinGroup(world.ports(blank), { address: wrong })).resolves.toBeUndefined();
    // With the address that a member gives, the newest entry is found although the grant is older than it.
    await expect(world.join(blank, address)).resolves.toBeDefined();
    expect(stateOf(live(blank))).toEqual(stateOf(live(alice)));
  });
});

describe("attack 29: a look-alike group, and a log that ends before the address", () => {
  it("refuses another group in the address's place, and says that it is another", async () => {
    const { world, alice } = await group();
    const address = world.address(live(alice));
    const lookalike = openWorld();
    const mallory = await lookalike.device("alice");
    await foundGroup(lookalike.ports(mallory), { card: mallory.card, suite: "classic", settled: true }).then(
      (session) => catchUp(session),
    );
    const newcomer = await lookalike.device("dave");
    await expect(joinGroup(lookalike.ports(newcomer), { address })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("another group"),
    });
  });

  it("refuses a storage from before the address was made", async () => {
    const { world, alice } = await group();
    const dave = await world.device("dave");
    const session = await world.admit(alice, dave);
    const early = await takeSnapshot(world.store);
    await world.admit(alice, await world.device("erin"));
    const address = world.address(live(alice));
    await restoreSnapshot(world.store, early);
    const again = await world.device("dave again");
    Object.assign(again, { secrets: dave.secrets, card: dave.card });
    await expect(joinGroup(world.ports(again), { address })).rejects.toMatchObject({ code: "rollback" });
    expect(session.view.state.members).toHaveLength(4);
  });

  it("refuses a log cut before a removal and continued by the one removed", async () => {
    const { world, alice, bob } = await group({ bob: "admin" });
    const before = await takeSnapshot(world.store);
    await removeBy(alice, "bob", "now");
    const dave = await world.device("dave");
    await world.admit(alice, dave);
    const address = world.address(live(alice));
    await restoreSnapshot(world.store, before);
    // Bob goes on as if nothing had been, with a key of his own, and lets the newcomer in.
    await catchUp(live(bob));
    await addMember(live(bob), { card: dave.card, role: "editor" });
    await rotate(live(bob), { contents: "on-change" });
    const again = await world.device("dave again");
    Object.assign(again, { secrets: dave.secrets, card: dave.card });
    await expect(joinGroup(world.ports(again), { address })).rejects.toMatchObject({
      code: expect.stringMatching(/^(rollback|not-found)$/),
    });
  });
});
