/** Attack 48: what the lengths of everything that ever lies on a storage tell, and what equal things look like there. */
import { randomBytes } from "node:crypto";
import { catchUp, deleteGroup, invite, leaveGroup, makeFolder, reencrypt } from "@conclave/core";
import { memoryStore, recording } from "@conclave/stores/testing";
import { describe, expect, it } from "vitest";
import { groupOf, keysLike, removeBy, shownPaths } from "../support/attacked.ts";
import { forgedChange, newFolder } from "../support/forge.ts";
import { type Operation, publish } from "../support/insides.ts";
import { openWorld } from "../support/open-world.ts";
import { budget, live, put } from "../support/world.ts";

const SUITES = [
  { suite: "classic", stanza: 98, recipient: 63 },
  { suite: "hybrid", stanza: 1557, recipient: 1960 },
] as const;
const KINDS = ["records", "objects", "listings", "notice", "deleted", "all", "grant", "request"] as const;
const noise = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** Padmé, worked out here a second time: of a length of E + 1 binary digits only the first log2 E + 1 or so are free. */
function isPadded(length: number): boolean {
  const exponent = Math.floor(Math.log2(length));
  const bits = Math.floor(Math.log2(exponent)) + 1;
  return length % 2 ** (exponent - bits) === 0;
}

function kindOf(key: string): (typeof KINDS)[number] {
  if (key.startsWith("requests/")) return "request";
  if (/^epochs\/[0-9a-f]{64}-[0-9a-f]{32}-/.test(key)) return "grant";
  const named = /\/(records|objects|listings)\/|\/(notice)-|-(deleted|all)-/.exec(key);
  return (named?.[1] ?? named?.[2] ?? named?.[3]) as (typeof KINDS)[number];
}

/** Where the payload begins, and how long the plaintext is. */
function insideOf(bytes: Uint8Array): { readonly start: number; readonly stanzas: number; readonly length: number } {
  const text = Buffer.from(bytes).toString("latin1");
  const start = /\n--- [A-Za-z0-9+/]{43}\n/.exec(text);
  if (!start) throw new Error("this is no age file");
  const payload = start.index + start[0].length;
  const sealed = bytes.length - payload - 16;
  return {
    start: payload,
    stanzas: text.slice(0, start.index).split("\n-> ").length - 1,
    length: sealed - 16 * Math.ceil(sealed / (65_536 + 16)),
  };
}

describe("all that a group ever puts on a storage", () => {
  it.each(SUITES)("has lengths of the padded set only ($suite)", async ({ suite, stanza, recipient }) => {
    const recorder = recording(memoryStore());
    const world = openWorld({ store: recorder.store });
    const alice = await world.device("alice");
    await world.found(alice, { suite });
    for (const name of ["bob", "carol", "a person with a name of quite another length"]) {
      await world.admit(alice, await world.device(name));
    }
    const [bob, carol] = [await world.device("robert"), await world.device("caroline")];
    for (const device of [bob, carol]) await world.admit(alice, device);
    for (const length of [0, 1, 700, 5_000, 100_003]) {
      await put(live(bob), { [`${length}`.repeat(1 + (length % 60))]: noise(length) });
    }
    for (let index = 0; index < 4; index++) await makeFolder(live(bob), "n".repeat(40 * index + 1));
    const { secret } = await invite(live(alice), { name: "erin", role: "editor", forMs: 1000 });
    await world.ask(await world.device("erin"), world.address(live(alice)), secret);
    await removeBy(alice, "bob", "now");
    await reencrypt(live(alice), { budget: budget() });
    await leaveGroup(live(carol)).catch(() => undefined);
    await catchUp(live(alice));
    await deleteGroup(live(alice));

    const plain = recorder.everStored.filter(({ key }) => !key.endsWith(".age"));
    for (const { key, bytes } of plain.filter(({ key }) => key !== "conclave.json")) {
      expect([key.replace(/[0-9a-f]{64}/, ""), bytes.length]).toEqual(["epochs/.recipient", recipient]);
    }
    const sealed = recorder.everStored.filter(({ key }) => key.endsWith(".age"));
    for (const { key, bytes } of sealed) {
      const kind = kindOf(key);
      const { start, stanzas, length } = insideOf(bytes);
      expect([key, start]).toEqual([key, 22 + stanzas * stanza + 48]);
      expect([key, Number.isInteger(Math.log2(stanzas))]).toEqual([key, true]);
      if (kind !== "all" && kind !== "grant") expect([key, stanzas]).toEqual([key, 1]);
      const units = kind === "objects" ? length / 512 : length;
      expect([key, length, isPadded(units) && length >= 1024]).toEqual([key, length, true]);
    }
    expect([...new Set(sealed.map(({ key }) => kindOf(key)))].sort()).toEqual([...KINDS].sort());
  });
});

describe("equal things on a storage", () => {
  it("have unrelated bytes: one name and one content, by three members", async () => {
    const recorder = recording(memoryStore());
    const world = openWorld({ store: recorder.store });
    const members = await groupOf(world, ["bob", "carol"]);
    const mark = recorder.everStored.length;
    for (const device of members) {
      await makeFolder(live(device), "one name of a folder");
      await put(live(device), { "one name of a file": "one content" });
    }
    for (const kind of ["records", "objects"] as const) {
      const files = recorder.everStored.slice(mark).filter(({ key }) => kindOf(key) === kind);
      expect(files.length).toBeGreaterThan(2);
      const blocks = files.map(({ bytes }) => blocksOf(bytes.subarray(insideOf(bytes).start)));
      const all = blocks.flat();
      expect(new Set(all).size).toBe(all.length);
    }
  });

  it("are not compressed: what repeats itself takes as much room as what does not", async () => {
    const recorder = recording(memoryStore());
    const world = openWorld({ store: recorder.store });
    const alice = await world.device("alice");
    await world.found(alice);
    for (const bytes of [new Uint8Array(300_000), noise(300_000)]) await put(live(alice), { [`${bytes[0]}`]: bytes });
    const objects = recorder.everStored.filter(({ key }) => kindOf(key) === "objects");
    expect(objects.map(({ bytes }) => bytes.length)).toEqual([objects[0]?.bytes.length, objects[0]?.bytes.length]);
  });
});

/** All stretches of eight bytes, wherever they begin. */
function blocksOf(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes).toString("latin1");
  return Array.from({ length: Math.max(0, text.length - 7) }, (_, at) => text.slice(at, at + 8));
}

describe("more records than one stored file may hold", () => {
  it("are refused before anything of them is noted or put", async () => {
    const world = openWorld();
    const [alice] = await groupOf(world, []);
    const before = await keysLike(world, /./);
    const { head } = live(alice).view.state;
    const operations = Array.from({ length: 60 }, (_, index) => {
      return { ...newFolder(live(alice), `${index}`), path: "p".repeat(16_000) } as Operation;
    });
    const drafts = Array.from({ length: 38 }, () => forgedChange({ head, operations }));
    await expect(publish(live(alice), { drafts })).rejects.toMatchObject({
      code: "limit",
      message: expect.stringMatching(/one stored file/),
    });
    await makeFolder(live(alice), "after");
    expect(shownPaths(live(alice))).toEqual(["after"]);
    expect(await keysLike(world, /./)).toHaveLength(before.length + 1);
  });
});
