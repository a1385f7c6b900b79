/** The C2SP CCTV vectors of the age format, as the package `cctv-age` carries them. */
import { inflateSync } from "node:zlib";
import * as vectorFiles from "cctv-age";

/** One vector. Its text header is described in the package's README. */
export interface AgeVector {
  readonly name: string;
  readonly expected: "success" | "no match" | "HMAC failure" | "header failure" | "payload failure" | "armor failure";
  /** SHA-256 of the plaintext, in hexadecimal. */
  readonly payloadDigest: string | undefined;
  readonly identities: readonly string[];
  readonly passphrases: readonly string[];
  readonly isArmored: boolean;
  readonly file: Uint8Array<ArrayBuffer>;
}

/** All vectors, by name. */
export const ageVectors: readonly AgeVector[] = Object.entries(vectorFiles)
  .filter(([, bytes]) => bytes instanceof Uint8Array)
  .map(([name, bytes]) => parse(name, Buffer.from(bytes as Uint8Array)))
  .sort((left, right) => left.name.localeCompare(right.name));

function parse(name: string, bytes: Buffer): AgeVector {
  const end = bytes.indexOf("\n\n");
  const fields = bytes.subarray(0, end).toString().split("\n");
  const all = (key: string) =>
    fields.filter((line) => line.startsWith(`${key}: `)).map((line) => line.slice(key.length + 2));
  const stored = bytes.subarray(end + 2);
  return {
    name,
    expected: all("expect")[0] as AgeVector["expected"],
    payloadDigest: all("payload")[0],
    identities: all("identity"),
    passphrases: all("passphrase"),
    isArmored: all("armored").includes("yes"),
    file: new Uint8Array(all("compressed").includes("zlib") ? inflateSync(stored) : stored),
  };
}
