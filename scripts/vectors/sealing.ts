/** How things are sealed for vectors, and how a seal is broken. */
import { sealFile } from "../../packages/core/src/age/file.ts";
import { concatBytes } from "../../packages/core/src/encoding/bytes.ts";
import { nameDigest } from "../../packages/core/src/encoding/digest.ts";
import type { Suite } from "../../packages/core/src/records/entry.ts";
import { padLines } from "../../packages/core/src/records/records-file.ts";
import { encodeSignedLine, type SignedLine } from "../../packages/core/src/records/signed-line.ts";
import { type Bytes, bytesOf } from "../../packages/core/test/vectors/vector-file.ts";
import { crypto } from "./world.ts";
import { runs } from "./write.ts";

export function padded(lines: readonly SignedLine[]): Uint8Array<ArrayBuffer> {
  return padLines(concatBytes(...lines.map(encodeSignedLine)));
}

/** What may be done to a sealed file, or to how it is sealed. */
export interface Sealing {
  readonly suite: Suite;
  readonly recipients: readonly string[];
}

export async function seal(plaintext: Uint8Array, { suite, recipients }: Sealing): Promise<Uint8Array<ArrayBuffer>> {
  return (await sealFile(crypto, { recipients, suite, plaintext: new Uint8Array(plaintext) })).sealed;
}

/** One byte of a sealed file flipped, counted from its end if below zero. */
export function flip(sealed: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(sealed);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

/** A file of a byte more than so many KiB, and the digest that its name then has: nobody should even look for a seal. */
export function tooLarge(kibibytes: number): { readonly sealed: Bytes; readonly digest: string } {
  const sealed = runs(["a".repeat(1024), kibibytes], ["a", 1]);
  return { sealed, digest: nameDigest(bytesOf(sealed)) };
}

/** What is wrong with the seal of a file, whatever is in it. The stanza's line, the MAC's and the payload. */
export function brokenSeals(sealed: Uint8Array): readonly (readonly [name: string, bytes: Uint8Array])[] {
  return [
    ["a bit flipped in its version", flip(sealed, 20)],
    ["cut inside its payload's nonce", sealed.subarray(0, 180)],
    ["a bit flipped in its wrapped file key", flip(sealed, 100)],
    ["a bit flipped in the MAC of its header", flip(sealed, 150)],
    ["a bit flipped in its payload", flip(sealed, 400)],
    ["its last byte cut off", sealed.subarray(0, -1)],
    ["nothing behind its header", sealed.subarray(0, 184)],
    ["no bytes at all", new Uint8Array(0)],
  ];
}
