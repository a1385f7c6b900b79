import { type EpochIdentity, newEpochIdentity } from "../../src/age/epoch-identity.ts";
import { webCrypto } from "../../src/age/web-crypto.ts";
import { layoutOf, writeHeaders } from "../../src/contents/archive.ts";
import { ByteBudget } from "../../src/contents/budget.ts";
import type { PieceSource } from "../../src/contents/draft.ts";
import { openObject } from "../../src/contents/object.ts";
import { Packer, type PackerOptions, type StoredBlob } from "../../src/contents/packer.ts";
import {
  type BlobLocation,
  type BlobSource,
  ContentReader,
  type ContentReaderOptions,
  type ReadPiece,
} from "../../src/contents/reader.ts";
import { sha256Hex } from "../../src/encoding/digest.ts";
import type { Crypto } from "../../src/ports/crypto.ts";
import type { Pieces } from "../../src/records/change.ts";
import { MapStore } from "../support/map-store.ts";

export const crypto: Crypto = webCrypto();
export const MEBIBYTE: number = 1024 * 1024;
/** Enough for three archives with their objects. */
export const BUDGET_BYTES: number = 200 * MEBIBYTE;

/** Bytes that no two calls with other seeds share, cheap to make. */
export function noise(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = (seed * 2654435761 + 12345) >>> 0;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

export function digestOf(bytes: Uint8Array): string {
  return sha256Hex(bytes);
}

export function piecesOf(contents: readonly Uint8Array[]): Pieces {
  return contents.map((bytes) => [digestOf(bytes), bytes.length] as const);
}

/** An archive made by hand from whole pieces. */
export function archiveOf(contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const layout = layoutOf(contents.map((bytes) => bytes.length));
  const archive = new Uint8Array(layout.length);
  for (const [index, bytes] of contents.entries()) archive.set(bytes, layout.offsets[index]);
  return writeHeaders(archive, piecesOf(contents));
}

export function source(bytes: Uint8Array): PieceSource {
  return {
    size: bytes.length,
    read: async (into) => into.set(bytes),
  };
}

export interface World {
  readonly store: MapStore;
  readonly epoch: EpochIdentity;
  readonly budget: ByteBudget;
  readonly stored: StoredBlob[];
  readonly noted: string[];
  packer(options?: Partial<PackerOptions>): Packer;
  reader(options?: Partial<ContentReaderOptions>): ContentReader;
}

/** A storage, an epoch, and one budget for all that is done with them. Classic keys: they are quicker to make. */
export async function newWorld(options: { readonly budgetBytes?: number } = {}): Promise<World> {
  const store = new MapStore();
  const epoch = await newEpochIdentity("classic");
  const budget = new ByteBudget(options.budgetBytes ?? BUDGET_BYTES);
  const stored: StoredBlob[] = [];
  const noted: string[] = [];
  return {
    store,
    epoch,
    budget,
    stored,
    noted,
    packer: (more) =>
      new Packer({
        crypto,
        budget,
        suite: "classic",
        epoch: epoch.epoch,
        recipient: epoch.recipient,
        beforePut: (key) => void noted.push(key),
        put: (key, bytes, call) => store.put(key, bytes, call),
        stored: (blob) => void stored.push(blob),
        ...more,
      }),
    reader: (more) =>
      new ContentReader({
        store,
        crypto,
        suite: "classic",
        identities: new Map([[epoch.epoch, epoch.identity]]),
        budget,
        ...more,
      }),
  };
}

export function locationOf(stored: StoredBlob, trusted = true): BlobLocation {
  return { epoch: stored.epoch, object: stored.object, length: stored.length, device: "d".repeat(64), trusted };
}

export function sourceOf(stored: StoredBlob, locations: readonly BlobLocation[] = [locationOf(stored)]): BlobSource {
  return { blob: stored.blob, pieces: stored.pieces, locations };
}

export function keyOf(stored: Pick<StoredBlob, "epoch" | "object">): string {
  return `${stored.epoch}/objects/${stored.object}.age`;
}

/** Packs these pieces and hands back the blobs they came to lie in. */
export async function packed(world: World, contents: readonly Uint8Array[]): Promise<readonly StoredBlob[]> {
  const packer = world.packer();
  const from = world.stored.length;
  for (const bytes of contents) await packer.add(source(bytes));
  await packer.flush();
  return world.stored.slice(from);
}

/** Packs pieces that fit into one blob. */
export async function packedOne(world: World, contents: readonly Uint8Array[]): Promise<StoredBlob> {
  const [blob, ...others] = await packed(world, contents);
  if (blob === undefined || others.length > 0) throw new Error("the pieces did not fit into one blob");
  return blob;
}

/** Everything that a read releases until it ends, and what it ends with. */
export async function drain(
  pieces: AsyncIterable<ReadPiece>,
): Promise<{ readonly released: { index: number; bytes: Uint8Array }[]; readonly problem: unknown }> {
  const released: { index: number; bytes: Uint8Array }[] = [];
  try {
    for await (const { index, bytes } of pieces) released.push({ index, bytes: bytes.slice() });
    return { released, problem: undefined };
  } catch (problem) {
    return { released, problem };
  }
}

/** A stored object opened with every check that re-encryption makes. */
export function openedWhole(world: World, stored: StoredBlob): Promise<Uint8Array<ArrayBuffer>> {
  return openObject(crypto, {
    sealed: world.store.bytesOf(keyOf(stored)).slice(),
    object: stored.object,
    pieces: stored.pieces,
    identity: world.epoch.identity,
    suite: "classic",
  });
}
