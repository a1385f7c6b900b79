import { beforeAll, describe, expect, it } from "vitest";
import { newEpochIdentity } from "../../src/age/epoch-identity.ts";
import { openFile, sealFile } from "../../src/age/file.ts";
import { layoutOf } from "../../src/contents/archive.ts";
import { objectKey, objectLength, openObject, sealObject } from "../../src/contents/object.ts";
import type { StoredBlob } from "../../src/contents/packer.ts";
import { toHex } from "../../src/encoding/hex.ts";
import { STORE_KEY, STORED_BYTES_MAX } from "../../src/ports/store.ts";
import { PIECE_BYTES } from "../../src/records/change.ts";
import {
  archiveOf,
  crypto,
  digestOf,
  keyOf,
  newWorld,
  noise,
  openedWhole,
  packedOne,
  piecesOf,
  type World,
} from "./contents-support.ts";
import { FAR_SPOILINGS, NEAR_SPOILINGS } from "./spoilings.ts";

const contents = [noise(100_000, 1), noise(5, 2), noise(200_000, 3)];
const pieces = piecesOf(contents);
let world: World;
let stored: StoredBlob;
let another: StoredBlob;

beforeAll(async () => {
  world = await newWorld();
  stored = await packedOne(world, contents);
  another = await packedOne(world, [noise(100_000, 4), noise(5, 5), noise(200_000, 6)]);
});

/** Seals an archive as a member could who makes up its bytes: everything about the object itself is right. */
async function sealedByHand(archive: Uint8Array<ArrayBuffer>, recipients = [world.epoch.recipient]) {
  const { sealed, digest } = await sealFile(crypto, { recipients, plaintext: archive, suite: "classic" });
  return {
    sealed,
    object: toHex(digest).slice(0, 32),
    pieces,
    identity: world.epoch.identity,
    suite: "classic" as const,
  };
}

