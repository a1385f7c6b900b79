/** Keys of devices and kits, drawn from a number alone, so that a story is the same after any other. */
import { createHash } from "node:crypto";
import { drawFrom, seededCrypto, withSeededPlatform } from "../support/seeded.ts";
import { type DeviceKeys, newKeys } from "../support/world.ts";

/** How many sets of keys there are; making them takes longer than all that is done with them in a short story. */
const KEY_SETS = 4;
/** Keys in each: as many as a story may need. */
const KEYS = 24;
const made = new Map<number, Promise<readonly DeviceKeys[]>>();

/** Stands in every content and name, so that plaintext is found wherever it lies. */
export const MARKER = "PLANTED";

/** Which keys a story has. */
export function keySetOf(seed: number): number {
  return seed % KEY_SETS;
}

/** All keys of a story, before it begins: made while commands run, they would take chance from these. */
export function keysFor(seed: number): Promise<readonly DeviceKeys[]> {
  const set = keySetOf(seed);
  const draw = drawFrom(hash(`keys ${set}`));
  const keys = made.get(set) ?? withSeededPlatform(draw, () => makeKeys(draw));
  made.set(set, keys);
  return keys;
}

async function makeKeys(draw: ReturnType<typeof drawFrom>): Promise<readonly DeviceKeys[]> {
  const keys: DeviceKeys[] = [];
  for (let number = 1; number <= KEYS; number++) {
    const name = `${MARKER}-${"abcdefghijklmnopqrstuvwxyz"[number - 1]}${number}`;
    keys.push(await newKeys(seededCrypto(draw), { name, time: 1 }));
  }
  return keys;
}

/** A number that follows from a text. */
export function hash(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32LE(0);
}
