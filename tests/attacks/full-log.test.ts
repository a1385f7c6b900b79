/**
 * Filling the log: every grant carries it, and it never gets shorter. Whatever one admin signs, with everybody whom they let
 * in, owners go on: they remove them all, and let people in.
 */
import {
  catchUp,
  changeRole,
  makeDeviceCard,
  newDevice,
  problemsOf,
  type Session,
  verifyingKeyOf,
} from "@conclave/core";
import { describe, expect, it } from "vitest";
import { comeTogether, details, keysLike, people, putBy, removeBy, shownPaths } from "../support/attacked.ts";
import { type Forgery, forge, forgedChange, forgedEntry, hexOf, newFolder, openedEpoch } from "../support/forge.ts";
import { type Act, LOG_WEIGHT_MAX, newEpochIdentity } from "../support/insides.ts";
import { openWorld } from "../support/open-world.ts";
import { type Device, findMember, live, put, texts, type World } from "../support/world.ts";

const PUPPETS = 2;
const DEVICES = 6;

/** As many writers as an entry may name. */
function longCut(session: Session): [string, string][] {
  const hex = (bytes: number) => hexOf(session.crypto.randomBytes(bytes));
  return Array.from({ length: 256 }, () => [hex(16), hex(32)]);
}

/** Each on the one before, by one fresh writer, from where the session stands; sealed to the first epoch, which all can open. */
async function sign(session: Session, by: Device, acts: readonly Act[]): Promise<void> {
  const { head, epochs } = session.view.state;
  const epoch = openedEpoch(session, epochs.at(0)?.epoch);
  const records = acts.map(
    (act): Forgery =>
      (slot) =>
        forgedEntry(act, slot.previous ?? head)(slot),
  );
  await forge(session, { as: by.secrets, records, epoch });
  await catchUp(session);
}

/** Signs the same again and again, in fewer at a time, until not even one of them counts. */
async function signAll(
  session: Session,
  by: Device,
  round: () => readonly Act[] | Promise<readonly Act[]>,
): Promise<void> {
  const weight = () => session.view.state.weight;
  for (let rounds = 256; rounds >= 1; ) {
    const acts: Act[] = [];
    for (let count = 0; count < rounds; count++) acts.push(...(await round()));
    const before = weight();
    await sign(session, by, acts);
    if (weight() === before) rounds = Math.floor(rounds / 16);
    if (weight() > 2 * LOG_WEIGHT_MAX) return;
  }
}

async function addOf(puppet: Device): Promise<Act> {
  const { line, signature } = puppet.card.signed;
  const card = new TextDecoder().decode(line);
  return {
    act: "add",
    card,
    signature: Buffer.from(signature).toString("base64"),
    role: "editor",
    account: null,
    until: null,
  };
}

/** A further device of that member, and what lists it. */
async function deviceOf(
  { crypto, clock }: World,
  member: string,
): Promise<{ readonly key: string; readonly act: Act }> {
  const keys = await newDevice(crypto, { label: "x".repeat(256) });
  const { signed } = await makeDeviceCard(crypto, { keys, member, kind: "device", time: clock.now() });
  const signature = Buffer.from(signed.signature).toString("base64");
  const act = { act: "admit-device", device: new TextDecoder().decode(signed.line), signature } as const;
  return { key: verifyingKeyOf(keys.signingKey), act };
}

/** A puppet lists devices, and takes each off again with as many words as that can take. */
async function fillByPuppet(world: World, session: Session, puppet: Device): Promise<void> {
  const { id } = findMember(session.view.state, puppet.name);
  const devices = await Promise.all(Array.from({ length: DEVICES }, () => deviceOf(world, id)));
  await sign(
    session,
    puppet,
    devices.map(({ act }) => act),
  );
  const off = await Promise.all(
    devices.map(async ({ key }): Promise<Act> => {
      const { recipient } = await newEpochIdentity("classic");
      return {
        act: "remove-device",
        devices: [key],
        cut: longCut(session),
        recipient,
        contents: "on-change",
        owed: null,
      };
    }),
  );
  for (const act of off) await sign(session, puppet, [act]);
}

/** The admin demotes one of them and promotes it again, with the largest cuts, until nothing more counts. */
async function fillByAdmin(session: Session, admin: Device, puppet: Device): Promise<void> {
  const member = findMember(session.view.state, puppet.name).id;
  await signAll(session, admin, () => [
    { act: "role", member, role: "viewer", cut: longCut(session) },
    { act: "role", member, role: "editor", cut: [] },
  ]);
  await signAll(session, admin, () => [
    { act: "role", member, role: "viewer", cut: [] },
    { act: "role", member, role: "editor", cut: [] },
  ]);
}

