/** What lies on the storage and is nobody's: `verify` names it, whatever kind it is, and nothing is spoilt by it. */
import {
  addMember,
  type Problem,
  publicKeysOf,
  readAll,
  reencrypt,
  type Session,
  sealFile,
  type Verification,
  verify,
} from "@conclave/core";
import { flipped } from "@conclave/stores/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { comeTogether, keysLike, people, putBy, removeBy } from "../support/attacked.ts";
import { forge, forgedChange, forgedEntry, forgeUnput, newFolder, openedEpoch } from "../support/forge.ts";
import { nameDigest, sealDeletion, sealNotice, signListing } from "../support/insides.ts";
import { budget, type DeviceKeys, keyOf, live, put, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

async function report(session: Session): Promise<Verification> {
  return verify(session, { budget: budget(), shown: await readAll(session), full: true });
}

function foreign({ problems }: Verification): Problem[] {
  return problems.filter(({ code }) => code === "foreign");
}

const HEX = "0123456789abcdef0123456789abcdef";
const NO_EPOCH = "ab".repeat(32);

/** Puts bytes under a name that they fit. */
async function putNamed(before: string, bytes: Uint8Array, after = ".age"): Promise<string> {
  const key = `${before}${nameDigest(bytes)}${after}`;
  await world.store.put(key, bytes);
  return key;
}

/** A listing in somebody's name, signed by somebody; sealed as anybody can. */
async function listingBy(session: Session, signer: DeviceKeys, device: string): Promise<Uint8Array> {
  const { epoch, recipient } = session.view.current;
  const plaintext = await signListing(world.crypto, {
    first: {
      type: "conclave/v1/listing",
      group: session.group,
      device,
      epoch,
      number: 7,
      part: 1,
      covers: [],
      time: 0,
    },
    lines: [],
    signingKey: signer.secrets.signingKey,
  });
  return (await sealFile(world.crypto, { recipients: [recipient], suite: "classic", plaintext })).sealed;
}

/** Whatever somebody can seal who knows the epoch's recipient. */
async function sealed(session: Session, text: string): Promise<Uint8Array> {
  const { recipient } = session.view.current;
  const plaintext = new TextEncoder().encode(text);
  return (await sealFile(world.crypto, { recipients: [recipient], suite: "classic", plaintext })).sealed;
}

describe("attack 5: a group with nothing foreign in it", () => {
  it("has no file that verify calls foreign, with every kind there is, for old members and new", async () => {
    const { alice, carol } = await people({ world });
    await put(live(alice), { one: "one" });
    await comeTogether(alice, carol);
    await removeBy(alice, "bob");
    await put(live(alice), { two: "two" });
    await reencrypt(live(alice), { budget: budget() });
    const dave = await world.device("dave");
    await world.admit(alice, dave);
    await world.admitFurther(alice, await world.further(alice));
    await world.ask(await world.device("erin"), world.address(live(alice)));
    const kinds = [/\.recipient$/, /-all-/, /^requests\//, /\/records\//, /\/notice-/, /\/objects\//, /\/listings\//];
    for (const kind of kinds) expect(await keysLike(world, kind)).not.toEqual([]);
    await comeTogether(alice, carol, dave);
    for (const device of [alice, carol, dave]) {
      expect(await report(live(device))).toMatchObject({ ok: true, problems: [] });
    }
  });
});

describe("attack 5: a file that is nobody's", () => {
  async function planted(session: Session): Promise<string[]> {
    const { epoch, state } = { ...session.view.current, state: session.view.state };
    const stranger = await world.device("a stranger");
    const junk = new Uint8Array(700).fill(7);
    const keys = [
      "holiday.jpg",
      `${epoch}/records/${HEX}.age`,
      `epochs/${NO_EPOCH}.recipient`,
      `${NO_EPOCH}/records/${HEX}-1-1-${HEX}.age`,
      `${NO_EPOCH}/objects/${HEX}.age`,
    ];
    for (const key of keys) await world.store.put(key, junk);
    keys.push(
      await putNamed(`epochs/${NO_EPOCH}-all-`, junk),
      await putNamed(`epochs/${epoch}-all-`, junk),
      await putNamed(`epochs/${epoch}-${HEX}-`, junk),
      await putNamed(`epochs/${epoch}-deleted-`, junk),
      await putNamed(`requests/${HEX}-`, junk),
      await putNamed(`${epoch}/notice-`, junk),
      await putNamed(`${epoch}/records/${HEX}-1-1-`, junk),
      await putNamed(`${epoch}/objects/`, junk),
      await putNamed(`${epoch}/listings/9-`, junk),
      // Rightly sealed: an epoch's recipient is no secret.
      await putNamed(`requests/${HEX}-`, await sealed(session, "let me in\n")),
      await putNamed(`${epoch}/listings/8-`, await sealed(session, "{}\nnothing\n")),
      await putNamed(`${epoch}/listings/7-`, await listingBy(session, stranger, keyOf(stranger.secrets))),
      await putNamed(`${epoch}/listings/7-`, await listingBy(session, stranger, session.deviceKey)),
    );
    const [change] = [forgedChange({ head: state.head, operations: [newFolder(session, "planted")] })];
    keys.push((await forge(session, { as: stranger.secrets, records: [change] })).key);
    const { signed } = await forgeUnput(session, {
      as: stranger.secrets,
      records: [forgedEntry({ act: "leave" }, state.head)],
    });
    const notice = await sealNotice(world.crypto, { epoch: openedEpoch(session), entries: signed });
    await world.store.put(notice.key, notice.bytes);
    const deletion = await sealDeletion(world.crypto, {
      value: {
        group: session.group,
        device: (await publicKeysOf(stranger.secrets)).verifyingKey,
        head: state.head,
        time: 0,
      },
      signingKey: stranger.secrets.signingKey,
      epoch: openedEpoch(session),
    });
    await world.store.put(deletion.key, deletion.bytes);
    return [...keys, notice.key, deletion.key].sort();
  }

  it("is named by verify, whatever its name says it is, and spoils nothing", async () => {
    const { alice, bob } = await people({ world });
    await put(live(alice), { mine: "mine" });
    await comeTogether(alice, bob);
    const keys = await planted(live(alice));
    // Bob came later than the grant to all: for him a stranger's may be that one.
    const ofBob = keys.filter((key) => !key.startsWith(`epochs/${live(bob).view.current.epoch}-all-`));
    for (const [device, expected] of [[alice, keys] as const, [bob, ofBob] as const]) {
      const found = await report(live(device));
      expect(found.ok).toBe(true);
      const named = foreign(found).map(({ key }) => key);
      expect(named.sort()).toEqual(expected);
    }
  });

  it("is named up to a limit of each kind, so that one kind hides no other", async () => {
    const { alice } = await people({ world });
    const { epoch } = live(alice).view.current;
    const hex = (number: number) => number.toString(16).padStart(32, "0");
    for (let number = 0; number < 130; number++) {
      await world.store.put(`${epoch}/objects/${hex(number)}.age`, new Uint8Array(700));
      await world.store.put(`${epoch}/records/${hex(number)}-1-1-${hex(number)}.age`, new Uint8Array(700));
    }
    await world.store.put(`requests/${HEX}-${HEX}.age`, new Uint8Array(700));
    const found = await report(live(alice));
    expect(found.ok).toBe(true);
    const named = (pattern: RegExp) => foreign(found).filter(({ key = "" }) => pattern.test(key)).length;
    expect([named(/objects/), named(/records/), named(/requests/)]).toEqual([100, 100, 1]);
    expect(foreign(found).filter(({ detail }) => /more than 100/.test(detail))).toHaveLength(2);
  });

  it("is fetched up to that limit, and not where it is larger than any of its kind", async () => {
    const { alice } = await people({ world });
    const hex = (number: number) => number.toString(16).padStart(32, "0");
    const fetched: string[] = [];
    alice.hooks.fault = ({ verb, key }) => {
      if (verb === "get" && key.startsWith("requests/")) fetched.push(key);
      return undefined;
    };
    const larger = `requests/${hex(0)}-${hex(0)}.age`;
    await world.store.put(larger, new Uint8Array(32 * 1024 + 1));
    const found = foreign(await report(world.restart(alice)));
    expect(found).toMatchObject([{ key: larger, detail: expect.stringMatching(/larger than any/) }]);
    expect(fetched).toEqual([]);
    for (let number = 1; number <= 130; number++)
      await world.store.put(`requests/${hex(number)}-${hex(number)}.age`, new Uint8Array(700));
    await report(live(alice));
    expect(fetched.length).toBeLessThanOrEqual(101);
  });

  it("is opened up to that limit where it lies among the records", async () => {
    const { alice } = await people({ world });
    const { epoch } = live(alice).view.current;
    const hex = (number: number) => number.toString(16).padStart(32, "0");
    const foreignKeys = Array.from({ length: 130 }, (_, number) => {
      return `${epoch}/records/${hex(number)}-1-1-${hex(number)}.age`;
    });
    for (const key of foreignKeys) await world.store.put(key, new Uint8Array(700));
    const shown = await readAll(live(alice));
    const opened = new Set<string>();
    alice.hooks.alter = (key, bytes) => {
      opened.add(key);
      return bytes;
    };
    await verify(live(alice), { budget: budget(), shown, full: true });
    const openedForeign = foreignKeys.filter((key) => opened.has(key));
    expect(openedForeign).toHaveLength(101);
  });

  it("may be a member's who is just putting it, and is said to be", async () => {
    const { alice, bob } = await people({ world });
    await put(live(alice), { mine: "mine" });
    const records = await putBy(world, () => put(live(bob), { his: "his" }), /\/records\//);
    alice.hooks.hides = (key) => records.has(key);
    expect(foreign(await report(live(alice)))).toMatchObject([{ detail: expect.stringMatching(/just putting it/) }]);
    alice.hooks.hides = undefined;
    expect(foreign(await report(live(alice)))).toEqual([]);
  });

  it("that bears a member's name and none of what is missing spoils nothing", async () => {
    const { alice, bob } = await people({ world });
    const [his = ""] = await putBy(world, () => put(live(bob), { his: "his" }), /\/records\//);
    await comeTogether(alice, bob);
    const key = his.replace(/[0-9a-f]{32}\.age$/, `${HEX}.age`);
    await world.store.put(key, flipped(await world.store.get(his), -1));
    const found = await report(live(alice));
    expect(found.ok).toBe(true);
    expect(foreign(found)).toMatchObject([{ key }]);
  });
});

describe("attack 7: a member's file that never fitted", () => {
  it("is named by verify as the group's, and not as nobody's", async () => {
    const { alice, bob } = await people({ world });
    await put(live(bob), { first: "first" });
    const [his = ""] = await putBy(world, () => put(live(bob), { his: "his" }), /\/records\//);
    alice.hooks.alter = (key, bytes) => (key === his ? flipped(bytes, -1) : bytes);
    const found = await report(live(alice));
    expect(found.ok).toBe(false);
    expect(found.problems).toContainEqual(expect.objectContaining({ code: "altered", key: his }));
  });

  it("is taken in by the next poll after a verify that finds it whole again", async () => {
    const { alice, bob } = await people({ world });
    const [his = ""] = await putBy(world, () => put(live(bob), { his: "his" }), /\/records\//);
    alice.hooks.alter = (key, bytes) => (key === his ? flipped(bytes, -1) : bytes);
    for (let poll = 0; poll < 45; poll++) await readAll(live(alice));
    const shown = await readAll(live(alice));
    alice.hooks.alter = undefined;
    const found = await verify(live(alice), { budget: budget(), shown });
    expect(found.problems).toContainEqual(expect.objectContaining({ code: "awaited", key: his }));
    await readAll(live(alice));
    expect((await report(live(alice))).problems).toEqual([]);
  });
});

describe("attack 5: a newcomer's own grant", () => {
  it("is nobody's for who does not know of the newcomer yet, and is said to be so perhaps", async () => {
    const { alice, bob } = await people({ world });
    const admission = await putBy(world, async () => {
      await addMember(live(alice), { card: (await world.device("dave")).card, role: "editor" });
    });
    bob.hooks.hides = (key) => admission.has(key) && key.includes("/records/");
    expect(foreign(await report(live(bob)))).toMatchObject([{ detail: expect.stringMatching(/let in just now/) }]);
    bob.hooks.hides = undefined;
    expect(foreign(await report(live(bob)))).toEqual([]);
  });
});
