/** Attacks by members and former members: forged entries, notices, changes and objects, rightly signed by whoever they are. */
import {
  catchUp,
  download,
  listFolder,
  makeFolder,
  readAll,
  reencrypt,
  rotate,
  type Session,
  verify,
} from "@conclave/core";
import { describe, expect, it } from "vitest";
import {
  comeTogether,
  details,
  expectUnchanged,
  keysLike,
  people,
  problemCodes,
  putBy,
  removeBy,
  shownPaths,
  stateOf,
} from "../support/attacked.ts";
import { forge, forgedChange, forgedEntry, forgedLocation, hexOf, newFolder, openedEpoch } from "../support/forge.ts";
import { type Act, type Location, sealGrant, sealNotice, sealObject } from "../support/insides.ts";
import { memoryTarget } from "../support/memory-files.ts";
import { openWorld } from "../support/open-world.ts";
import { budget, type Device, findMember, live, paths, put, texts } from "../support/world.ts";

async function group(options: Omit<NonNullable<Parameters<typeof people>[0]>, "world"> = {}) {
  const world = openWorld();
  return people({ ...options, world });
}

function idOf(session: Session, name: string): string {
  return findMember(session.view.state, name).id;
}

/** The one blob of a device's only file, as records declare it. */
function onlyBlob(session: Session): string {
  const [file] = [...listFolder(session.index, "", { recursive: true })].filter(({ kind }) => kind === "file");
  const [extent] = file?.extents ?? [];
  if (!extent) throw new Error("there is no file");
  return extent[0];
}

/** An object that opens and holds something else, put under its own right name, and a location that says it is this blob. */
async function falseObject(session: Session, options: { blob: string; recipient?: string }): Promise<Location> {
  const { epoch, recipient, suite } = openedEpoch(session);
  const archive = new Uint8Array(4096).fill(0x42);
  const sealed = await sealObject(session.crypto, { archive, recipient: options.recipient ?? recipient, suite });
  await session.store.put(`${epoch}/objects/${sealed.object}.age`, sealed.sealed);
  return {
    type: "conclave/v1/location",
    group: session.group,
    device: session.deviceKey,
    head: session.view.state.head,
    epoch,
    blob: options.blob,
    object: sealed.object,
    length: sealed.length,
    time: session.clock.now(),
  };
}

