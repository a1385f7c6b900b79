/** Invitations misused, on a storage that keeps and shows all it ever held. ATTACKS 37 and 38. */

import {
  admitMember,
  ConclaveError,
  catchUp,
  changeRole,
  invitationKey,
  invitationOf,
  invite,
  kitDevice,
  leaveGroup,
  listRequests,
  makeCard,
  makeDeviceCard,
  type News,
  newKitSecret,
  openInvitations,
  publicKeysOf,
  replaceKit,
  type Session,
  sealRequest,
  signInvited,
  withdraw,
} from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comeTogether, removeBy } from "../support/attacked.ts";
import { type Device, findMember, live, put, World } from "../support/world.ts";

const DAY = 24 * 3600 * 1000;
let world: World;
/** alice owns, bob administers, carol edits; erin and frank are outside. */
let alice: Device;
let bob: Device;
let carol: Device;
let erin: Device;
let frank: Device;

beforeEach(async () => {
  world = new World();
  [alice, bob, carol, erin, frank] = [
    await world.device("alice"),
    await world.device("bob"),
    await world.device("carol"),
    await world.device("erin"),
    await world.device("frank"),
  ];
  await world.found(alice);
  await world.admit(alice, bob, "admin");
  await world.admit(alice, carol);
  await put(live(alice), { "a.txt": "of alice" });
  await catchUp(live(bob));
});

afterEach(() => world.close());

const names = (device: Device): string[] => live(device).view.state.members.map(({ name }) => name);

async function news(session: Session): Promise<News[]> {
  const seen: News[] = [];
  await catchUp(session, { onNews: (each) => seen.push(each) });
  return seen;
}

async function invited(by: Device, role: "viewer" | "editor" = "editor") {
  const made = await invite(live(by), { name: "erin", role, forMs: DAY });
  return { ...made, address: world.address(live(by)) };
}

async function reasons(by: Device): Promise<unknown[]> {
  return (await listRequests(live(by))).map(({ verdict }) =>
    verdict.state === "refused" ? verdict.reason : verdict.state,
  );
}

describe("the provider, which sees every file of an invitation's course", () => {
  it("finds neither the secret, nor the key drawn from it, nor the card in anything that it ever held", async () => {
    const held: Uint8Array[] = [];
    const keep = async (): Promise<void> => {
      for await (const { key } of world.store.list("")) held.push(await world.store.get(key));
    };
    const { secret, address, invitation } = await invited(alice);
    await keep();
    await world.ask(erin, address, secret);
    await keep();
    await news(live(alice));
    await keep();
    expect(names(alice)).toContain("erin");
    const all = held.map((bytes) => Buffer.from(bytes));
    const { signingKey } = invitationKey(secret);
    const wanted = [secret, signingKey].flatMap((bytes) => [
      Buffer.from(bytes),
      Buffer.from(Buffer.from(bytes).toString("hex")),
      Buffer.from(Buffer.from(bytes).toString("base64").replace(/=+$/, "")),
    ]);
    wanted.push(Buffer.from(invitation), Buffer.from(invitation, "hex"), Buffer.from(erin.card.signed.line));
    expect(all.length).toBeGreaterThan(8);
    for (const bytes of all) for (const each of wanted) expect(bytes.includes(each)).toBe(false);
  });
});

