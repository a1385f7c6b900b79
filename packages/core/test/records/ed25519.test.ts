import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ed25519 } from "@noble/curves/ed25519.js";
import { describe, expect, it, type TestContext } from "vitest";
import { requireOrSkip } from "../../../../tests/support/require.ts";
import { webCrypto } from "../../src/age/web-crypto.ts";
import { fromHex } from "../../src/encoding/hex.ts";
import { isAdmissibleKey, verifySignature } from "../../src/records/ed25519.ts";
import { expectEdgeCaseVerdicts, expectWycheproofVerdicts } from "../support/ed25519-verdict.ts";

const crypto = webCrypto();

function vectors<T>(context: TestContext, file: string): T {
  return JSON.parse(readFileSync(join(requireOrSkip(context, "vectors"), file), "utf8")) as T;
}

describe("the one verdict on a signature", () => {
  it("is the fixed one on every edge case of CCTV", async (context) => {
    await expectEdgeCaseVerdicts(crypto, vectors(context, "cctv-ed25519.json"));
  });

  it("is Wycheproof's on every case", async (context) => {
    await expectWycheproofVerdicts(crypto, vectors(context, "wycheproof-ed25519_test.json"));
  });
});

describe("an honest key's signature", () => {
  const signingKey = new Uint8Array(32).fill(7);
  const verifyingKey = ed25519.getPublicKey(signingKey);
  const message = new TextEncoder().encode("message");
  const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

  it("is accepted", async () => {
    const signature = await crypto.sign({ signingKey, message });
    expect(signature).toEqual(ed25519.sign(message, signingKey));
    expect(await verifySignature(crypto, { verifyingKey, signature, message })).toBe(true);
  });

  it("is refused with S + L in the place of S", async () => {
    const signature = ed25519.sign(message, signingKey);
    let value = ORDER;
    for (let index = 63; index >= 32; index--) value += BigInt(signature[index] ?? 0) << BigInt(8 * (index - 32));
    for (let index = 32; index < 64; index++) signature[index] = Number((value >> BigInt(8 * (index - 32))) & 0xffn);
    expect(await verifySignature(crypto, { verifyingKey, signature, message })).toBe(false);
  });

  it("is refused with torsion added to R, made by the key's owner", async () => {
    const small = ed25519.Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
    const { scalar } = ed25519.utils.getExtendedPublicKey(signingKey);
    const R = ed25519.Point.BASE.multiply(12345n).add(small).toBytes();
    const { sha512 } = await import("@noble/hashes/sha2.js");
    const hash = sha512(new Uint8Array([...R, ...verifyingKey, ...message]));
    const k = hash.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) % ORDER;
    const S = (12345n + k * scalar) % ORDER;
    const signature = new Uint8Array(64);
    signature.set(R);
    for (let index = 0; index < 32; index++) signature[32 + index] = Number((S >> BigInt(8 * index)) & 0xffn);
    // The signature is a real one for cofactored verification: the lenient library accepts it.
    expect(ed25519.verify(signature, message, verifyingKey)).toBe(true);
    expect(await verifySignature(crypto, { verifyingKey, signature, message })).toBe(false);
  });

  it.each([0, 31, 33])("is refused under a key of %d bytes", async (length) => {
    const signature = ed25519.sign(message, signingKey);
    expect(await verifySignature(crypto, { verifyingKey: new Uint8Array(length), signature, message })).toBe(false);
    expect(isAdmissibleKey(new Uint8Array(length))).toBe(false);
  });

  it.each([0, 63, 65])("is refused with %d bytes", async (length) => {
    expect(await verifySignature(crypto, { verifyingKey, signature: new Uint8Array(length), message })).toBe(false);
  });
});

describe("before the platform is asked, which might accept it,", () => {
  const lenient = { ...crypto, verify: async () => true };
  const key = ed25519.getPublicKey(new Uint8Array(32).fill(7));
  const good = ed25519.sign(new Uint8Array(1), new Uint8Array(32).fill(7));
  const small = `01${"00".repeat(31)}`;
  const nonCanonical = `${"ff".repeat(31)}7f`;
  const order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
  const joined = (r: Uint8Array, s: Uint8Array) => new Uint8Array([...r, ...s]);
  const [r, s] = [good.subarray(0, 32), good.subarray(32)];

  it("what nothing is wrong with is passed on", async () => {
    expect(await verifySignature(lenient, { verifyingKey: key, signature: good, message: s })).toBe(true);
  });

  it.each([
    ["an R of small order", key, joined(fromHex(small), s)],
    ["an R that is not canonical", key, joined(fromHex(nonCanonical), s)],
    ["an S that is the order", key, joined(r, fromHex(order))],
    ["an S of all bits", key, joined(r, new Uint8Array(32).fill(0xff))],
    ["a key of small order", fromHex(small), good],
    ["a key that is not canonical", fromHex(nonCanonical), good],
    ["a signature cut by a byte", key, good.subarray(0, 63)],
    ["a signature with a byte more", key, joined(good, new Uint8Array(1))],
    ["a key cut by a byte", key.subarray(0, 31), good],
  ])("%s is refused", async (_what, verifyingKey, signature) => {
    expect(await verifySignature(lenient, { verifyingKey, signature, message: s })).toBe(false);
  });
});

it("a verdict leaves the bytes that it looks at alone, Node's buffers too", async () => {
  const options = { verifyingKey: Buffer.alloc(32, 0xff), signature: Buffer.alloc(64, 0xff), message: Buffer.alloc(1) };
  isAdmissibleKey(options.verifyingKey);
  await verifySignature(crypto, { ...options, verifyingKey: Buffer.alloc(32, 0x12) });
  expect(options.verifyingKey.equals(Buffer.alloc(32, 0xff))).toBe(true);
  expect(options.signature.equals(Buffer.alloc(64, 0xff))).toBe(true);
});

describe("a key", () => {
  it.each([
    ["0", "00".repeat(32)],
    ["the neutral element", `01${"00".repeat(31)}`],
    ["the neutral element with a sign", `01${"00".repeat(30)}80`],
    ["of order 2", `ec${"ff".repeat(30)}7f`],
    ["of order 2 with a sign", `ec${"ff".repeat(31)}`],
    ["of order 4 with a sign", `${"00".repeat(31)}80`],
    ["of order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"],
    ["of order 8 with a sign", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"],
    ["of order 8, the other", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"],
    ["of order 8, the other, with a sign", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"],
    ["p, which is 0", `ed${"ff".repeat(30)}7f`],
    ["p + 1, which is 1", `ee${"ff".repeat(30)}7f`],
    ["2^255 - 1", `${"ff".repeat(31)}7f`],
    ["not on the curve", `02${"00".repeat(31)}`],
  ])("that is %s is not admitted, and accepts no signature", async (_what, hexadecimal) => {
    const verifyingKey = fromHex(hexadecimal);
    expect(isAdmissibleKey(verifyingKey)).toBe(false);
    for (const R of [`01${"00".repeat(31)}`, hexadecimal]) {
      const signature = fromHex(R + "00".repeat(32));
      expect(await verifySignature(crypto, { verifyingKey, signature, message: new Uint8Array(3) })).toBe(false);
    }
  });
});
