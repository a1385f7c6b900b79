/** Records of a newer version: an admin's make the group read-only for who cannot read them, an editor's stop that writer alone. */
import { addMember, catchUp, makeFolder, removeMember, removePath, rotate, type Session } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comeTogether, details, keysLike, people, problemCodes, removeBy, shownPaths } from "../support/attacked.ts";
import {
  type Forgery,
  forge,
  forgedChange,
  forgedEntry,
  forgeUnput,
  newFolder,
  openedEpoch,
} from "../support/forge.ts";
import { type Act, type NumberedRecord, sealGrant } from "../support/insides.ts";
import { type Device, findMember, live, put, texts, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const unknownAct = { act: "seal-everything-anew" } as unknown as Act;

/** Entries that only a newer version can read. */
const newer: readonly [what: string, entry: (parent: string) => Forgery][] = [
  ["an act that this version does not know", (parent) => forgedEntry(unknownAct, parent)],
  [
    "an entry of the next version",
    (parent) => (slot) =>
      ({ ...forgedEntry(unknownAct, parent)(slot), type: "conclave/v2/entry" }) as unknown as NumberedRecord,
  ],
];

const refused = { code: "unsupported" };

/** Everything that writes, and what it would do here. */
function writing(session: Session, newcomer: Device): [string, () => Promise<unknown>][] {
  // Bob, who signed it, may be removed all the same.
  const member = findMember(session.view.state, "carol");
  return [
    ["upload", () => put(session, { new: "new" })],
    ["mkdir", () => makeFolder(session, "new folder")],
    ["rm", () => removePath(session, "note")],
    ["add", () => addMember(session, { card: newcomer.card, role: "editor" })],
    ["remove", () => removeMember(session, { member, contents: "now" })],
    ["rotate", () => rotate(session, { contents: "now" })],
  ];
}

describe("attack 12: an admin's newer entry", () => {
  it.each(newer)("%s: reading goes on, everything that writes is refused, nothing is put", async (_, entry) => {
    const { alice, bob, carol } = await people({ world, bob: "admin" });
    const erin = await world.device("erin");
    await put(live(carol), { note: "before" });
    await rotate(live(alice), { contents: "on-change" });
    await comeTogether(alice, bob, carol);
    // What others would put back in passing is missing too.
    for (const key of await keysLike(world, /-all-|\/notice-/)) await world.store.delete(key);
    await forge(live(bob), { records: [entry(live(bob).view.state.head)] });
    const before = await keysLike(world, /./);
    for (const device of [alice, carol]) {
      const session = live(device);
      await catchUp(session);
      expect(problemCodes(session)).toEqual(["unsupported"]);
      expect(details(session, "unsupported")[0]).toMatch(/an admin's program is newer/);
      expect(await texts(session)).toEqual({ note: "before" });
    }
    for (const [, work] of writing(live(alice), erin)) await expect(work()).rejects.toMatchObject(refused);
    await catchUp(live(alice));
    expect(await keysLike(world, /./)).toEqual(before);
    expect(shownPaths(live(alice))).toEqual(["note"]);
  });

  it.each(newer)("%s: whoever signed it can be removed, and then everybody writes again", async (_, entry) => {
    const { alice, bob, carol } = await people({ world, bob: "admin" });
    await put(live(carol), { note: "before" });
    await comeTogether(alice, bob, carol);
    await forge(live(bob), { records: [entry(live(bob).view.state.head)] });
    await catchUp(live(alice));
    await expect(put(live(alice), { new: "new" })).rejects.toMatchObject(refused);
    await removeBy(alice, "bob");
    await comeTogether(alice, carol);
    await put(live(carol), { new: "new" });
    await catchUp(live(alice));
    expect(await texts(live(alice))).toEqual({ new: "new", note: "before" });
  });

  it("keeps nobody from removing them who has written under more names than a cut is to hold", async () => {
    const { alice, bob, carol } = await people({ world, bob: "admin" });
    const { head } = live(bob).view.state;
    for (let count = 0; count < 17; count++)
      await forge(live(bob), { records: [forgedChange({ head, operations: [newFolder(live(bob), `bob${count}`)] })] });
    await forge(live(bob), { records: [forgedEntry(unknownAct, head)] });
    await catchUp(live(alice));
    const shown = shownPaths(live(alice));
    await removeBy(alice, "bob");
    await comeTogether(alice, carol);
    await put(live(carol), { new: "new" });
    await catchUp(live(alice));
    expect(shownPaths(live(alice))).toEqual([...shown, "new"]);
  });

  it("of two admins keeps neither from being removed", async () => {
    const { alice, bob, carol } = await people({ world, bob: "admin", carol: "admin" });
    const { head } = live(bob).view.state;
    for (const admin of [bob, carol]) await forge(live(admin), { records: [forgedEntry(unknownAct, head)] });
    await catchUp(live(alice));
    await removeBy(alice, "bob");
    await expect(put(live(alice), { new: "new" })).rejects.toMatchObject(refused);
    await removeBy(alice, "carol");
    await put(live(alice), { new: "new" });
    expect(live(alice).view.state.members.map(({ name }) => name)).toEqual(["alice"]);
    expect(shownPaths(live(alice))).toEqual(["new"]);
  });

  it("is no reason to let anybody else be removed", async () => {
    const { alice, bob, carol } = await people({ world, bob: "admin" });
    await forge(live(bob), { records: [forgedEntry(unknownAct, live(bob).view.state.head)] });
    await comeTogether(alice, carol);
    await expect(removeBy(alice, "carol")).rejects.toMatchObject(refused);
  });

  it("is met in a grant too, where the storage shows the entry nowhere else", async () => {
    const { bob, carol } = await people({ world, bob: "admin" });
    await put(live(carol), { note: "before" });
    const { log, state } = live(bob).view;
    const { signed } = await forgeUnput(live(bob), { records: [forgedEntry(unknownAct, state.head)] });
    const { epoch, identity } = openedEpoch(live(bob));
    const grant = await sealGrant(world.crypto, {
      state,
      audience: "all",
      identities: [[epoch, identity]],
      lines: [...[...log.nodes.values()].map(({ verified }) => verified.signed), ...signed],
    });
    await world.store.put(grant.key, grant.bytes);
    await catchUp(live(carol));
    expect(await texts(live(carol))).toEqual({ note: "before" });
    await expect(put(live(carol), { x: "x" })).rejects.toMatchObject(refused);
  });
});

describe("attack 12: an editor's newer entry", () => {
  it.each(newer)("%s: stops that writer alone", async (_, entry) => {
    const { alice, bob, carol } = await people({ world });
    const { head } = live(bob).view.state;
    const first = await forge(live(bob), { records: [entry(head)] });
    const [signed] = first.signed;
    await forge(live(bob), {
      records: [forgedChange({ head, operations: [newFolder(live(bob), "built on it")] })],
      after: { writer: first.writer, number: 1, previous: signed?.digest ?? null },
    });
    await comeTogether(alice, carol);
    await put(live(carol), { note: "goes on" });
    await makeFolder(live(alice), "goes on too");
    await comeTogether(alice, bob, carol);
    for (const device of [alice, carol]) expect(shownPaths(live(device))).toEqual(["goes on too", "note"]);
    expect(details(live(alice), "unsupported")).toHaveLength(1);
    await removeBy(alice, "bob");
    expect(
      live(alice)
        .view.state.members.map(({ name }) => name)
        .sort(),
    ).toEqual(["alice", "carol"]);
  });
});

describe("attack 10: newer entries of one device, without end", () => {
  it("are kept in a small number: one is enough to know of", async () => {
    const { alice, bob } = await people({ world });
    const [, entry] = newer[0] ?? [];
    const { head } = live(bob).view.state;
    for (let count = 0; count < 18; count++) await forge(live(bob), { records: entry ? [entry(head)] : [] });
    await catchUp(live(alice));
    expect(live(alice).index.all("SELECT 1 FROM newer")).toHaveLength(16);
  });
});

describe("attack 12: a stranger's newer entry", () => {
  it.each(newer)("%s: is not kept, and stops nobody", async (_, entry) => {
    const { alice, bob } = await people({ world });
    const mallory = await world.device("mallory");
    await forge(live(bob), { as: mallory.secrets, records: [entry(live(bob).view.state.head)] });
    await catchUp(live(alice));
    expect(live(alice).index.all("SELECT 1 FROM newer")).toEqual([]);
    await put(live(alice), { note: "goes on" });
  });
});