describe("an object", () => {
  it("opens to the archive that was sealed", async () => {
    expect(digestOf(await openedWhole(world, stored))).toBe(digestOf(archiveOf(contents)));
  });

  it("is sealed anew to another epoch unchanged, under another file key", async () => {
    const archive = await openedWhole(world, stored);
    const before = digestOf(archive);
    const next = await newEpochIdentity("classic");
    const resealed = await sealObject(crypto, { archive, recipient: next.recipient, suite: "classic" });
    expect(resealed.object).not.toBe(stored.object);
    expect(resealed.length).toBe(stored.length);
    const old = world.store.bytesOf(keyOf(stored));
    expect(toHex(resealed.sealed.subarray(184, 300))).not.toBe(toHex(old.subarray(184, 300)));
    const opened = await openObject(crypto, { ...resealed, pieces, identity: next.identity, suite: "classic" });
    expect(digestOf(opened)).toBe(before);
  });

  it("has the length that its pieces say, in both suites, and fits into every store", async () => {
    expect(objectLength("classic", pieces)).toBe(stored.length);
    expect(objectLength("hybrid", Array(8).fill(["", PIECE_BYTES]))).toBeLessThanOrEqual(STORED_BYTES_MAX);
    const epoch = await newEpochIdentity("hybrid");
    const sealed = await sealObject(crypto, {
      archive: archiveOf(contents),
      recipient: epoch.recipient,
      suite: "hybrid",
    });
    expect(sealed.length).toBe(objectLength("hybrid", pieces));
    expect(sealed.sealed.length).toBe(sealed.length);
  });

  it("is found by epoch and the first half of its digest", () => {
    const key = objectKey(stored.epoch, stored.object);
    expect(key).toBe(`${stored.epoch}/objects/${digestOf(world.store.bytesOf(key)).slice(0, 32)}.age`);
    expect(key).toMatch(STORE_KEY);
  });

  it.each([...NEAR_SPOILINGS, ...FAR_SPOILINGS])("is refused with %s", async (_, spoil) => {
    const bytes = world.store.bytesOf(keyOf(stored)).slice();
    const sealed = spoil(bytes, world.store.bytesOf(keyOf(another)).slice());
    const asked = { object: stored.object, pieces, identity: world.epoch.identity, suite: "classic" as const };
    await expect(openObject(crypto, { ...asked, sealed })).rejects.toMatchObject({ code: "corrupt" });
  });

  it.each(NEAR_SPOILINGS.slice(0, 6))("is refused with %s, also under the digest of these bytes", async (_, spoil) => {
    const sealed = spoil(world.store.bytesOf(keyOf(stored)).slice(), new Uint8Array(0));
    const asked = {
      object: digestOf(sealed).slice(0, 32),
      pieces,
      identity: world.epoch.identity,
      suite: "classic" as const,
    };
    await expect(openObject(crypto, { ...asked, sealed })).rejects.toMatchObject({ code: "corrupt" });
  });

  it("is refused for its length before any work is done on it", async () => {
    const untouched = { ...crypto, sha256: () => Promise.reject(new Error("was digested")) };
    for (const length of [0, stored.length - 1, stored.length + 1, 2 * stored.length]) {
      const asked = { object: stored.object, pieces, identity: world.epoch.identity, suite: "classic" as const };
      const opening = openObject(untouched, { ...asked, sealed: new Uint8Array(length) });
      await expect(opening).rejects.toMatchObject({ code: "corrupt" });
    }
  });

  it("is refused under another name, though it opens", async () => {
    const sealed = world.store.bytesOf(keyOf(stored)).slice();
    await expect(
      openFile(crypto, { sealed: sealed.slice(), identities: [world.epoch.identity], suite: "classic" }),
    ).resolves.toBeDefined();
    const asked = { object: another.object, pieces, identity: world.epoch.identity, suite: "classic" as const };
    await expect(openObject(crypto, { ...asked, sealed })).rejects.toMatchObject({ code: "corrupt" });
  });

  it("is refused as another blob of the same sizes", async () => {
    await expect(openedWhole(world, { ...stored, pieces: another.pieces })).rejects.toMatchObject({ code: "corrupt" });
  });

  it("is refused where two of its pieces are swapped in the blob", async () => {
    const equal = await packedOne(world, [noise(50, 1), noise(50, 2)]);
    await expect(openedWhole(world, { ...equal, pieces: equal.pieces.toReversed() })).rejects.toMatchObject({
      code: "corrupt",
    });
  });

  it("is refused with a second stanza, so that nobody else can read along", async () => {
    const stranger = await newEpochIdentity("classic");
    const asked = await sealedByHand(archiveOf(contents), [world.epoch.recipient, stranger.recipient]);
    await expect(openObject(crypto, asked)).rejects.toMatchObject({ code: "corrupt" });
  });

  it("is refused for an identity of another epoch", async () => {
    const { identity } = await newEpochIdentity("classic");
    const asked = { object: stored.object, pieces, identity, suite: "classic" as const };
    const sealed = world.store.bytesOf(keyOf(stored)).slice();
    await expect(openObject(crypto, { ...asked, sealed })).rejects.toMatchObject({ code: "corrupt" });
  });

  const layout = layoutOf(pieces.map(([, size]) => size));
  it.each([
    ["padding", layout.paddingOffset + 512 + 10],
    ["a header's unused end", 505],
    ["the zeros behind a piece", (layout.offsets[1] as number) + 100],
    ["the two zero blocks", layout.length - 3],
    ["a piece", (layout.offsets[2] as number) + 77_777],
  ])("is refused with something hidden in %s by who sealed it", async (_, at) => {
    const archive = archiveOf(contents);
    archive[at] = (archive[at] as number) ^ 0x80;
    await expect(openObject(crypto, await sealedByHand(archive))).rejects.toMatchObject({ code: "corrupt" });
  });

  it("is refused with padding of another length by who sealed it", async () => {
    const longer = new Uint8Array(layout.length + 65_536);
    longer.set(archiveOf(contents));
    await expect(openObject(crypto, await sealedByHand(longer))).rejects.toMatchObject({ code: "corrupt" });
  });

  it("opens by hand, so that the refusals above have their one cause", async () => {
    await expect(openObject(crypto, await sealedByHand(archiveOf(contents)))).resolves.toBeDefined();
  });
});