describe("an invitation", () => {
  it("used by two at once lets neither in, and says which cards they were", async () => {
    const { secret, address, invitation } = await invited(alice);
    await world.ask(erin, address, secret);
    await world.ask(frank, address, secret);
    const cards = [erin, frank].map(({ card }) => card.member).sort();
    expect(await news(live(bob))).toMatchObject([{ kind: "used-twice", cards, invitation }]);
    expect(await news(live(alice))).toMatchObject([{ kind: "used-twice", cards, invitation }]);
    expect(names(alice)).toEqual(["alice", "bob", "carol"]);
    expect(await reasons(alice)).toEqual(Array(2).fill("the invitation is void: several used it at once"));
  });

  it("lets in once who has two of them", async () => {
    const [one, two] = [await invited(alice), await invited(alice)];
    for (const { address, secret } of [one, two]) await world.ask(erin, address, secret);
    expect(await news(live(alice))).toMatchObject([{ kind: "admitted", name: "erin" }]);
    expect(await news(live(bob))).toEqual([]);
    expect(names(alice)).toEqual(["alice", "bob", "carol", "erin"]);
  });

  it("used with a card whose kit was taken off the list since lets nobody in, and stops nobody's work", async () => {
    const session = live(carol);
    const keys = kitDevice(newKitSecret(world.crypto));
    const member = session.view.me?.id ?? "";
    const kit = await makeDeviceCard(world.crypto, { keys, member, kind: "kit", time: world.clock.now() });
    await replaceKit(session, { kit, contents: "on-change" });
    await leaveGroup(session);
    await comeTogether(alice, bob);
    const { secret, address } = await invited(alice);
    await world.ask(await world.fresh(carol), address, secret);
    for (const admin of [alice, bob]) expect(await news(live(admin))).toEqual([]);
    expect(await reasons(alice)).toEqual(["it uses keys that are, or were, another card's in this group"]);
    expect(names(alice)).toEqual(["alice", "bob"]);
  });

  it("used by two cards with one key, each by an invitation of its own, lets in one and stops nobody's work", async () => {
    const [one, two, three] = [await invited(alice), await invited(alice), await invited(alice)];
    const kit = await publicKeysOf(kitDevice(newKitSecret(world.crypto)));
    const card = await makeCard(world.crypto, { name: "erin", device: erin.secrets, kit, time: world.clock.now() });
    await world.ask(erin, one.address, one.secret);
    await world.ask(Object.assign(await world.fresh(erin), { card }), two.address, two.secret);
    await world.ask(frank, three.address, three.secret);
    const admitted = { kind: "admitted" };
    expect(await news(live(alice))).toMatchObject([admitted, admitted]);
    expect(await news(live(bob))).toEqual([]);
    expect(names(alice).slice(3).sort()).toEqual(["erin", "frank"]);
  });

  it("used a second time after its use is refused, and the first one stays", async () => {
    const { secret, address } = await invited(alice);
    await world.ask(erin, address, secret);
    await news(live(bob));
    await world.ask(frank, address, secret);
    await news(live(alice));
    expect(names(alice)).toEqual(["alice", "bob", "carol", "erin"]);
    expect(await reasons(alice)).toEqual(["the invitation was used already"]);
  });

  it("that two admins answered at once with two people, neither having seen the other, lets neither stay", async () => {
    const { secret, address, invitation } = await invited(alice);
    await catchUp(live(bob));
    const proof = async ({ card }: Device) => {
      const { signature } = await signInvited(world.crypto, { group: address.group, card: card.member, secret });
      return { card, invitation, proof: Buffer.from(signature).toString("base64") };
    };
    await admitMember(live(alice), await proof(erin));
    await admitMember(live(bob), await proof(frank));
    const before = live(alice).view.current.epoch;
    const said = [...(await news(live(alice))), ...(await news(live(bob))), ...(await news(live(alice)))];
    expect(said).toContainEqual(expect.objectContaining({ kind: "removed", why: "used-twice" }));
    await catchUp(live(bob));
    for (const device of [alice, bob]) expect(names(device)).toEqual(["alice", "bob", "carol"]);
    expect(live(alice).view.current.epoch).not.toBe(before);
    expect(live(bob).view.current.epoch).toBe(live(alice).view.current.epoch);
  });

  it("used late is refused by each device's own clock, whatever the others' say", async () => {
    const { secret, address } = await invited(alice);
    await world.ask(erin, address, secret);
    alice.clockSkewMs = 365 * DAY;
    expect(await news(live(alice))).toEqual([]);
    expect(await reasons(alice)).toEqual([
      expect.stringMatching(/^the invitation expired on .* by this device's clock$/),
    ]);
    world.clock.time += 2 * DAY;
    expect(await news(live(bob))).toEqual([]);
    expect(names(bob)).not.toContain("erin");
  });

  it("withdrawn by one admin while another has not seen it lets nobody stay who came by it unseen", async () => {
    const { secret, address, invitation } = await invited(alice);
    await withdraw(live(alice), { invitation });
    await world.ask(erin, address, secret);
    await news(live(bob));
    await news(live(alice));
    expect(names(alice)).toEqual(["alice", "bob", "carol"]);
    expect(await reasons(alice)).toEqual(["the invitation was withdrawn"]);
  });

  it("of another group is refused, also when the request is put here as it is", async () => {
    const elsewhere = new World();
    try {
      const other = await elsewhere.device("mallory");
      await elsewhere.found(other);
      const { secret } = await invite(live(other), { name: "erin", role: "editor", forMs: DAY });
      await world.ask(erin, world.address(live(alice)), secret);
      await invited(alice);
      expect(await news(live(alice))).toEqual([]);
      expect(await reasons(alice)).toEqual(["there is no such invitation in this group"]);
    } finally {
      elsewhere.close();
    }
  });

  it("whose request had its card or its keys swapped on the way lets neither of the two in", async () => {
    const { secret, address, invitation } = await invited(alice);
    const { group } = address;
    const { recipient } = live(alice).view.current;
    const signed = await signInvited(world.crypto, { group, card: erin.card.member, secret });
    const asking = { card: frank.card, invited: { invitation, signed } };
    const swapped = await sealRequest(world.crypto, { group, asking, recipient });
    await world.store.put(swapped.key, swapped.bytes);
    expect(await news(live(alice))).toEqual([]);
    expect(names(alice)).toEqual(["alice", "bob", "carol"]);
    expect(openInvitations(live(alice).view.state)).toHaveLength(1);
    await world.ask(erin, address, secret);
    expect(await news(live(alice))).toMatchObject([{ kind: "admitted", card: erin.card.member }]);
  });
});

describe("whoever was removed", () => {
  it("brings nobody in by an invitation that they had made, nor by admitting on what they knew", async () => {
    const { secret, address, invitation } = await invited(bob);
    await catchUp(live(alice));
    await removeBy(alice, "bob", "now");
    await world.ask(erin, address, secret);
    const { signature } = await signInvited(world.crypto, { group: address.group, card: erin.card.member, secret });
    await admitMember(live(bob), {
      card: erin.card,
      invitation,
      proof: Buffer.from(signature).toString("base64"),
    }).catch((error: unknown) => expect(error).toBeInstanceOf(ConclaveError));
    for (const device of [alice, carol, alice]) await catchUp(live(device));
    expect(names(alice)).toEqual(["alice", "carol"]);
    expect(invitationOf(live(alice).view.state, invitation)?.end?.how).toBe("epoch");
    expect(await reasons(alice)).toEqual([expect.stringMatching(/ended when the group's key changed/)]);
    await expect(catchUp(live(bob))).rejects.toMatchObject({ code: "removed" });
    await expect(world.join(erin, world.address(live(alice)))).rejects.toMatchObject({
      code: "rollback",
    });
  });

  it("comes back by no invitation of anybody's: not one from before, nor a later one, nor under a new card", async () => {
    const before = await invited(alice);
    await catchUp(live(bob));
    await removeBy(alice, "carol", "now");
    await world.ask(carol, before.address, before.secret);
    await world.ask(erin, before.address, before.secret);
    const later = await invited(alice);
    await world.ask(carol, later.address, later.secret);
    expect(await news(live(bob))).toEqual([]);
    expect(names(bob)).toEqual(["alice", "bob"]);
    const said = await reasons(bob);
    expect(said).toHaveLength(3);
    expect(said.filter((each) => each === "it is of somebody who was removed")).toHaveLength(2);
  });

  it("demoted below the right, lets nobody in by what they had made", async () => {
    const { secret, address } = await invited(bob);
    await catchUp(live(alice));
    await changeRole(live(alice), { member: findMember(live(alice).view.state, "bob"), role: "editor" });
    await world.ask(erin, address, secret);
    await news(live(bob));
    await news(live(alice));
    expect(names(alice)).toEqual(["alice", "bob", "carol"]);
  });
});
