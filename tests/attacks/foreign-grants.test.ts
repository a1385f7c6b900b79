/** What a stranger leaves in `epochs/`, under names that look like the group's own grants. */
import { addMember, catchUp, joinGroup, listRequests, rotate } from "@conclave/core";
import { flipped, memoryStore, recording, rewrite } from "@conclave/stores/testing";
import { describe, expect, it } from "vitest";
import { expectUnchanged, keysLike, people, problemCodes, putBy } from "../support/attacked.ts";
import { openedEpoch } from "../support/forge.ts";
import { nameDigest, sealGrant } from "../support/insides.ts";
import { openWorld } from "../support/open-world.ts";
import { live, put, texts } from "../support/world.ts";

const MEBIBYTE = 1024 * 1024;

function base64Of(bytes: number, fill: number): string {
  return Buffer.alloc(bytes, fill).toString("base64").replaceAll("=", "");
}

/** An age file's header with so many stanzas of the classic suite, and a payload that opens with nothing. */
function headerOf(stanzas: number, payloadBytes = 2000): Uint8Array {
  const stanza = (number: number) => `-> X25519 ${base64Of(32, number)}\n${base64Of(32, number + 1)}\n`;
  const lines = Array.from({ length: stanzas }, (_, index) => stanza(index % 250)).join("");
  const header = `age-encryption.org/v1\n${lines}--- ${base64Of(32, 7)}\n`;
  return Buffer.concat([Buffer.from(header), Buffer.alloc(payloadBytes, 9)]);
}

const GRANTS: readonly (readonly [string, () => Uint8Array])[] = [
  ["two hundred stanzas", () => headerOf(200)],
  ["as many stanzas as a grant may have", () => headerOf(256)],
  ["one stanza too many", () => headerOf(257)],
  ["a hundred thousand stanzas, megabytes of header", () => headerOf(100_000)],
  ["a header without an end", () => Buffer.from(`age-encryption.org/v1\n-> X25519 ${"A".repeat(8 * MEBIBYTE)}`)],
  ["as much as any stored file may have", () => headerOf(2, 34 * MEBIBYTE - 1000)],
  ["nothing in it", () => new Uint8Array()],
];

describe("attack 36: grants that a stranger left, found in epochs/", () => {
  it.each(GRANTS)("with %s: fetched once, ignored, and in nobody's way", async (_, made) => {
    const recorder = recording(memoryStore());
    const world = openWorld({ store: recorder.store });
    const { alice, bob, carol } = await people({ world });
    const bytes = made();
    const { epoch } = live(alice).view.current;
    const unknown = "ab".repeat(32);
    const keys = [epoch, unknown].map((each) => `epochs/${each}-all-${nameDigest(bytes)}.age`);
    for (const key of keys) await world.store.put(key, bytes);
    await world.store.put(`epochs/${unknown}.recipient`, new TextEncoder().encode("age1of-nobody\n"));
    const mark = recorder.calls.length;
    await expectUnchanged([alice, bob, carol], async () => {
      for (let poll = 0; poll < 4; poll++) for (const device of [alice, bob, carol]) await catchUp(live(device));
    });
    const fetched = recorder.calls.slice(mark).filter(({ verb, key }) => verb === "get" && keys.includes(key));
    expect(fetched.length).toBeLessThanOrEqual(3 * keys.length);
    for (const device of [alice, bob, carol]) expect(problemCodes(live(device))).toEqual([]);
    const dave = await world.device("dave");
    await world.admit(alice, dave);
    await put(live(dave), { note: "nobody was held up" });
    await catchUp(live(carol));
    expect(await texts(live(carol))).toEqual({ note: "nobody was held up" });
  });
});