describe("attack 10: an admin who fills the log, by large entries and by puppets", { timeout: 600_000 }, () => {
  it("leaves owners the room to remove them all, let people in and go on", async () => {
    const { world, alice, bob, carol } = await people({ world: openWorld(), bob: "admin" });
    await put(live(carol), { before: "before" });
    const puppets = await Promise.all(Array.from({ length: PUPPETS }, (_, index) => world.device(`puppet ${index}`)));
    await sign(live(bob), bob, await Promise.all(puppets.map(addOf)));
    for (const puppet of puppets) await fillByPuppet(world, live(bob), puppet);
    await fillByAdmin(live(bob), bob, puppets[0] as Device);

    await comeTogether(alice, carol);
    const { state } = live(alice).view;
    expect(state.weight).toBeGreaterThan(0.6 * LOG_WEIGHT_MAX);
    expect(state.weight).toBeLessThan(0.7 * LOG_WEIGHT_MAX);
    expect(details(live(carol), "long-log").join()).toMatch(/of it by one device of bob.*bob has filled 100 %/);

    for (const name of ["bob", ...puppets.map((puppet) => puppet.name)]) {
      await removeBy(alice, name);
    }
    const dave = await world.device("dave");
    await world.admit(alice, dave);
    await put(live(dave), { after: "after" });
    await comeTogether(alice, carol, dave);
    expect(await texts(live(carol))).toEqual({ before: "before", after: "after" });
    expect(await texts(live(dave))).toEqual({ before: "before", after: "after" });
    // Whoever held none of the keys that the puppets began is not told why.
    await catchUp(world.restart(bob));
    expect(live(bob).view.opened.has(live(alice).view.current.epoch)).toBe(false);
    await expect(put(live(bob), { more: "more" })).rejects.toMatchObject({ code: "stale-epoch" });
    await expect(world.join(await world.fresh(bob), world.address(live(alice)))).rejects.toMatchObject({
      code: "rollback",
    });
    const members = live(carol).view.state.members.map(({ name }) => name);
    expect(members).toEqual(["alice", "carol", "dave"]);
  });
});

describe("attack 10: an editor who writes as thousands of writers", { timeout: 120_000 }, () => {
  it("is removed by a short entry, and what was read before still counts, and nothing after", async () => {
    const { world, alice, bob, carol } = await people({ world: openWorld() });
    const { head } = live(bob).view.state;
    const epoch = openedEpoch(live(bob));
    const folder = (name: string) => forgedChange({ head, operations: [newFolder(live(bob), name)] });
    for (let writer = 0; writer < 400; writer++) await forge(live(bob), { records: [folder(`before ${writer}`)] });
    await comeTogether(alice, carol);
    const before = live(alice).view.state.weight;
    await removeBy(alice, "bob");
    expect(live(alice).view.state.weight - before).toBeLessThan(4096);
    await forge(live(bob), { records: [folder("after")], epoch });
    await comeTogether(alice, carol);
    const dave = await world.device("dave");
    await world.admit(alice, dave);
    for (const reader of [alice, carol, dave]) {
      const shown = shownPaths(live(reader));
      expect(shown).toHaveLength(400);
      expect(shown).not.toContain("after");
      expect(problemsOf(live(reader)).map(({ code }) => code)).not.toContain("awaited");
    }
    expect(await keysLike(world, /notice/)).toHaveLength(1);
  });

  it("is built on by nobody who may not remove or demote them: nothing is signed before that is refused", async () => {
    const { world, bob, carol } = await people({ world: openWorld() });
    const { head } = live(bob).view.state;
    for (let writer = 0; writer < 20; writer++) {
      await forge(live(bob), { records: [forgedChange({ head, operations: [newFolder(live(bob), `of ${writer}`)] })] });
    }
    await catchUp(live(carol));
    const member = findMember(live(carol).view.state, "bob");
    const tries = [() => removeBy(carol, "bob"), () => changeRole(live(carol), { member, role: "viewer" })];
    for (const attempt of tries) {
      const refused = () => expect(attempt()).rejects.toMatchObject({ code: "role-too-low" });
      expect([...(await putBy(world, refused, /./))]).toEqual([]);
    }
  });
});
