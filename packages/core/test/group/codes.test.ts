import { describe, expect, it } from "vitest";
import { type CodeKind, decodeCode, encodeCode } from "../../src/encoding/code.ts";
import { type CodeGroup, formatDeviceCode, parseDeviceCode } from "../../src/group/device-code.ts";
import { formatInvitationCode, parseInvitationCode } from "../../src/group/invitation-code.ts";

const secret = Uint8Array.from({ length: 16 }, (_, index) => index);
const address = { group: "1a".repeat(32), entry: "2b".repeat(32), epoch: "3c".repeat(32), store: "file:///home/anna" };
const group: CodeGroup = { address, member: "4d".repeat(32), name: "family" };
const expires = 1_700_000_000_000;

type Alter = (bytes: Uint8Array) => Uint8Array;

/** A code of other bytes, with a checksum that is right all the same. */
function altered(kind: CodeKind, code: string, alter: Alter): string {
  return encodeCode(kind, alter(decodeCode(kind, code)));
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe("a device code", () => {
  const whole = { secret, expires, groups: [group, { ...group, name: "club" }] };
  const code = formatDeviceCode(whole);
  /** Where the first group's name begins: behind version, secret, time and four ids. */
  const nameAt = 1 + 16 + 6 + 4 * 32 + 1;

  it("gives back what it was made of", () => {
    expect(parseDeviceCode(code)).toEqual(whole);
  });

  it.each<[string, Alter, string]>([
    ["of a later version", (bytes) => bytes.with(0, 2), "unsupported"],
    ["of nothing", () => new Uint8Array(), "malformed"],
    ["of no group", (bytes) => bytes.slice(0, 1 + 16 + 6), "malformed"],
    ["cut within its secret", (bytes) => bytes.slice(0, 10), "malformed"],
    ["cut within an id", (bytes) => bytes.slice(0, 100), "malformed"],
    ["cut within its last storage", (bytes) => bytes.slice(0, -1), "malformed"],
    ["with a name that is no text", (bytes) => bytes.with(nameAt, 0xff), "malformed"],
  ])("%s is refused", (_, alter, refusal) => {
    expect(codeOf(() => parseDeviceCode(altered("conclave-device", code, alter)))).toBe(refusal);
  });

  it("is not made of a name whose length it cannot say, nor of more groups than it holds", () => {
    const named = (name: string) => formatDeviceCode({ ...whole, groups: [{ ...group, name }] });
    expect(parseDeviceCode(named("a".repeat(255))).groups[0]?.name).toHaveLength(255);
    expect(codeOf(() => named("a".repeat(256)))).toBe("limit");
    const least = { ...group, name: "", address: { ...address, store: "" } };
    const many = (count: number) => formatDeviceCode({ ...whole, groups: Array.from({ length: count }, () => least) });
    expect(parseDeviceCode(many(77)).groups).toHaveLength(77);
    expect(codeOf(() => many(78))).toBe("limit");
  });
});

describe("an invitation's code", () => {
  const whole = { address, secret, expires };
  const code = formatInvitationCode(whole);

  it("gives back what it was made of", () => {
    expect(parseInvitationCode(code)).toEqual(whole);
  });

  it.each<[string, Alter]>([
    ["cut before its storage", (bytes) => bytes.slice(0, 16 + 8 + 3 * 32)],
    ["cut within its secret", (bytes) => bytes.slice(0, 10)],
    ["with a time beyond all numbers", (bytes) => bytes.with(16, 0xff)],
    ["with a storage that is no text", (bytes) => bytes.with(16 + 8 + 3 * 32, 0xff)],
  ])("%s is refused", (_, alter) => {
    const wrong = altered("conclave-invite", code, alter);
    expect(() => parseInvitationCode(wrong)).toThrow("code is no invitation, or is of a newer version");
  });
});
