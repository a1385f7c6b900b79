import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toUtf8 } from "../../src/encoding/bytes.ts";
import { sha256Hex } from "../../src/encoding/digest.ts";
import { type Address, formatAddress, parseAddress } from "../../src/group/address.ts";
import { claimedGroup, conclaveJson } from "../../src/group/conclave-json.ts";
import { epochOf, parseRecipientKey, readRecipientFile, recipientFile, recipientKey } from "../../src/group/epoch.ts";
import { writerTag } from "../../src/group/writer-tag.ts";

const ids = { group: "1a".repeat(32), entry: "2b".repeat(32), epoch: "3c".repeat(32) };
const address: Address = { ...ids, store: "file:///home/anna/Group Drive" };

describe("an address", () => {
  it("is one line without spaces", () => {
    expect(formatAddress(address)).toBe(
      `conclave:v1/${ids.group}/${ids.entry}/${ids.epoch}/file%3A%2F%2F%2Fhome%2Fanna%2FGroup%20Drive`,
    );
  });

  it("comes back as it was, whatever the store is called", () => {
    const store = fc.string({ minLength: 1, maxLength: 60, unit: "grapheme" });
    fc.assert(
      fc.property(store, (url) => {
        expect(parseAddress(formatAddress({ ...ids, store: url }))).toEqual({ ...ids, store: url });
      }),
    );
  });

  it("forgives space around it", () => {
    expect(parseAddress(` \n${formatAddress(address)}\t\n`)).toEqual(address);
  });

  const good = formatAddress(address);
  it.each([
    ["", "malformed", /begin/],
    ["hello", "malformed", /begin/],
    [`${good}/x`, "malformed", /copied whole/],
    [good.slice(0, 150), "malformed", /copied whole/],
    [good.replace("conclave:", "CONCLAVE:"), "malformed", /begin/],
    [good.replace(":v1/", ":v2/"), "unsupported", /update/],
    [good.replace(ids.group, ids.group.toUpperCase()), "malformed", /group's id/],
    [good.replace(ids.entry, ids.entry.slice(2)), "malformed", /newest entry/],
    [good.replace(ids.epoch, `${ids.epoch}00`), "malformed", /epoch/],
    [good.replace("%3A", "%3a"), "malformed", /one way/],
    [good.replace("%3A", ":"), "malformed", /one way/],
    [good.replace("%3A", "%zz"), "malformed", /one way/],
    [good.replace(/\/file.*/, "/"), "malformed", /no store/],
    [good.replace("Group", "Gro up"), "malformed", /one way/],
    [`${good}${"a".repeat(4096)}`, "malformed", /longer/],
  ] as const)("refuses %j", (text, code, message) => {
    expect(() => parseAddress(text)).toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

describe("a recipient file", () => {
  const recipient = `age1${"q".repeat(58)}`;
  const epoch = epochOf(recipient);

  it("is found under the digest of its bytes, and gives the recipient", () => {
    expect(parseRecipientKey(recipientKey(epoch))).toBe(epoch);
    expect(readRecipientFile({ epoch, bytes: recipientFile(recipient) })).toBe(recipient);
  });

  it.each([
    ["another recipient", recipientFile(`age1${"p".repeat(58)}`)],
    ["no line feed", toUtf8(recipient)],
    ["two line feeds", toUtf8(`${recipient}\n\n`)],
    ["a carriage return", toUtf8(`${recipient}\r\n`)],
    ["nothing", new Uint8Array(0)],
    ["bytes that are no text", new Uint8Array([0xff, 0x0a])],
  ])("refuses %s", (_what, bytes) => {
    expect(() => readRecipientFile({ epoch, bytes })).toThrowError(expect.objectContaining({ code: "corrupt" }));
  });

  it.each([
    ["a byte order mark", toUtf8(`\ufeff${recipient}\n`)],
    ["no line feed", toUtf8(`${recipient}q`)],
    ["bytes that are no text", new Uint8Array([0xff, 0x0a])],
  ])("refuses %s even where the name fits", (_what, bytes) => {
    expect(() => readRecipientFile({ epoch: sha256Hex(bytes), bytes })).toThrowError(
      expect.objectContaining({ code: "corrupt" }),
    );
  });

  it("refuses more than any recipient has", () => {
    const bytes = new Uint8Array(5000);
    expect(() => readRecipientFile({ epoch, bytes })).toThrowError(expect.objectContaining({ code: "limit" }));
  });

  it("refuses what is no recipient even where the name fits", () => {
    const text = "not a recipient";
    expect(() => readRecipientFile({ epoch: epochOf(text), bytes: recipientFile(text) })).toThrowError(
      expect.objectContaining({ code: "corrupt" }),
    );
  });

  it.each(["epochs/x.recipient", `${ids.epoch}.recipient`, `epochs/${ids.epoch}.recipient.txt`])(
    "is not at %s",
    (key) => {
      expect(parseRecipientKey(key)).toBeUndefined();
    },
  );
});

describe("conclave.json", () => {
  it("names the group", () => {
    expect(claimedGroup(conclaveJson(ids.group))).toBe(ids.group);
  });

  it.each([
    ["nothing", toUtf8("")],
    ["text", toUtf8("hello\n")],
    ["another format", toUtf8(new TextDecoder().decode(conclaveJson(ids.group)).replace("conclave/v1", "conclave/v9"))],
    ["much", new Uint8Array(10_000).fill(0x0a)],
  ])("claims nothing where %s lies there", (_what, bytes) => {
    expect(claimedGroup(bytes)).toBeUndefined();
  });
});

describe("a writer's tag", () => {
  const writer = "5e".repeat(16);
  it("is always the same in one epoch, and unlike in another or of another writer", () => {
    const tag = writerTag("AGE-SECRET-KEY-1A", writer);
    expect(tag).toMatch(/^[0-9a-f]{32}$/);
    expect(writerTag("AGE-SECRET-KEY-1A", writer)).toBe(tag);
    expect(writerTag("AGE-SECRET-KEY-1B", writer)).not.toBe(tag);
    expect(writerTag("AGE-SECRET-KEY-1A", "5f".repeat(16))).not.toBe(tag);
  });

  it("is the HMAC that the format says", async () => {
    const { subtle } = globalThis.crypto;
    const base = await subtle.importKey("raw", toUtf8("AGE-SECRET-KEY-1A").slice(), "HKDF", false, ["deriveKey"]);
    const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: toUtf8("conclave/v1/writer-tag") };
    const hmac = { name: "HMAC", hash: "SHA-256", length: 256 };
    const key = await subtle.deriveKey(hkdf, base, hmac, false, ["sign"]);
    const mac = new Uint8Array(await subtle.sign("HMAC", key, new Uint8Array(16).fill(0x5e)));
    expect(writerTag("AGE-SECRET-KEY-1A", writer)).toBe(Buffer.from(mac).toString("hex").slice(0, 32));
  });
});
