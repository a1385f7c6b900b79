import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { webCrypto } from "../../src/age/web-crypto.ts";
import { fromHex } from "../../src/encoding/hex.ts";
import {
  type DeviceSecrets,
  identityFor,
  newDevice,
  publicKeysOf,
  readIdentityFile,
  recipientFor,
  writeIdentityFile,
} from "../../src/identity/device.ts";
import { isAdmissibleKey, verifySignature } from "../../src/records/ed25519.ts";

const crypto = webCrypto();
const malformed = expect.objectContaining({ code: "malformed" });
let device: DeviceSecrets;

beforeAll(async () => {
  device = await newDevice(crypto, { label: "laptop" });
});

describe("a device's keys", () => {
  it("have public halves that groups accept", async () => {
    const keys = await publicKeysOf(device);
    expect(isAdmissibleKey(fromHex(keys.verifyingKey))).toBe(true);
    expect(keys.label).toBe("laptop");
    expect(recipientFor(keys, "hybrid")).toMatch(/^age1pq1/);
    expect(recipientFor(keys, "classic")).toMatch(/^age1[^p]|^age1p[^q]/);
    expect(identityFor(device, "hybrid")).toBe(device.hybridIdentity);
    expect(identityFor(device, "classic")).toBe(device.classicIdentity);
  });

  it("sign what their verifying key verifies", async () => {
    const message = fromHex("00ff");
    const verifyingKey = fromHex((await publicKeysOf(device)).verifyingKey);
    const signature = await crypto.sign({ signingKey: device.signingKey, message });
    expect(await verifySignature(crypto, { verifyingKey, signature, message })).toBe(true);
    expect(await verifySignature(crypto, { verifyingKey, signature, message: fromHex("00fe") })).toBe(false);
  });

  it.each(["", "x".repeat(257), "\ud800"])("are not made under the label %j", async (label) => {
    await expect(newDevice(crypto, { label })).rejects.toThrow(malformed);
  });
});

describe("an identity file", () => {
  it("leads back to the device, whatever its label", async () => {
    const labels = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 30 })
      .filter((label) => new TextEncoder().encode(label).length <= 256);
    await fc.assert(
      fc.asyncProperty(labels, async (label) => {
        const text = writeIdentityFile({ ...device, label });
        expect(text.split("\n")).toHaveLength(7);
        expect(await readIdentityFile(text)).toEqual({ ...device, label });
      }),
      { numRuns: 50 },
    );
  });

  it("is comments and identities and nothing else, as age wants it", () => {
    const lines = writeIdentityFile({ ...device, label: "a\nAGE-SECRET-KEY-1\r\n# b" })
      .trimEnd()
      .split("\n");
    expect(lines.filter((line) => !line.startsWith("# "))).toEqual([device.hybridIdentity, device.classicIdentity]);
  });

  it("with any character altered, taken out or doubled is refused", async () => {
    const text = writeIdentityFile(device);
    // A label is free text and a seed any 64 digits: what is altered there is another label or seed, and seen by its card.
    const free = text.indexOf("label") + 6;
    const freeEnd = text.indexOf(device.hybridIdentity);
    const places = fc.integer({ min: 0, max: text.length - 1 }).filter((place) => place < free || place >= freeEnd);
    const alter = fc.constantFrom<(at: string) => string>(
      (at) => (at === "Q" ? "P" : "Q"),
      () => "",
      (at) => at + at,
    );
    await fc.assert(
      fc.asyncProperty(places, alter, async (place, change) => {
        const altered = text.slice(0, place) + change(text[place] ?? "") + text.slice(place + 1);
        fc.pre(altered !== text);
        await expect(readIdentityFile(altered)).rejects.toThrow();
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ["nothing", () => ""],
    ["its end missing", (text: string) => text.slice(0, -1)],
    ["a line behind it", (text: string) => `${text}AGE-SECRET-KEY-1Q\n`],
    ["other line ends", (text: string) => text.replaceAll("\n", "\r\n")],
    ["its identities in the other order", (text: string) => text.replace(/(.+)\n(.+)\n$/, "$2\n$1\n")],
    ["two classic identities", (text: string) => text.replace(device.hybridIdentity, device.classicIdentity)],
    ["two hybrid identities", (text: string) => text.replace(device.classicIdentity, device.hybridIdentity)],
    ["megabytes of spaces", (text: string) => text + " ".repeat(2 ** 21)],
  ])("with %s is refused", async (_what, change) => {
    await expect(readIdentityFile(change(writeIdentityFile(device)))).rejects.toThrow(malformed);
  });

  it("is never quoted by an error", async () => {
    const text = writeIdentityFile(device).replace(/\n$/, "x\n");
    const error: unknown = await readIdentityFile(text).catch((error: unknown) => error);
    expect(`${error} ${(error as Error).cause}`).not.toMatch(/AGE-SECRET|[0-9a-f]{32}/);
  });
});
