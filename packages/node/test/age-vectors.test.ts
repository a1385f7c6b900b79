import { createHash } from "node:crypto";
import { type Crypto, openFile, openHeader, openWithPassphrase, STANZAS_MAX, suiteOf, webCrypto } from "@conclave/core";
import { armor, Decrypter } from "age-encryption";
import { describe, expect, it } from "vitest";
import { nodeCrypto } from "../src/crypto.ts";
import { type AgeVector, ageVectors } from "./support/age-vectors.ts";

const native = nodeCrypto({ workers: 0 });
const ports: readonly (readonly [string, Crypto])[] = [
  ["natively", native],
  ["in JavaScript", webCrypto()],
];
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Good files that no group of ours takes: armored, under a passphrase, or with stanzas other than the group's own. */
const REFUSED_BY_US = [
  "armor_crlf",
  "armor_full_last_line",
  "armor_hybrid",
  "armor_no_eol",
  "armor_scrypt",
  "armor_whitespace_outside",
  "armor_x25519",
  "hybrid_and_x25519",
  "hybrid_grease",
  "scrypt",
  "stanza_empty_body",
  "stanza_empty_last_line",
  "stanza_valid_characters",
  "x25519_grease",
];

function decrypter(vector: AgeVector): Decrypter {
  const decrypter = new Decrypter();
  for (const identity of vector.identities) decrypter.addIdentity(identity);
  for (const passphrase of vector.passphrases) decrypter.addPassphrase(passphrase);
  return decrypter;
}

/** Header, nonce and chunks of a file whose header is known to be good. */
function split(file: Uint8Array<ArrayBuffer>) {
  const mac = Buffer.from(file).indexOf("\n--- ") + 1;
  const end = file.indexOf(0x0a, mac) + 1;
  return { header: file.slice(0, end), nonce: file.slice(end, end + 16), chunks: file.slice(end + 16) };
}

it("there are 143 vectors, and each is tried in every way below", () => {
  expect(ageVectors).toHaveLength(143);
  expect(ageVectors.filter(({ expected }) => expected === "success")).toHaveLength(26);
  for (const name of REFUSED_BY_US) expect(ageVectors.find((vector) => vector.name === name)?.expected).toBe("success");
});

describe("the library", () => {
  it.each(ageVectors)("gives the published result on $name", async (vector) => {
    const work = async () => {
      const file = vector.isArmored ? armor.decode(new TextDecoder().decode(vector.file)) : vector.file;
      return sha256(await decrypter(vector).decrypt(file));
    };
    if (vector.expected === "success") expect(await work()).toBe(vector.payloadDigest);
    else await expect(work()).rejects.toThrow();
  });
});

describe.each(ports)("a group's reader, with payloads opened %s,", (_how, crypto) => {
  it.each(ageVectors)("opens $name if it is good and of one suite, else calls it corrupt", async (vector) => {
    const [identity] = vector.identities;
    const isOpened = vector.expected === "success" && !REFUSED_BY_US.includes(vector.name);
    // Files under a passphrase come without an identity: any will do, as none may open them.
    const suite = identity === undefined ? "classic" : suiteOf(identity);
    const identities = vector.identities.filter((each) => suiteOf(each) === suite);
    const options = { sealed: vector.file.slice(), identities, suite, maxStanzas: STANZAS_MAX };
    if (isOpened) expect(sha256(await openFile(crypto, options))).toBe(vector.payloadDigest);
    else await expect(openFile(crypto, options)).rejects.toThrow(expect.objectContaining({ code: "corrupt" }));
  });
});

const withPayload = ageVectors.filter(
  ({ expected, isArmored }) => !isArmored && (expected === "success" || expected === "payload failure"),
);

describe.each(ports)("a payload %s", (_how, crypto) => {
  it.each(withPayload)("opens, and seals again to the same bytes, exactly if that of $name is good", async (vector) => {
    const { header, nonce, chunks } = split(vector.file);
    const fileKey = await decrypter(vector).decryptHeader(header);
    const opening = crypto.openPayload({ fileKey, nonce, chunks, firstChunk: 0, last: true });
    if (vector.expected !== "success") {
      await expect(opening).rejects.toThrow(expect.objectContaining({ code: "corrupt" }));
      return;
    }
    const plaintext = await opening;
    expect(sha256(plaintext)).toBe(vector.payloadDigest);
    const again = await crypto.sealPayload({ header, fileKey, nonce, plaintext });
    expect(Buffer.from(again.sealed).equals(vector.file)).toBe(true);
    expect(Buffer.from(again.digest).toString("hex")).toBe(sha256(vector.file));
  });
});

describe("a reader of passphrase files", () => {
  it.each(ageVectors)(
    "hashes nothing for $name, whose work factor is too low if it has one",
    async ({ file, passphrases }) => {
      let hashed = 0;
      const scrypt = async () => {
        hashed++;
        return new Uint8Array(32);
      };
      const passphrase = passphrases[0] ?? "password";
      await expect(openWithPassphrase(native, { sealed: file.slice(), passphrase, scrypt })).rejects.toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(?:limit|corrupt)$/) }),
      );
      expect(hashed).toBe(0);
    },
  );
});

it("the header alone opens for each good file of one suite", async () => {
  const good = ageVectors.filter(({ name, expected }) => expected === "success" && !REFUSED_BY_US.includes(name));
  for (const { file, identities } of good) {
    const suite = suiteOf(identities[0] ?? "");
    const { header } = split(file);
    const start = file.subarray(0, header.length + 16);
    const opened = await openHeader({ start, identities, suite, maxStanzas: STANZAS_MAX });
    expect(opened.payloadOffset).toBe(header.length + 16);
  }
  expect(good).toHaveLength(12);
});
