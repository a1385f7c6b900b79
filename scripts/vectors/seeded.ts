/** Nothing in a vector is left to chance: the same run gives the same bytes, so that a change of a vector shows in a diff. */
import { concatBytes, toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { sha256Hex } from "../../packages/core/src/encoding/digest.ts";
import { fromHex } from "../../packages/core/src/encoding/hex.ts";

/** 32 bytes that follow from a label, in hexadecimal. For vectors only: nobody's secret. */
export function seededHex(label: string): string {
  return sha256Hex(toUtf8(`conclave vectors: ${label}`));
}

export function seeded(label: string): Uint8Array<ArrayBuffer> {
  return fromHex(seededHex(label));
}

/** As many bytes as wanted. */
export function seededBytes(label: string, length: number): Uint8Array<ArrayBuffer> {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) => seeded(`${label} ${index}`));
  return concatBytes(...blocks).subarray(0, length);
}

let stream = "";
let drawn = 0;

/** Starts the platform's generator anew for one file of vectors, so that files do not depend on one another. */
export function reseed(label: string): void {
  stream = label;
  drawn = 0;
}

/** Makes the platform's generator follow from {@link reseed}: age files are sealed with what it gives. */
export function seedPlatform(): void {
  const getRandomValues = <T extends ArrayBufferView>(target: T): T => {
    const { buffer, byteOffset, byteLength } = target;
    new Uint8Array(buffer, byteOffset, byteLength).set(seededBytes(`${stream}: draw ${drawn++}`, byteLength));
    return target;
  };
  Object.defineProperty(globalThis.crypto, "getRandomValues", { value: getRandomValues });
}
