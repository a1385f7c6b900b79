/** Chance that is the same each time: numbers, keys and nonces drawn from a seed, so that a failing run can be run again. */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from "node:crypto";
import type { Crypto } from "@conclave/core";
import { plainCrypto } from "./world.ts";

/** Draws whole numbers from 0 up to, not including, `below`. */
export type Draw = (below: number) => number;

/** Mulberry32: small, and good enough to choose what happens next. */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}

/** The platform's cryptography with random bytes from a seed. For tests alone: whoever knows the seed knows the keys. */
export function seededCrypto(draw: Draw): Crypto {
  const verdicts = new Map<string, Promise<boolean>>();
  return {
    ...plainCrypto,
    randomBytes: (length) => filled(new Uint8Array(length), draw),
    // All devices of a story verify the same records, and what was true of one stays true.
    verify: (options) => {
      const { verifyingKey, signature, message } = options;
      const id = Buffer.concat([verifyingKey, signature, message]).toString("latin1");
      const verdict = verdicts.get(id) ?? plainCrypto.verify(options);
      verdicts.set(id, verdict);
      return verdict;
    },
  };
}

function filled<Bytes extends Uint8Array>(bytes: Bytes, draw: Draw): Bytes {
  for (let index = 0; index < bytes.length; index++) bytes[index] = draw(256);
  return bytes;
}

/** Makes the libraries' own randomness follow the seed too, and their key agreement quick, as long as `work` runs. */
export async function withSeededPlatform<Result>(draw: Draw, work: () => Promise<Result>): Promise<Result> {
  const platform = globalThis.crypto;
  const restore = [
    replaced(platform, "getRandomValues", (view: ArrayBufferView) => {
      filled(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), draw);
      return view;
    }),
    ...quickX25519(platform.subtle),
  ];
  try {
    return await work();
  } finally {
    for (const undo of restore) undo();
  }
}

function replaced(on: object, name: string, value: unknown): () => void {
  const genuine: unknown = Reflect.get(on, name);
  Object.defineProperty(on, name, { value, configurable: true, writable: true });
  return () => Object.defineProperty(on, name, { value: genuine, configurable: true, writable: true });
}

/** Keys that stories imported. A library may keep one from one story to the next. */
const keys = new WeakMap<object, { readonly key: () => KeyObject; readonly id: string }>();

/**
 * X25519 as WebCrypto does it, with Node's own: without a way through the thread pool, and each result once, as all devices
 * of a story open the same files with the same epoch's key.
 */
function quickX25519(subtle: SubtleCrypto): (() => void)[] {
  const shared = new Map<string, ArrayBuffer>();
  const [importKey, deriveBits] = [subtle.importKey.bind(subtle), subtle.deriveBits.bind(subtle)];
  return [
    replaced(subtle, "importKey", async (...all: Parameters<SubtleCrypto["importKey"]>) => {
      const [format, data, algorithm] = all as unknown as [string, Uint8Array, unknown];
      if (!isX25519(algorithm) || (format !== "raw" && format !== "pkcs8")) return importKey(...all);
      const handle = {};
      const copy = Buffer.from(data);
      keys.set(handle, { key: () => keyObject(format, copy), id: copy.toString("latin1") });
      return handle;
    }),
    replaced(subtle, "deriveBits", async (...all: Parameters<SubtleCrypto["deriveBits"]>) => {
      const [algorithm, secret] = all;
      const [own, other] = [keys.get(secret), keys.get((algorithm as { readonly public: object }).public)];
      if (!isX25519(algorithm) || !own || !other) return deriveBits(...all);
      const id = own.id + other.id;
      const known = shared.get(id) ?? new Uint8Array(agree(own.key(), other.key())).buffer;
      shared.set(id, known);
      return known.slice();
    }),
  ];
}

function isX25519(algorithm: unknown): boolean {
  return (algorithm as { readonly name?: unknown } | undefined)?.name === "X25519";
}

const SPKI_START = Buffer.from("302a300506032b656e032100", "hex");

/** Node's own form of keys, by what they were made from: making one takes as long as using it. */
const keyObjects = new Map<string, KeyObject>();
const KEY_OBJECTS_KEPT = 10_000;

function keyObject(format: "raw" | "pkcs8", data: Buffer): KeyObject {
  const id = `${format} ${data.toString("latin1")}`;
  const key = keyObjects.get(id) ?? newKeyObject(format, data);
  if (keyObjects.size > KEY_OBJECTS_KEPT) keyObjects.clear();
  keyObjects.set(id, key);
  return key;
}

function newKeyObject(format: "raw" | "pkcs8", data: Buffer): KeyObject {
  if (format === "pkcs8") return createPrivateKey({ key: data, format: "der", type: "pkcs8" });
  return createPublicKey({ key: Buffer.concat([SPKI_START, data]), format: "der", type: "spki" });
}

/** @throws DOMException where there is no secret to share, as WebCrypto does. */
function agree(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  try {
    return diffieHellman({ privateKey, publicKey });
  } catch (cause) {
    throw new DOMException(String(cause), "OperationError");
  }
}