describe("attack 8: different bytes for one version", () => {
  it("gives nobody the other bytes, whichever object a device is shown", async () => {
    const { world, alice, bob, carol } = await group();
    await put(live(bob), { note: "the one content" });
    const [good = ""] = await keysLike(world, /\/objects\//);
    const location = await falseObject(live(bob), { blob: onlyBlob(live(bob)) });
    await forge(live(bob), { locations: [location] });
    await comeTogether(alice, bob, carol);
    expect(await texts(live(carol))).toEqual({ note: "the one content" });
    alice.hooks = { hides: (key) => key === good };
    world.restart(alice);
    await catchUp(live(alice));
    const target = memoryTarget();
    const { failed } = await download(live(alice), { path: "", target, budget: budget() });
    expect(failed).toMatchObject([{ path: "note" }]);
    expect(target.texts()).toEqual({});
    expect(target.unfinished()).toBe(0);
  });
});

describe("attack 19: an admin's entry by somebody who is none", () => {
  const acts = (session: Session, stranger: Device): readonly (readonly [string, Act])[] => {
    const card = { card: new TextDecoder().decode(stranger.card.signed.line) };
    const signature = Buffer.from(stranger.card.signed.signature).toString("base64");
    const { recipient } = session.view.current;
    return [
      ["add", { act: "add", ...card, signature, role: "editor", account: null, until: null }],
      ["promote", { act: "role", member: idOf(session, "bob"), role: "owner", cut: [] }],
      ["remove", { act: "remove", member: idOf(session, "carol"), cut: [], recipient, contents: "now", owed: null }],
      ["rotate", { act: "rotate", cut: [], recipient, contents: "now" }],
    ];
  };

  it.each(["an editor", "a viewer", "a stranger", "a recovery kit"])(
    "by %s changes nothing, and is told of",
    async (who) => {
      const { world, alice, bob, carol } = await group({ carol: who === "a viewer" ? "viewer" : "editor" });
      const stranger = await world.device("mallory");
      const signer =
        who === "an editor"
          ? bob.secrets
          : who === "a viewer"
            ? carol.secrets
            : who === "a stranger"
              ? stranger.secrets
              : bob.kit;
      await expectUnchanged([alice, carol], async () => {
        for (const [, act] of acts(live(alice), stranger)) {
          const { head } = live(alice).view.state;
          await forge(live(alice), { as: signer, records: [forgedEntry(act, head)] });
        }
        await catchUp(live(alice));
        await catchUp(live(carol));
      });
      expect(live(alice).view.log.refused.size).toBe(4);
      expect(problemCodes(live(alice))).toContain("void");
    },
  );
});

describe("attack 20: what a removed admin dates back", () => {
  it.each([
    ["at once", 0],
    ["a year later", 365 * 24 * 3600 * 1000],
  ])(
    "is void for all, from a fresh writer, as a second record with a number that counted, and as an entry: %s",
    async (_, laterMs) => {
      const { world, alice, bob, carol } = await group({ bob: "admin" });
      await put(live(bob), { "bob.txt": "before" });
      await comeTogether(alice, bob, carol);
      const stale = live(bob).view;
      const old = openedEpoch(live(bob));
      const [last] = live(bob).index.all<{ writer: string; number: number; previous: string }>(
        "SELECT writer, number, digest AS previous FROM lines WHERE device = ? ORDER BY number DESC LIMIT 1",
        live(bob).deviceKey,
      );
      if (!last) throw new Error("bob has written nothing");
      await removeBy(alice, "bob", "now");
      await makeFolder(live(alice), "after");
      await comeTogether(alice, carol);
      await makeFolder(live(carol), "carol was here");
      await comeTogether(alice, carol);

      const change = (name: string) =>
        forgedChange({ head: stale.state.head, operations: [newFolder(live(alice), name)] });
      world.clock.time += laterMs;
      const puppet = await world.device("puppet");
      const add: Act = {
        act: "add",
        card: new TextDecoder().decode(puppet.card.signed.line),
        signature: Buffer.from(puppet.card.signed.signature).toString("base64"),
        role: "editor",
        account: null,
        until: null,
      };
      await expectUnchanged([alice, carol], async () => {
        const as = bob.secrets;
        await forge(live(alice), { as, epoch: old, records: [change("fresh writer")] });
        await forge(live(alice), { as, epoch: old, records: [change("next number")], after: last });
        const again = {
          writer: last.writer,
          number: last.number - 1,
          previous: previousOf(live(alice), last.previous),
        };
        await forge(live(alice), { as, epoch: old, records: [change("same number")], after: again });
        await forge(live(alice), { as, epoch: old, records: [forgedEntry(add, stale.state.head)] });
        // Somebody who is in, and gave him the new key, does not help him either.
        await forge(live(carol), { as, records: [change("under the new key")] });
        // In whatever order they arrive.
        await comeTogether(carol, alice);
      });
      expect(paths(live(alice))).toEqual(["bob.txt"]);
      expect(problemCodes(live(alice))).toContain("void");
      const newcomer = await world.device("dave");
      await world.admit(alice, newcomer);
      expect(shownPaths(live(newcomer))).toEqual(shownPaths(live(alice)));
    },
  );
});

function previousOf(session: Session, digest: string): string | null {
  const row = session.index.get<{ line: Uint8Array }>("SELECT line FROM lines WHERE digest = ?", digest);
  return row ? (JSON.parse(new TextDecoder().decode(row.line)) as { previous: string | null }).previous : null;
}

describe("attack 24: one writer, two records with one number", () => {
  it("counts both while the author is a member, tells everybody, and after a removal only what was seen", async () => {
    const { world, alice, bob, carol } = await group();
    const copy = world.backUp(bob);
    await put(live(bob), { one: "from the laptop" });
    world.restore(bob, copy);
    await put(live(bob), { two: "from the restored copy" });
    await comeTogether(alice, bob, carol);
    for (const { session } of [alice, bob, carol]) {
      expect(paths(session as Session)).toEqual(["one", "two"]);
      expect(details(session as Session, "duplicate").join()).toContain("of one device of bob");
    }
    await put(live(bob), { three: "and goes on" });
    await comeTogether(alice, carol);
    expect(paths(live(alice))).toEqual(["one", "three", "two"]);
    await removeBy(alice, "bob", "now");
    const late = forgedChange({
      head: live(carol).view.state.head,
      operations: [newFolder(live(carol), "a third one")],
    });
    const [first] = live(carol).index.all<{ writer: string; number: number; previous: string }>(
      "SELECT writer, number - 1 AS number, NULL AS previous FROM lines WHERE device = ? AND number = 1 LIMIT 1",
      live(bob).deviceKey,
    );
    if (first) await forge(live(carol), { as: bob.secrets, records: [late], after: { ...first, previous: null } });
    await comeTogether(alice, carol);
    expect(shownPaths(live(carol))).toEqual(["one", "three", "two"]);
    expect(stateOf(live(alice))).toEqual(stateOf(live(carol)));
  });
});

describe("attack 36: keys that no counting entry names", () => {
  it("are sealed to by nobody: a false grant, a folder of one's own, a rotation without the right", async () => {
    const { world, alice, bob, carol } = await group();
    await put(live(alice), { note: "x" });
    await comeTogether(alice, bob, carol);
    const other = openWorld();
    const mallory = await other.device("mallory");
    const foreign = await other.found(mallory);
    await expectUnchanged([alice, bob, carol], async () => {
      // A whole other group's epoch, with its grant, in this one's folder.
      for await (const { key } of other.store.list("")) {
        if (key !== "conclave.json") await world.store.put(key, await other.store.get(key));
      }
      // An editor's rotation to that key, granted to all in the group's own name.
      const { recipient } = foreign.view.current;
      const act: Act = { act: "rotate", cut: [], recipient, contents: "now" };
      await forge(live(bob), { records: [forgedEntry(act, live(bob).view.state.head)] });
      const { state } = live(alice).view;
      const asIf = { ...state, epochs: state.epochs.with(foreign.view.current) };
      const identity = openedEpoch(foreign);
      const grant = await sealGrant(world.crypto, {
        state: asIf,
        audience: "all",
        identities: [[identity.epoch, identity.identity]],
        lines: [...live(alice).view.log.nodes.values()].map(({ verified }) => verified.signed),
      });
      await world.store.put(grant.key, grant.bytes);
      await comeTogether(alice, bob, carol);
    });
    const { epoch } = live(alice).view.current;
    const known = await keysLike(world, /./);
    await put(live(alice), { more: "y" });
    const written = (await keysLike(world, /./)).filter((key) => !known.includes(key));
    expect(written.every((key) => key.startsWith(`${epoch}/`))).toBe(true);
    expect(live(alice).view.opened.has(foreign.view.current.epoch)).toBe(false);
    expect(problemCodes(live(alice))).toContain("void");
  });
});

describe("attack 50: a blob sealed again so that nobody can open it", () => {
  it.each(["with other bytes", "to another key"])(
    "%s: honest devices still hold one that opens, and finish",
    async (how) => {
      const { world, alice, bob, carol } = await group();
      await put(live(bob), { note: "worth keeping" });
      await comeTogether(alice, bob, carol);
      const [own = ""] = await keysLike(world, /\/objects\//);
      await rotate(live(alice), { contents: "on-change" });
      await comeTogether(alice, bob, carol);
      const elsewhere = openWorld();
      const { recipient } = (await elsewhere.found(await elsewhere.device("x"))).view.current;
      const options = { blob: onlyBlob(live(bob)), ...(how === "to another key" ? { recipient } : {}) };
      await forge(live(bob), { locations: [await falseObject(live(bob), options)] });
      await comeTogether(alice, carol);
      const done = await reencrypt(live(alice), { budget: budget() });
      expect(await texts(live(alice))).toEqual({ note: "worth keeping" });
      await world.store.delete(own);
      await comeTogether(alice, carol);
      expect(await texts(live(carol))).toEqual({ note: "worth keeping" });
      expect(done.remaining).toEqual({ objects: 0, bytes: 0 });
    },
  );
});

describe("attack 53: a parent that does not exist", () => {
  it("is awaited as claimed by its author alone, and stops nobody else", async () => {
    const { alice, bob, carol } = await group();
    const head = live(bob).view.state.head;
    const ghost = forgedChange({
      head,
      parents: ["ab".repeat(32)],
      operations: [newFolder(live(bob), "built on nothing")],
    });
    await forge(live(bob), { records: [ghost] });
    await comeTogether(alice, carol);
    await put(live(carol), { note: "goes on" });
    await comeTogether(alice, bob, carol);
    expect(shownPaths(live(alice))).toEqual(["note"]);
    expect(details(live(alice), "awaited")).toEqual([expect.stringMatching(/has not arrived; named by bob$/)]);
    const report = await verify(live(alice), { budget: budget(), shown: await readAll(live(alice)), full: true });
    expect(report.ok).toBe(true);
  });
});

describe("attack 57: forged notices, and a grant that vanishes", () => {
  it("stops nobody: a notice that ends nothing, by a member or somebody who is out", async () => {
    const { alice, bob, carol } = await group();
    await removeBy(alice, "carol", "now");
    await comeTogether(alice, bob);
    const { epoch, recipient } = live(alice).view.current;
    await expectUnchanged([alice, bob], async () => {
      for (const as of [bob.secrets, carol.secrets]) {
        const act: Act = { act: "rotate", cut: [], recipient: (await freshRecipient()) ?? recipient, contents: "now" };
        for (const parent of [live(alice).view.state.head, "cd".repeat(32)]) {
          const { signed } = await forge(live(alice), { as, records: [forgedEntry(act, parent)] });
          const notice = await sealNotice(live(alice).crypto, { epoch: openedEpoch(live(alice)), entries: signed });
          await live(alice).store.put(notice.key, notice.bytes);
        }
      }
      await comeTogether(alice, bob);
    });
    await put(live(bob), { note: "still writing" });
    expect(live(bob).view.current.epoch).toBe(epoch);
  });

  it("stops nobody, nor passes for the notice: an entry before the epoch's end, or beside it by an admin who is out", async () => {
    const { world, alice, bob, carol } = await group({ bob: "admin" });
    const { head } = live(bob).view.state;
    await removeBy(alice, "bob", "now");
    await comeTogether(alice, carol);
    const { epoch } = live(alice).view.current;
    const act: Act = { act: "rotate", cut: [], recipient: await freshRecipient(), contents: "now" };
    await expectUnchanged([alice, carol], async () => {
      const { signed } = await forge(live(alice), { as: bob.secrets, records: [forgedEntry(act, head)] });
      const before = [live(alice).view.state.head, head].flatMap(
        (entry) => live(alice).view.log.nodes.get(entry)?.verified.signed ?? [],
      );
      for (const entries of [signed, ...before.map((entry) => [entry])]) {
        const notice = await sealNotice(live(alice).crypto, { epoch: openedEpoch(live(alice)), entries });
        await world.store.put(notice.key, notice.bytes);
        await comeTogether(alice, carol);
      }
    });
    expect(details(live(carol), "foreign").sort()).toEqual([
      "it ends nothing",
      "it ends nothing",
      expect.stringMatching(/^others may follow another history/),
    ]);
    await put(live(carol), { note: "still writing" });
    const notices = new RegExp(`^${epoch}/notice-`);
    const own = await putBy(world, () => rotate(live(alice), { contents: "on-change" }), notices);
    for (const key of own) await world.store.delete(key);
    await catchUp(live(carol));
    expect(await keysLike(world, notices)).toHaveLength(4);
  });

  it("puts back the grant to all that the storage has lost", async () => {
    const { world, alice, bob } = await group();
    await rotate(live(alice), { contents: "on-change" });
    await comeTogether(alice, bob);
    const { epoch } = live(alice).view.current;
    const [grant = ""] = await keysLike(world, new RegExp(`^epochs/${epoch}-all-`));
    await world.store.delete(grant);
    await catchUp(live(bob));
    expect(await keysLike(world, /^epochs\/.*-all-/)).toContain(grant);
  });
});

async function freshRecipient(): Promise<string> {
  const other = openWorld();
  return (await other.found(await other.device("somebody"))).view.current.recipient;
}

describe("attack 58: a removed editor places blobs in the new epoch", () => {
  it("deletes nothing because of it, and the work is not finished by it", async () => {
    const { world, alice, bob, carol } = await group();
    await put(live(alice), { note: "of alice" });
    await comeTogether(alice, bob, carol);
    await removeBy(alice, "bob");
    await comeTogether(alice, carol);
    const location = await falseObject(live(alice), { blob: onlyBlob(live(alice)) });
    await forge(live(alice), { as: bob.secrets, locations: [{ ...location, device: live(bob).deviceKey }] });
    await comeTogether(alice, carol);
    const done = await reencrypt(live(carol), { budget: budget() });
    expect(done.reencrypted.objects).toBe(1);
    expect(done.remaining.objects).toBe(0);
    await comeTogether(alice, carol);
    expect(await texts(live(alice))).toEqual({ note: "of alice" });
    expect(
      (await keysLike(world, /\/objects\//)).filter((key) => !key.startsWith(live(alice).view.current.epoch)),
    ).toEqual([]);
  });

  it("does not keep anybody from placing a copy, good as his is", async () => {
    const { world, alice, bob, carol } = await group();
    await put(live(alice), { note: "of alice" });
    await comeTogether(alice, bob, carol);
    await removeBy(alice, "bob");
    await comeTogether(alice, carol);
    const moving = () => reencrypt(live(alice), { budget: budget() });
    const words = await putBy(world, moving, /\/records\//);
    const copy = live(alice).index.get<{ object: string; length: number }>(
      "SELECT object, length FROM locations WHERE epoch = ?",
      live(alice).view.current.epoch,
    );
    if (!copy) throw new Error("nothing was placed");
    const location = forgedLocation(live(alice), { blob: onlyBlob(live(alice)), ...copy });
    await forge(live(alice), { as: bob.secrets, locations: [{ ...location, device: live(bob).deviceKey }] });
    // Only Bob says to Carol where it lies.
    carol.hooks = { hides: (key) => words.has(key) };
    await catchUp(world.restart(carol));
    expect((await reencrypt(live(carol), { budget: budget() })).reencrypted.objects).toBe(1);
    expect(await texts(live(carol))).toEqual({ note: "of alice" });
  });
});

describe("an object of an older epoch that no change declares yet", () => {
  it("stays while an editor says where it lies: what declares it may be on its way", async () => {
    const { world, alice, bob } = await group();
    const location = await falseObject(live(bob), { blob: "ab".repeat(32) });
    await forge(live(bob), { locations: [location] });
    await catchUp(live(alice));
    await rotate(live(alice), { contents: "now" });
    await reencrypt(live(alice), { budget: budget() });
    expect(await keysLike(world, /\/objects\//)).toEqual([`${location.epoch}/objects/${location.object}.age`]);
  });
});

describe("what somebody left behind who is out now", () => {
  it("is deleted by nobody who cannot read it, and so could not move it", async () => {
    const { world, alice, bob } = await group();
    await put(live(bob), { note: "of bob" });
    await comeTogether(alice, bob);
    const [object = ""] = await keysLike(world, /\/objects\//);
    await removeBy(alice, "bob");
    alice.hooks = { alter: (key, bytes) => (key === object ? bytes.fill(0) : bytes) };
    await catchUp(world.restart(alice));
    expect((await reencrypt(live(alice), { budget: budget() })).remaining.objects).toBe(1);
    expect(await keysLike(world, /\/objects\//)).toEqual([object]);
    alice.hooks.alter = undefined;
    expect(await texts(live(alice))).toEqual({ note: "of bob" });
  });
});

describe("attack 59: a delete that claims to have seen everything", () => {
  it("hides only what its parents reach", async () => {
    const { alice, bob, carol } = await group();
    await put(live(alice), { "d/seen": "seen" });
    await comeTogether(alice, bob, carol);
    const [folder, seen] = [...listFolder(live(bob).index, "", { recursive: true })];
    const parents = live(bob).index.all<{ digest: string }>(
      "SELECT digest FROM lines WHERE type = 'conclave/v1/change'",
    );
    await put(live(alice), { "d/unseen": "unseen" });
    await put(live(alice), { "d/seen": "changed since" }, 5);
    const forged = forgedChange({
      head: live(bob).view.state.head,
      parents: parents.map(({ digest }) => digest),
      operations: [
        { op: "delete", node: folder?.node ?? "", path: "d" },
        { op: "delete", node: seen?.node ?? "", path: "d/seen" },
        { op: "delete", node: `f${hexOf(new Uint8Array(16).fill(1))}`, path: "everything" },
      ],
    });
    await forge(live(bob), { records: [forged] });
    await comeTogether(alice, bob, carol);
    expect(await texts(live(carol))).toEqual({ "d/seen": "changed since", "d/unseen": "unseen" });
  });
});