describe("attack 36: junk under the name of a newcomer's grant", () => {
  it("keeps no admin from answering the newcomer who asks, once for each admin", async () => {
    const world = openWorld();
    const { alice, bob } = await people({ world, bob: "admin" });
    const dave = await world.device("dave");
    const granted = await putBy(
      world,
      () => addMember(live(alice), { card: dave.card, role: "editor" }),
      /^epochs\/.*\.age$/,
    );
    const named = new RegExp([...granted].join().replace(/[0-9a-f]{32}\.age$/, ""));
    let spoiled = 0;
    const spoil = async () => {
      spoiled += 1;
      for (const key of await keysLike(world, named)) {
        await rewrite(world.store, key, (bytes) => flipped(bytes, -spoiled));
      }
    };
    await spoil();
    const address = world.address(live(alice));
    for (const admin of [alice, bob]) {
      expect(await joinGroup(world.ports(dave), { address })).toBeUndefined();
      await world.ask(dave, address);
      await catchUp(live(admin));
      await listRequests(live(admin));
      const known = await joinGroup(world.ports(await world.fresh(dave)), { address });
      expect(known).toBeDefined();
      // Whoever has answered does not again while that answer lies there.
      await world.ask(dave, address);
      expect([...(await putBy(world, () => listRequests(live(admin))))]).toEqual([]);
      await spoil();
    }
  });
});

describe("attack 57: the grant to a newcomer, which the storage has lost", () => {
  it("is made again in passing by another admin, and not once more for the newcomer who asks too", async () => {
    const world = openWorld();
    const { alice, bob } = await people({ world, bob: "admin" });
    const dave = await world.device("dave");
    const grants = /^epochs\/.*\.age$/;
    const lost = await putBy(world, () => addMember(live(alice), { card: dave.card, role: "editor" }), grants);
    for (const key of lost) await world.store.delete(key);
    const address = world.address(live(alice));
    await world.ask(dave, address);
    expect([...(await putBy(world, () => catchUp(live(bob)), grants))]).toHaveLength(1);
    expect([...(await putBy(world, () => listRequests(live(bob)), grants))]).toEqual([]);
    expect(await joinGroup(world.ports(dave), { address })).toBeDefined();
  });
});

describe("attack 36: more junk among the grants than anybody tries, newer than all others", () => {
  it("keeps no newcomer out, whose own grant bears a name that no stranger can draw", async () => {
    const world = openWorld();
    const { alice } = await people({ world });
    const dave = await world.device("dave");
    await addMember(live(alice), { card: dave.card, role: "editor" });
    const { epoch } = live(alice).view.current;
    for (let number = 0; number < 300; number++) {
      await world.store.put(`epochs/${epoch}-all-${number.toString(16).padStart(32, "0")}.age`, new Uint8Array(700));
    }
    expect(await joinGroup(world.ports(dave), { address: world.address(live(alice)) })).toBeDefined();
  });
});

describe("attack 36: a grant that gives an older key under the newest one's name", () => {
  it("lets a newcomer in to nothing: who finds no other asks, and is answered", async () => {
    const { world, alice, bob } = await people();
    const { epochs } = live(bob).view.state;
    const old = live(bob).view.current.epoch;
    await rotate(live(alice), { contents: "on-change" });
    const dave = await world.device("dave");
    await addMember(live(alice), { card: dave.card, role: "editor" });
    await catchUp(live(bob));
    const { state, log } = live(bob).view;
    const { bytes } = await sealGrant(live(bob).crypto, {
      state: { ...state, epochs },
      audience: "all",
      identities: [[old, openedEpoch(live(bob), old).identity]],
      lines: [...log.nodes.values()].map(({ verified }) => verified.signed),
    });
    const key = `epochs/${live(bob).view.current.epoch}-all-${nameDigest(bytes)}.age`;
    await world.store.put(key, bytes);
    dave.hooks = { hides: (each) => /^epochs\/[0-9a-f]{64}-/.test(each) && each !== key };
    const address = world.address(live(alice));
    expect(await joinGroup(world.ports(dave), { address })).toBeUndefined();
    dave.hooks = {};
    expect((await world.join(dave, address)).view.opened.has(state.epochs.at(-1)?.epoch ?? "")).toBe(true);
  });
});
