/** Chance that is the same each time: numbers, keys and nonces drawn from a seed, so that a failing run can be run again. */
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
  return { ...plainCrypto, randomBytes: (length) => filled(new Uint8Array(length), draw) };
}

function filled<Bytes extends Uint8Array>(bytes: Bytes, draw: Draw): Bytes {
  for (let index = 0; index < bytes.length; index++) bytes[index] = draw(256);
  return bytes;
}

/** Makes the libraries' own randomness follow the seed too, as long as `work` runs. */
export async function withSeededPlatform<Result>(draw: Draw, work: () => Promise<Result>): Promise<Result> {
  const platform = globalThis.crypto;
  const genuine = platform.getRandomValues;
  const seeded = <View extends ArrayBufferView>(view: View): View => {
    filled(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), draw);
    return view;
  };
  Object.defineProperty(platform, "getRandomValues", { value: seeded, configurable: true, writable: true });
  try {
    return await work();
  } finally {
    Object.defineProperty(platform, "getRandomValues", { value: genuine, configurable: true, writable: true });
  }
}
