/** Keys of devices and kits, drawn from their name and a number alone, so that a story is the same after any other. */
import { createHash } from "node:crypto";
import { drawFrom, seededCrypto, withSeededPlatform } from "../support/seeded.ts";
import { type DeviceKeys, newKeys } from "../support/world.ts";

/** How many sets of keys there are; making them takes longer than all that is done with them in a short story. */
const KEY_SETS = 4;
const made = new Map<string, Promise<DeviceKeys>>();

/** Which keys a story has. */
export function keySetOf(seed: number): number {
  return seed % KEY_SETS;
}

export function keysOf(name: string, seed: number): Promise<DeviceKeys> {
  const id = `${name} ${keySetOf(seed)}`;
  const draw = drawFrom(hash(id));
  const keys = made.get(id) ?? withSeededPlatform(draw, () => newKeys(seededCrypto(draw), { name, time: 1 }));
  made.set(id, keys);
  return keys;
}

/** A number that follows from a text. */
export function hash(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32LE(0);
}
