import { Decrypter, Encrypter } from "age-encryption";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { CHUNK_BYTES } from "../../src/age/chunks.ts";
import { type EpochIdentity, epochOf, newEpochIdentity } from "../../src/age/epoch-identity.ts";
import { fileLength, filePlaintextLength, openFile, plaintextMemory, sealFile } from "../../src/age/file.ts";
import { headerBytes, headerLength, openHeader, STANZAS_MAX, sealHeader } from "../../src/age/header.ts";
import { webCrypto } from "../../src/age/web-crypto.ts";
import { concatBytes, toUtf8 } from "../../src/encoding/bytes.ts";
import { sha256Hex } from "../../src/encoding/digest.ts";
import { toHex } from "../../src/encoding/hex.ts";
import type { Suite } from "../../src/records/entry.ts";

const crypto = webCrypto();
const keys = {} as Record<Suite, EpochIdentity>;
const suites = ["hybrid", "classic"] as const;

beforeAll(async () => {
  for (const suite of suites) keys[suite] = await newEpochIdentity(suite);
});

function content(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}

async function sealed(suite: Suite, plaintext = content(100)): Promise<Uint8Array<ArrayBuffer>> {
  return (await sealFile(crypto, { recipients: [keys[suite].recipient], plaintext, suite })).sealed;
}

function open(suite: Suite, file: Uint8Array<ArrayBuffer>, maxStanzas?: number): Promise<Uint8Array> {
  const options = { sealed: file, identities: [keys[suite].identity], suite };
  return openFile(crypto, maxStanzas === undefined ? options : { ...options, maxStanzas });
}

const corrupt = expect.objectContaining({ code: "corrupt", message: "age file does not open" });

describe.each(suites)("an age file of the %s suite", (suite) => {
  it.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])(
    "of %d bytes opens again",
    async (length) => {
      const file = await sealed(suite, content(length));
      expect(file.length).toBe(fileLength(suite, length));
      expect(filePlaintextLength(suite, file.length)).toBe(length);
      expect(await open(suite, file)).toEqual(content(length));
    },
  );

  it("is opened by the library, and opens what the library sealed", async () => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(keys[suite].identity);
    expect(await decrypter.decrypt(await sealed(suite, content(70_000)))).toEqual(content(70_000));
    const encrypter = new Encrypter();
    encrypter.addRecipient(keys[suite].recipient);
    expect(await open(suite, new Uint8Array(await encrypter.encrypt(content(70_000))))).toEqual(content(70_000));
  });

  it("comes with the digest of its bytes", async () => {
    const { sealed, digest } = await sealFile(crypto, {
      recipients: [keys[suite].recipient],
      plaintext: content(9),
      suite,
    });
    expect(toHex(digest)).toBe(sha256Hex(sealed));
  });

  it("never has the same file key, nonce or bytes twice", async () => {
    const files = await Promise.all([1, 2, 3].map(() => sealed(suite)));
    const opened = await Promise.all(
      files.map((start) => openHeader({ start, identities: [keys[suite].identity], suite })),
    );
    expect(new Set(opened.map(({ fileKey }) => toHex(fileKey))).size).toBe(3);
    expect(new Set(opened.map(({ nonce }) => toHex(nonce))).size).toBe(3);
    expect(new Set(files.map(sha256Hex)).size).toBe(3);
  });

  it("is refused with any byte flipped, in header, nonce, chunk or tag", { timeout: 60_000 }, async () => {
    const file = await sealed(suite);
    const header = headerBytes(suite);
    const places = fc.oneof(
      fc.integer({ min: 0, max: header - 1 }),
      fc.integer({ min: header, max: file.length - 1 }),
      fc.constantFrom(0, header - 1, header, header + 16, file.length - 16, file.length - 1),
    );
    await fc.assert(
      fc.asyncProperty(places, fc.integer({ min: 1, max: 255 }), async (place, flip) => {
        const altered = file.slice();
        altered[place] = (altered[place] ?? 0) ^ flip;
        await expect(open(suite, altered)).rejects.toThrow(corrupt);
      }),
      { numRuns: 150 },
    );
  });

  it("is refused when cut at any place", async () => {
    const file = await sealed(suite);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: file.length - 1 }), async (length) => {
        await expect(open(suite, file.slice(0, length))).rejects.toThrow(corrupt);
      }),
      { numRuns: 60 },
    );
  });

  it("is refused by another identity of the suite, with the same words", async () => {
    const stranger = await newEpochIdentity(suite);
    const file = await sealed(suite);
    await expect(openFile(crypto, { sealed: file, identities: [stranger.identity], suite })).rejects.toThrow(corrupt);
  });

  it("opens with the second of two identities, which alone fits", async () => {
    const identities = [(await newEpochIdentity(suite)).identity, keys[suite].identity];
    expect(await openFile(crypto, { sealed: await sealed(suite), identities, suite })).toEqual(content(100));
  });

  it("has room behind its plaintext where it was made for sealing", () => {
    const memory = plaintextMemory({ suite, length: 100_000 });
    expect(memory.length).toBe(100_000);
    expect(memory.buffer.byteLength).toBe(fileLength(suite, 100_000));
  });
});

