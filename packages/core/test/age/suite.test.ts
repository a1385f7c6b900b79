import { bech32 } from "@scure/base";
import { beforeAll, describe, expect, it } from "vitest";
import { type EpochIdentity, newEpochIdentity } from "../../src/age/epoch-identity.ts";
import { recipientOf, requireRecipient, suiteOf } from "../../src/age/suite.ts";
import { fromHex } from "../../src/encoding/hex.ts";

let hybrid: EpochIdentity;
let classic: EpochIdentity;

beforeAll(async () => {
  hybrid = await newEpochIdentity("hybrid");
  classic = await newEpochIdentity("classic");
});

const malformed = expect.objectContaining({ code: "malformed" });

function classicRecipient(bytes: Uint8Array): string {
  return bech32.encode("age", bech32.toWords(bytes), false);
}

function hybridRecipient(bytes: Uint8Array): string {
  return bech32.encode("age1pq", bech32.toWords(bytes), false);
}

function hybridBytes(): Uint8Array {
  return bech32.fromWords(bech32.decode(hybrid.recipient as `${string}1${string}`, false).words);
}

describe("the suite of a key", () => {
  it("is read off its form", () => {
    for (const key of [hybrid.identity, hybrid.recipient]) expect(suiteOf(key)).toBe("hybrid");
    for (const key of [classic.identity, classic.recipient]) expect(suiteOf(key)).toBe("classic");
  });

  it.each(["", "age1", "age1tag1qqqq", "AGE-PLUGIN-YUBIKEY-1QQQ", "age1pq1", " age1", "ssh-ed25519 AAAA"])(
    "is refused for %j",
    (key) => {
      expect(() => suiteOf(key)).toThrow(malformed);
    },
  );

  it("is refused in the other case", () => {
    expect(() => suiteOf(classic.recipient.toUpperCase())).toThrow(malformed);
    expect(() => suiteOf(classic.identity.toLowerCase())).toThrow(malformed);
  });
});

describe("a recipient", () => {
  it("follows from its identity", async () => {
    expect(await recipientOf(hybrid.identity)).toBe(hybrid.recipient);
    expect(await recipientOf(classic.identity)).toBe(classic.recipient);
  });

  it("does not follow from a mistyped identity, which no message quotes", async () => {
    const mistyped = `${classic.identity.slice(0, -1)}${classic.identity.endsWith("Q") ? "P" : "Q"}`;
    const error = await recipientOf(mistyped).catch((error: Error) => error);
    expect(error).toEqual(malformed);
    expect(JSON.stringify([String(error), (error as Error).cause])).not.toContain(mistyped.slice(20, 40));
  });

  it("that was made is accepted", () => {
    requireRecipient(hybrid.recipient, "hybrid");
    requireRecipient(classic.recipient, "classic");
  });

  it("with one character changed is refused", () => {
    const altered = `${classic.recipient.slice(0, 30)}${classic.recipient[30] === "q" ? "p" : "q"}${classic.recipient.slice(31)}`;
    expect(() => requireRecipient(altered, "classic")).toThrow(malformed);
  });

  it.each([
    ["0", "00".repeat(32)],
    ["1", `01${"00".repeat(31)}`],
    ["of order 8", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"],
    ["of order 8, the other", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"],
    ["-1", `ec${"ff".repeat(30)}7f`],
    ["p, which is 0", `ed${"ff".repeat(30)}7f`],
    ["p + 1", `ee${"ff".repeat(30)}7f`],
    ["0 with the unused bit set", `${"00".repeat(31)}80`],
  ])("at the small-order point %s is refused, as sealing to it would fail", (_what, hexadecimal) => {
    const bytes = fromHex(hexadecimal);
    expect(() => requireRecipient(classicRecipient(bytes), "classic")).toThrow(malformed);
    const mixed = hybridBytes();
    mixed.set(bytes, 1184);
    expect(() => requireRecipient(hybridRecipient(mixed), "hybrid")).toThrow(malformed);
  });

  it.each([0, 1, 2, 1150])("with an ML-KEM coefficient over the modulus at byte %d is refused", (place) => {
    const bytes = hybridBytes();
    bytes.set([0xff, 0xff], place);
    expect(() => requireRecipient(hybridRecipient(bytes), "hybrid")).toThrow(malformed);
  });
});
