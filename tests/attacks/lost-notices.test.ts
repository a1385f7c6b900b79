/** Notices that tell those who are late too little, or nothing: what somebody leaves in an epoch's folder in the true one's place. */
import { addMember, catchUp, changeRole, rotate } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keysLike, people, removeBy } from "../support/attacked.ts";
import { forge, forgedEntry } from "../support/forge.ts";
import { type Act, newEpochIdentity, pathTo, type SignedLine, sealNotice } from "../support/insides.ts";
import { type Device, findMember, live, put, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

interface SomeEpoch {
  readonly epoch: string;
  readonly recipient: string;
}

/** Whoever knows an epoch's recipient can leave what they know of the log in its folder. */
async function leaveNotice(by: Device, { epoch, recipient }: SomeEpoch, entries: readonly SignedLine[]): Promise<void> {
  const sealed = { epoch: { epoch, recipient, suite: "classic" as const }, entries };
  const notice = await sealNotice(live(by).crypto, sealed);
  await world.store.put(notice.key, notice.bytes);
}

function noticesOf({ epoch }: SomeEpoch): Promise<string[]> {
  return keysLike(world, new RegExp(`^${epoch}/notice-`));
}

/** What a notice of these entries would hold, the last one named. */
function entriesUpTo(device: Device, last: string): SignedLine[] {
  return pathTo(live(device).view.log, last).map(({ verified }) => verified.signed);
}

/** As whoever knows an entry without its signature would hand it on. */
function unsigned(line: SignedLine): SignedLine {
  return { ...line, signature: new Uint8Array(64) };
}

async function forgeRotation(by: Device, options: { as: Device; parent: string; recipient?: string }) {
  const recipient = options.recipient ?? (await newEpochIdentity("classic")).recipient;
  const act: Act = { act: "rotate", cut: [], recipient, contents: "now" };
  return forge(live(by), { as: options.as.secrets, records: [forgedEntry(act, options.parent)] });
}

describe("notices in the true one's place", () => {
  it("ends a poll, however many say what is known already", async () => {
    const { alice, bob, carol } = await people({ world, bob: "admin" });
    const { head } = live(bob).view.state;
    await removeBy(alice, "bob");
    await catchUp(live(carol));
    const { signed } = await forgeRotation(alice, { as: bob, parent: head });
    for (let count = 0; count < 520; count++) await leaveNotice(bob, live(alice).view.current, signed);
    await expect(catchUp(live(carol))).resolves.toBeDefined();
  });

  it.each([
    ["without the entries before it", (lines: readonly SignedLine[]) => lines.slice(-1)],
    ["with signatures that are none", (lines: readonly SignedLine[]) => lines.map(unsigned)],
  ])("leaves the whole one where one %s lies", async (_, spoil) => {
    const { alice, bob, carol } = await people({ world });
    const old = live(alice).view.current;
    const dan = await world.device("dan");
    await addMember(live(alice), { card: dan.card, role: "editor" });
    await removeBy(alice, "bob");
    for (const key of await noticesOf(old)) await world.store.delete(key);
    const lines = entriesUpTo(alice, live(alice).view.state.head).slice(1);
    await leaveNotice(bob, old, spoil(lines));
    await catchUp(live(carol));
    expect(await noticesOf(old)).toHaveLength(2);
  });

  it("an entry before an epoch of the branch is none there, where a lost one names its recipient too", async () => {
    const { alice, bob, carol } = await people({ world, bob: "admin" });
    const early = live(bob).view.log.children.get(live(bob).group)?.[0] ?? "";
    await removeBy(alice, "bob");
    await catchUp(live(carol));
    const { current } = live(alice).view;
    await forgeRotation(alice, { as: bob, parent: early, recipient: current.recipient });
    await catchUp(live(carol));
    await leaveNotice(bob, current, entriesUpTo(bob, live(bob).view.state.head));
    await catchUp(live(carol));
    await rotate(live(alice), { contents: "on-change" });
    const all = await noticesOf(current);
    for (const key of all) await world.store.delete(key);
    await catchUp(live(carol));
    expect(await noticesOf(current)).toHaveLength(1);
  });

  it("goes on from the first to the one that ends with the next key, and not with each entry", async () => {
    const { alice, bob, carol } = await people({ world, bob: "admin" });
    const dan = await world.device("dan");
    const before = new Set(await keysLike(world, /./));
    await addMember(live(alice), { card: dan.card, role: "editor" });
    await catchUp(live(carol));
    await put(live(carol), { "a word": "for Alice's branch" });
    const hidden = new Set((await keysLike(world, /./)).filter((key) => !before.has(key)));
    bob.hooks.hides = (key) => hidden.has(key);
    await rotate(live(bob), { contents: "on-change" });
    const lost = live(bob).view.current;
    await catchUp(live(alice));
    expect(await noticesOf(lost)).toHaveLength(1);
    await changeRole(live(alice), { member: findMember(live(alice).view.state, "carol"), role: "viewer" });
    for (const device of [carol, alice]) await catchUp(live(device));
    expect(await noticesOf(lost)).toHaveLength(1);
    await rotate(live(alice), { contents: "on-change" });
    for (const device of [carol, alice, carol]) await catchUp(live(device));
    expect(await noticesOf(lost)).toHaveLength(2);
  });
});

describe("what the storage lacks, where a removed admin has gone on in a history of their own", () => {
  it("is a rollback while less lies there than is lacking", async () => {
    const { carol, own } = await withOwnHistory();
    for (const count of [0, 1]) {
      await world.store.put(recordsKey(own.epoch, count), new Uint8Array(1));
      await expect(catchUp(live(carol))).rejects.toMatchObject({ code: "rollback" });
    }
    await world.store.put(recordsKey(own.epoch, 9), new Uint8Array(1));
    await expect(catchUp(live(carol))).rejects.toMatchObject({ code: "contested" });
  });

  it("names nobody by a name that was given to a stranger there", async () => {
    const { carol, own } = await withOwnHistory();
    await world.store.put(recordsKey(own.epoch, 9), new Uint8Array(1));
    await expect(catchUp(live(carol))).rejects.toMatchObject({
      code: "contested",
      message: expect.stringMatching(/the history on which somebody who never was in this one signed/),
    });
  });

  /** Bob, who is out, has let in another Alice on a branch of his own; and records are gone that Carol has read. */
  async function withOwnHistory() {
    const { alice, bob, carol } = await people({ world, bob: "admin" });
    const { head } = live(bob).view.state;
    await removeBy(alice, "bob");
    await put(live(alice), { note: "to be gone" });
    await catchUp(live(carol));
    const own = await newEpochIdentity("classic");
    const { signed } = await forgeRotation(alice, { as: bob, parent: head, recipient: own.recipient });
    const other = await world.device("alice");
    const { line, signature } = other.card.signed;
    const act: Act = {
      act: "add",
      card: new TextDecoder().decode(line),
      signature: Buffer.from(signature).toString("base64"),
      role: "editor",
      account: null,
      until: null,
    };
    const added = await forge(live(alice), { as: bob.secrets, records: [forgedEntry(act, signed[0]?.digest ?? "")] });
    const left: Act = { act: "leave" };
    await forge(live(alice), { as: other.secrets, records: [forgedEntry(left, added.signed[0]?.digest ?? "")] });
    await catchUp(live(carol));
    await world.store.put(`epochs/${own.epoch}.recipient`, new TextEncoder().encode(`${own.recipient}\n`));
    const current = new RegExp(`^${live(carol).view.current.epoch}/records/`);
    for (const key of await keysLike(world, current)) await world.store.delete(key);
    return { carol, own };
  }

  function recordsKey(epoch: string, count: number): string {
    return `${epoch}/records/${"ab".repeat(16)}-1-${count}-${"cd".repeat(16)}.age`;
  }
});
