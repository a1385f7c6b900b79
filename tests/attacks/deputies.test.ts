/** What honest devices sign in passing, and whom they sign it for: nobody who has no say any more has it done by others. */
import {
  admitDevice,
  catchUp,
  changeRole,
  invite,
  leaveGroup,
  liveDevices,
  makeDeviceCard,
  removeDevices,
  removeMember,
  signInvited,
} from "@conclave/core";
import { beforeEach, describe, expect, it } from "vitest";
import { comeTogether, type People, people, putBy } from "../support/attacked.ts";
import { forge, forgedEntry, openedEpoch } from "../support/forge.ts";
import { type Act, newEpochIdentity } from "../support/insides.ts";
import { openWorld } from "../support/open-world.ts";
import { type Device, findMember, live, put } from "../support/world.ts";

const DAY = 24 * 3600 * 1000;
const names = (device: Device): string[] => live(device).view.state.members.map(({ name }) => name);
const memberOf = (by: Device, name: string) => findMember(live(by).view.state, name);

/** Signs an act in an old place, into the epoch that its author could still open. */
async function dateBack(by: Device, act: Act, at: string): Promise<void> {
  await forge(live(by), { epoch: openedEpoch(live(by)), records: [forgedEntry(act, at)] });
}

async function removalOf(member: string): Promise<Act> {
  const { recipient } = await newEpochIdentity("classic");
  return { act: "remove", member, cut: [], recipient, contents: "on-change", owed: null };
}

describe("attack 20: an admission dated back, by the invitation that brought somebody else in", () => {
  let all: People;
  let erin: Device;
  let admission: { readonly act: Act; readonly at: string };

  /** Bob, an admin, has invited Erin, who came in, and keeps what it takes to let a puppet in by the same invitation. */
  beforeEach(async () => {
    const world = openWorld();
    all = await people({ world, bob: "admin" });
    erin = await world.device("erin");
    const { card } = await world.device("puppet");
    const made = await invite(live(all.bob), { name: "erin", role: "editor", forMs: DAY });
    const address = world.address(live(all.bob));
    await world.ask(erin, address, made.secret);
    await catchUp(live(all.alice));
    await world.join(erin, address);
    await comeTogether(all.alice, all.bob, all.carol, erin);
    await put(live(all.carol), { "a.txt": "after that" });
    const proof = await signInvited(world.crypto, { group: address.group, card: card.member, secret: made.secret });
    const [line, signature] = [new TextDecoder().decode(card.signed.line), base64(card.signed.signature)];
    const { invitation } = made;
    admission = {
      act: { act: "admit", card: line, signature, invitation, proof: base64(proof.signature) },
      at: address.entry,
    };
  });

  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

  it.each([
    [
      "who was removed",
      ({ alice, bob }: People) => removeMember(live(alice), { member: memberOf(alice, bob.name), contents: "now" }),
    ],
    [
      "who is no admin any more",
      ({ alice, bob }: People) => changeRole(live(alice), { member: memberOf(alice, bob.name), role: "editor" }),
    ],
    [
      "whom the one who came in is above by now",
      ({ alice }: People) => changeRole(live(alice), { member: memberOf(alice, "erin"), role: "owner" }),
    ],
  ])("by an admin %s, has nobody removed", async (_, change) => {
    const { alice, bob, carol } = all;
    await change(all);
    await dateBack(bob, admission.act, admission.at);
    await comeTogether(alice, carol, erin);
    expect(names(alice)).toContain("erin");
  });

  it("has that one removed as long as its author could do so by hand", async () => {
    const { alice, bob, carol } = all;
    await dateBack(bob, admission.act, admission.at);
    await comeTogether(alice, carol);
    expect(names(alice)).not.toContain("erin");
  });
});

describe("attack 20: a removal dated back by somebody who has left", () => {
  /** Bob, an owner like Dora, leaves; an old place of the log is where he still had every right. */
  async function bobLeft() {
    const world = openWorld();
    const { alice, bob, carol } = await people({ world, bob: "owner" });
    const dora = await world.device("dora");
    const place = live(bob).view.state.head;
    await world.admit(alice, dora, "owner");
    await comeTogether(alice, bob, carol, dora);
    await leaveGroup(live(bob));
    return { world, alice, bob, carol, dora, place };
  }

  it("is signed by nobody once an admin has changed the key, and holds nobody up", async () => {
    const { world, alice, bob, carol, dora, place } = await bobLeft();
    await comeTogether(alice, carol, dora);
    for (const target of [alice, dora]) {
      await dateBack(bob, await removalOf(memberOf(carol, target.name).id), place);
    }
    const signed = await putBy(world, () => comeTogether(alice, carol, dora));
    expect([...signed]).toEqual([]);
    expect(names(carol)).toEqual(["alice", "carol", "dora"]);
    await put(live(carol), { "a.txt": "goes on" });
  });

  it("is signed where it comes before that: a removal is not lost because its author went", async () => {
    const { alice, bob, carol, dora, place } = await bobLeft();
    await dateBack(bob, await removalOf(memberOf(carol, "carol").id), place);
    await comeTogether(alice, dora);
    expect(names(alice)).toEqual(["alice", "dora"]);
  });
});

describe("attack 35: a stolen device that lists another while its person removes it", () => {
  it("goes with it, also where the removal is lost and signed again", async () => {
    const world = openWorld();
    const { alice, bob, carol } = await people({ world, bob: "owner" });
    const [phone, thief, second] = [await world.further(alice), await world.further(alice), await world.further(alice)];
    await world.admitFurther(alice, phone);
    await comeTogether(alice, bob, carol, phone);
    const list = async (by: Device, listed: Device): Promise<void> => {
      const member = live(by).view.me?.id ?? "";
      const card = { keys: listed.secrets, member, kind: "device", time: 1 } as const;
      await admitDevice(live(by), { admitted: await makeDeviceCard(world.crypto, card) });
      await world.join(listed, world.address(live(by)));
    };
    await list(phone, thief);
    await list(thief, second);
    // Whoever sees that first goes on there, and so the owner's removal is lost.
    await catchUp(live(bob));
    await put(live(bob), { "a.txt": "of bob" });
    await removeDevices(live(alice), { devices: [live(phone).deviceKey], contents: "now" });
    await comeTogether(alice, bob, carol);
    const own = live(carol).view.state.members.find(({ name }) => name === "alice");
    expect(own && liveDevices(own).map(({ verifyingKey }) => verifyingKey)).toEqual([live(alice).deviceKey]);
    for (const out of [phone, thief, second]) {
      await expect(catchUp(live(out))).rejects.toMatchObject({ code: "removed" });
    }
  });
});
