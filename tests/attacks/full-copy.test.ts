/** What a removed member can do who kept all that ever lay on the storage, and every key in it. */
import {
  addMember,
  ConclaveError,
  type Crypto,
  catchUp,
  headerBytes,
  type OpenedHeader,
  openHeader,
  reencrypt,
} from "@conclave/core";
import { memoryStore, type Recorder, recording } from "@conclave/stores/testing";
import { describe, expect, it } from "vitest";
import { comeTogether, keysLike, people, removeBy } from "../support/attacked.ts";
import { isSecret, keyRing, type Ring, tryOpen } from "../support/key-ring.ts";
import { openWorld } from "../support/open-world.ts";
import { budget, live, plainCrypto, put, type World } from "../support/world.ts";

type Files = Recorder["everStored"];

async function lying(world: World, pattern = /\.age$/): Promise<Files> {
  const keys = await keysLike(world, pattern);
  return Promise.all(keys.map(async (key) => ({ key, bytes: await world.store.get(key) })));
}

/** Identities that stand in what a ring opens: the epochs' in grants. */
async function identitiesIn(ring: Ring, files: Files): Promise<string[]> {
  const opened = await Promise.all(files.map(({ bytes }) => tryOpen(ring, bytes)));
  const text = opened.map((bytes) => new TextDecoder().decode(bytes)).join("\n");
  return [...new Set(text.match(/AGE-SECRET-KEY-[A-Z0-9-]+/g))];
}

/** A ring, and all that opens with what it opens. */
async function grown(ring: Ring, files: Files): Promise<Ring> {
  const classic = [...new Set([...ring.classic, ...(await identitiesIn(ring, files))])];
  return classic.length === ring.classic.length ? ring : grown({ ...ring, classic }, files);
}

/** The file key of each file that a ring opens. */
async function fileKeys(ring: Ring, files: Files): Promise<OpenedHeader["fileKey"][]> {
  const keys: OpenedHeader["fileKey"][] = [];
  for (const { bytes } of files) {
    const options = { start: bytes, identities: [...ring.classic], suite: "classic", maxStanzas: 256 } as const;
    const header = await openHeader(options).catch((error: unknown) => {
      if (!(error instanceof ConclaveError)) throw error;
    });
    if (header) keys.push(header.fileKey);
  }
  return keys;
}

/** The first file whose payload one of these file keys opens, whatever stands in its header. */
async function opensWith(crypto: Crypto, keys: readonly Uint8Array[], files: Files): Promise<string | undefined> {
  for (const { key, bytes } of files) {
    const stanzas = new TextDecoder("latin1").decode(bytes).split("\n-> ").length - 1;
    const header = headerBytes("classic", stanzas);
    const [nonce, chunks] = [bytes.slice(header, header + 16), bytes.slice(header + 16)];
    for (const fileKey of keys) {
      const payload = { fileKey, nonce, chunks: chunks.slice(), firstChunk: 0, last: true };
      if (await crypto.openPayload(payload).catch(() => undefined)) return key;
    }
  }
  return undefined;
}

async function group() {
  const recorder = recording(memoryStore({ settled: true }));
  const world = openWorld({ store: recorder.store });
  const { alice, bob, carol } = await people({ world });
  await put(live(alice), { "of alice": "x".repeat(3000) });
  await put(live(bob), { "of bob": "y".repeat(3000) });
  await comeTogether(alice, bob, carol);
  return { recorder, world, alice, bob, carol };
}

describe("attack 30: all that ever lay there, and every key in it", () => {
  it("opens nothing more after the re-encryption: neither the keys of epochs in it, nor those of its files", async () => {
    const { recorder, world, alice, bob, carol } = await group();
    await removeBy(alice, "bob", "now");
    await catchUp(live(bob)).catch(() => undefined);
    const copy = [...recorder.everStored];
    const ring = await grown(keyRing(bob, world.crypto), copy);
    const kept = await fileKeys(ring, copy);
    expect(
      await opensWith(
        plainCrypto,
        kept,
        copy.filter(({ key }) => key.includes("/objects/")),
      ),
    ).toBeDefined();
    await reencrypt(live(alice), { budget: budget() });
    await comeTogether(alice, carol);
    await put(live(carol), { later: "z" });
    const now = (await lying(world)).filter(({ key }) => isSecret(key));
    expect(now.length).toBeGreaterThan(5);
    expect(await fileKeys(ring, now)).toEqual([]);
    expect(await opensWith(plainCrypto, kept, now)).toBeUndefined();
  });

  it("reads in what is left of its epoch no name and no key of what came after, though others say again that it ended", async () => {
    const { recorder, world, alice, bob, carol } = await group();
    await removeBy(alice, "bob", "now");
    await reencrypt(live(alice), { budget: budget() });
    await addMember(live(alice), { card: (await world.device("newcomer")).card, role: "editor" });
    await put(live(alice), { "the next secret": "z" });
    for (const key of await keysLike(world, /\/notice-/)) await world.store.delete(key);
    await comeTogether(carol, alice);
    const ring = await grown(keyRing(bob, world.crypto), recorder.everStored);
    const opened = await Promise.all((await lying(world)).map(({ bytes }) => tryOpen(ring, bytes)));
    const text = opened.map((bytes) => new TextDecoder().decode(bytes)).join("\n");
    expect(text).toContain('"act":"remove"');
    for (const name of ["newcomer", "the next secret", "of alice", "AGE-SECRET-KEY-"]) expect(text).not.toContain(name);
  });
});
