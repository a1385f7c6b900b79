import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { webCrypto } from "../../src/age/web-crypto.ts";
import { concatBytes, toUtf8 } from "../../src/encoding/bytes.ts";
import { sha256Hex } from "../../src/encoding/digest.ts";
import { decodeCardFile, encodeCardFile, makeCard, readCard, type SignedCard } from "../../src/identity/card.ts";
import { type DeviceSecrets, newDevice, publicKeysOf } from "../../src/identity/device.ts";
import { fingerprint, matchesFingerprint } from "../../src/identity/fingerprint.ts";
import { kitDevice, newKitSecret } from "../../src/identity/kit.ts";
import type { Card, PublicKeys } from "../../src/records/card.ts";
import { encodeSignedLine, signLine } from "../../src/records/signed-line.ts";

const crypto = webCrypto();
const corrupt = expect.objectContaining({ code: "corrupt", message: expect.stringContaining("card is altered") });
const malformed = expect.objectContaining({ code: "malformed" });
let device: DeviceSecrets;
let kit: PublicKeys;
let alice: SignedCard;

beforeAll(async () => {
  device = await newDevice(crypto, { label: "laptop" });
  kit = await publicKeysOf(kitDevice(newKitSecret(crypto)));
  alice = await makeCard(crypto, { name: "Alice", device, kit, time: 1_700_000_000_000 });
});

/** A card with other values, rightly signed. */
async function signed(changed: Partial<Card>): Promise<Uint8Array<ArrayBuffer>> {
  const value = { ...alice.card, ...changed };
  return encodeSignedLine(await signLine(crypto, { value, signingKey: device.signingKey }));
}

describe("a card file", () => {
  it("gives back the card and its member id", async () => {
    const read = await decodeCardFile(crypto, encodeCardFile(alice.signed));
    expect(read).toEqual(alice);
    expect(read.card.name).toBe("Alice");
    expect(read.member).toBe(sha256Hex(alice.signed.line));
  });

  it("with any one character altered is refused", async () => {
    const file = encodeCardFile(alice.signed);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: file.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (place, flip) => {
          const altered = file.slice();
          altered[place] = (altered[place] ?? 0) ^ flip;
          await expect(decodeCardFile(crypto, altered)).rejects.toThrow(corrupt);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    ["nothing in it", () => new Uint8Array(0)],
    ["its end cut", (file: Uint8Array) => file.slice(0, -1)],
    ["a line feed behind it", (file: Uint8Array) => concatBytes(file, toUtf8("\n"))],
    ["a second card behind it", (file: Uint8Array) => concatBytes(file, file)],
    ["a byte order mark", (file: Uint8Array) => concatBytes(toUtf8("\ufeff"), file)],
    ["a space in its line", (file: Uint8Array) => toUtf8(new TextDecoder().decode(file).replace(",", ", "))],
    ["a newer version", (file: Uint8Array) => toUtf8(new TextDecoder().decode(file).replace("/v1/", "/v2/"))],
  ])("with %s is refused", async (_what, change) => {
    const file: Uint8Array<ArrayBuffer> = new Uint8Array(change(encodeCardFile(alice.signed)));
    await expect(decodeCardFile(crypto, file)).rejects.toThrow(corrupt);
  });

  it("over 16 KiB is refused unread", async () => {
    await expect(decodeCardFile(crypto, new Uint8Array(16 * 1024 + 1))).rejects.toThrow(
      expect.objectContaining({ code: "limit" }),
    );
  });

  it("whose line, as an entry carries it, is over 16 KiB is refused unread", async () => {
    const line = new Uint8Array(16 * 1024 + 1).fill(0x20);
    await expect(readCard(crypto, { ...alice.signed, line })).rejects.toThrow(
      expect.objectContaining({ code: "limit" }),
    );
  });

  it("signed by another key than the one it names is refused", async () => {
    const mallory = await newDevice(crypto, { label: "laptop" });
    const forged = await signLine(crypto, { value: alice.card, signingKey: mallory.signingKey });
    await expect(readCard(crypto, forged)).rejects.toThrow(corrupt);
  });

  it("whose signature was made for another type is refused", async () => {
    const message = concatBytes(toUtf8("conclave/v1/change"), new Uint8Array(1), alice.signed.line);
    const signature = new Uint8Array(await crypto.sign({ signingKey: device.signingKey, message }));
    await expect(readCard(crypto, { ...alice.signed, signature })).rejects.toThrow(corrupt);
  });
});

describe("a card rightly signed is refused all the same", () => {
  it.each(["verifyingKey", "hybrid", "classic"] as const)("if its device and kit share a %s", async (key) => {
    const file = await signed({ kit: { ...kit, [key]: alice.card.device[key] } });
    await expect(decodeCardFile(crypto, file)).rejects.toThrow(malformed);
  });

  it("if its kit's verifying key is of small order", async () => {
    const file = await signed({ kit: { ...kit, verifyingKey: `01${"00".repeat(31)}` } });
    await expect(decodeCardFile(crypto, file)).rejects.toThrow(malformed);
  });

  it("if its kit's verifying key has torsion", async () => {
    const small = ed25519.Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
    const verifyingKey = ed25519.Point.fromHex(kit.verifyingKey).add(small).toHex();
    const file = await signed({ kit: { ...kit, verifyingKey } });
    await expect(decodeCardFile(crypto, file)).rejects.toThrow(malformed);
  });

  it("if nobody could seal to one of its recipients", async () => {
    const classic = `age1${"q".repeat(58)}`;
    await expect(decodeCardFile(crypto, await signed({ kit: { ...kit, classic } }))).rejects.toThrow(malformed);
    const hybrid = `${kit.hybrid.slice(0, -1)}${kit.hybrid.endsWith("q") ? "p" : "q"}`;
    await expect(decodeCardFile(crypto, await signed({ kit: { ...kit, hybrid } }))).rejects.toThrow(malformed);
  });

  it.each(["", "x".repeat(257)])("if its name has a length of none or over 256 bytes", async (name) => {
    await expect(decodeCardFile(crypto, await signed({ name }))).rejects.toThrow(corrupt);
  });
});

it("a card is not made under an empty name", async () => {
  await expect(makeCard(crypto, { name: "", device, kit, time: 1 })).rejects.toThrow(malformed);
});

describe("a fingerprint", () => {
  const member = "0123456789abcdef0011223344556677ffffffffffffffffffffffffffffffff";
  const shown = "0123 4567 89ab cdef 0011 2233 4455 6677";

  it("is the member id's first 128 bits in groups of four", () => {
    expect(fingerprint(member)).toBe(shown);
  });

  it.each([
    shown,
    shown.toUpperCase(),
    shown.replaceAll(" ", ""),
    shown.replaceAll(" ", "-"),
    shown.replaceAll(" ", ":"),
    ` ${shown}\n`,
  ])("matches however it is typed: %j", (typed) => {
    expect(matchesFingerprint(member, typed)).toBe(true);
  });

  it.each([
    "",
    "0123",
    shown.slice(0, -1),
    `${shown}f`,
    shown.replace("6677", "6678"),
    shown.replace("0123", "1123"),
    member,
  ])("does not match in part, too long, or altered: %j", (typed) => {
    expect(matchesFingerprint(member, typed)).toBe(false);
  });

  it("does not match with any one digit altered", () => {
    for (let place = 0; place < 32; place++) {
      const digits = member.slice(0, 32);
      const altered = digits.slice(0, place) + (digits[place] === "8" ? "9" : "8") + digits.slice(place + 1);
      expect(matchesFingerprint(member, altered)).toBe(false);
    }
  });
});