it("no stored length below that of an empty file holds any plaintext", () => {
  for (const suite of suites) {
    for (const stored of [0, headerBytes(suite), fileLength(suite, 0) - 1]) {
      expect(() => filePlaintextLength(suite, stored)).toThrow(expect.objectContaining({ code: "corrupt" }));
    }
  }
});

describe("where a header ends", () => {
  const line = "A".repeat(43);
  const stanza = `-> X25519 ${line}\n${line}\n`;
  const version = "age-encryption.org/v1\n";
  const mac = `--- ${line}\n`;
  const end = (header: string, maxStanzas = 2) => headerLength(toUtf8(`${header}and more`), "classic", maxStanzas);

  it("is found without opening it", () => {
    expect(end(version + stanza + mac)).toBe(headerBytes("classic"));
    expect(end(version + stanza + stanza + mac)).toBe(headerBytes("classic", 2));
  });

  it.each([
    ["of another version", version.replace("v1", "v2") + stanza + mac],
    ["without a stanza", version + mac],
    ["with a stanza too many", version + stanza + stanza + stanza + mac],
    ["with a stanza of another type", version + stanza.replace("X25519", "x25519") + mac],
    ["with a stanza of another suite behind", `${version}${stanza}-> mlkem768x25519 ${line}\n${line}\n${mac}`],
    ["with a longer argument", version + stanza.replace("A\n", "AA\n") + mac],
    ["with a shorter argument", version + stanza.replace("A\n", "\n") + mac],
    ["with a longer body", version + stanza.replace(/\n$/, "A\n") + mac],
    ["with a body on two lines", version + stanza.replace(/A\n$/, "\n\n") + mac],
    ["with a longer MAC", version + stanza + mac.replace("\n", "A\n")],
    ["without a MAC", version + stanza],
    ["with another line as long as the MAC's", version + stanza + stanza + mac.replace("---", "--+")],
    ["with an end of line more", `${version}\n${stanza}${mac}`],
  ])("is nowhere in one %s", (_what, header) => {
    expect(() => end(header)).toThrow(corrupt);
  });
});

describe("a header", () => {
  it("does not open without the whole nonce behind it", async () => {
    const file = await sealed("classic");
    const length = headerBytes("classic") + 16;
    const open = (start: Uint8Array) => openHeader({ start, identities: [keys.classic.identity], suite: "classic" });
    expect((await open(file.subarray(0, length))).payloadOffset).toBe(length);
    await expect(open(file.subarray(0, length - 1))).rejects.toThrow(corrupt);
    await expect(open(file.subarray(0, length - 16))).rejects.toThrow(corrupt);
  });

  it("has one length for each suite and number of stanzas", async () => {
    for (const suite of suites) {
      const { header } = await sealHeader({ recipients: [keys[suite].recipient, keys[suite].recipient], suite });
      expect(header.length).toBe(headerBytes(suite, 2));
    }
  });

  it("for several recipients opens for each of them, where so many stanzas are expected", async () => {
    const other = await newEpochIdentity("classic");
    const recipients = [other.recipient, keys.classic.recipient];
    const { sealed: file } = await sealFile(crypto, { recipients, plaintext: content(5), suite: "classic" });
    expect(await open("classic", file.slice(), 2)).toEqual(content(5));
    await expect(open("classic", file.slice())).rejects.toThrow(corrupt);
  });

  it("that wraps another file key for its second recipient opens for none but the first", async () => {
    const second = await newEpochIdentity("classic");
    const other = new TextDecoder("latin1").decode(
      (await sealHeader({ recipients: [second.recipient], suite: "classic" })).header,
    );
    const [, argument = "", body = ""] = /-> X25519 (\S+)\n(\S+)\n/.exec(other) ?? [];
    const encrypter = new Encrypter();
    encrypter.addRecipient(keys.classic.recipient);
    encrypter.addRecipient({
      wrapFileKey: () => [{ args: ["X25519", argument], body: Uint8Array.from(atob(body), (c) => c.charCodeAt(0)) }],
    });
    const file = new Uint8Array(await encrypter.encrypt(content(5)));
    expect(await open("classic", file.slice(), 2)).toEqual(content(5));
    const theirs = { sealed: file, identities: [second.identity], suite: "classic" as const, maxStanzas: 2 };
    await expect(openFile(crypto, theirs)).rejects.toThrow(corrupt);
  });

  it("is made for one recipient at least, and for no more than the limit", async () => {
    const { recipient } = keys.classic;
    const many = Array.from({ length: STANZAS_MAX + 1 }, () => recipient);
    const limit = expect.objectContaining({ code: "limit" });
    await expect(sealHeader({ recipients: [], suite: "classic" })).rejects.toThrow(limit);
    await expect(sealHeader({ recipients: many, suite: "classic" })).rejects.toThrow(limit);
  });

  it("with more stanzas than the limit is refused before any of them is tried", async () => {
    const encrypter = new Encrypter();
    for (let stanza = 0; stanza <= STANZAS_MAX; stanza++) encrypter.addRecipient(keys.classic.recipient);
    const file = new Uint8Array(await encrypter.encrypt(content(5)));
    await expect(open("classic", file, STANZAS_MAX * 2)).rejects.toThrow(corrupt);
  });

  it("of megabytes without an end is refused after its first line", async () => {
    const endless = new Uint8Array(4 * 1024 * 1024).fill(0x41);
    endless.set(toUtf8("age-encryption.org/v1\n-> X25519 "));
    await expect(open("classic", endless, STANZAS_MAX)).rejects.toThrow(corrupt);
  });

  it("of the other suite, or of both mixed, is refused", async () => {
    for (const recipients of [
      [keys.classic.recipient],
      [keys.hybrid.recipient, keys.classic.recipient],
      [keys.classic.recipient, keys.hybrid.recipient],
    ]) {
      const encrypter = new Encrypter();
      for (const recipient of recipients) encrypter.addRecipient(recipient);
      const file = new Uint8Array(await encrypter.encrypt(content(5)));
      await expect(open("hybrid", file.slice(), STANZAS_MAX)).rejects.toThrow(corrupt);
    }
  });

  it("with a stanza of an unknown type beside the right one is refused", async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(keys.classic.recipient);
    encrypter.addRecipient({ wrapFileKey: () => [{ args: ["grease", "x"], body: new Uint8Array(32) }] });
    const file = new Uint8Array(await encrypter.encrypt(content(5)));
    await expect(open("classic", file, STANZAS_MAX)).rejects.toThrow(corrupt);
  });

  it("of a passphrase file is refused", async () => {
    const encrypter = new Encrypter();
    encrypter.setPassphrase("a passphrase");
    encrypter.setScryptWorkFactor(2);
    const file = new Uint8Array(await encrypter.encrypt(content(5)));
    await expect(open("classic", file)).rejects.toThrow(corrupt);
  });

  it("swapped with the header of another file is refused", async () => {
    const [one, other] = [await sealed("classic"), await sealed("classic")];
    const length = headerBytes("classic");
    const mixed = concatBytes(one.subarray(0, length), other.subarray(length));
    await expect(open("classic", mixed)).rejects.toThrow(corrupt);
  });
});

describe("keys of the wrong suite", () => {
  it("are refused as recipients", async () => {
    const unsupported = expect.objectContaining({ code: "unsupported" });
    const seal = (recipients: string[], suite: Suite) => sealFile(crypto, { recipients, plaintext: content(1), suite });
    await expect(seal([keys.classic.recipient], "hybrid")).rejects.toThrow(unsupported);
    await expect(seal([keys.hybrid.recipient, keys.classic.recipient], "hybrid")).rejects.toThrow(unsupported);
    await expect(seal([keys.hybrid.recipient], "classic")).rejects.toThrow(unsupported);
  });

  it("are refused as identities", async () => {
    const options = { sealed: await sealed("hybrid"), identities: [keys.classic.identity], suite: "hybrid" as const };
    await expect(openFile(crypto, options)).rejects.toThrow(expect.objectContaining({ code: "unsupported" }));
  });
});

it("an epoch is the digest of its recipient and one line feed", () => {
  const { epoch, recipient } = keys.hybrid;
  expect(epoch).toBe(sha256Hex(toUtf8(`${recipient}\n`)));
  expect(epochOf(recipient)).toBe(epoch);
});
