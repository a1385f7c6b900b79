import { beforeAll, describe, expect, it } from "vitest";
import { type EpochIdentity, newEpochIdentity } from "../../src/age/epoch-identity.ts";
import { deviceCodeId, deviceCodeKey } from "../../src/group/device-code.ts";
import { openDeviceRequest, sealDeviceRequest } from "../../src/group/device-request.ts";
import { parseRequestKey, requestId, sealRequestLines } from "../../src/group/request.ts";
import { type DeviceSecrets, newDevice } from "../../src/identity/device.ts";
import { makeDeviceCard, type SignedDeviceCard } from "../../src/identity/device-card.ts";
import type { DeviceRequest } from "../../src/records/device-request.ts";
import { type SignedLine, signLine } from "../../src/records/signed-line.ts";
import { crypto, people } from "./people.ts";

const group = "1a".repeat(32);
const codeKey = deviceCodeKey(new Uint8Array(16).fill(1));
const otherKey = deviceCodeKey(new Uint8Array(16).fill(2));
const code = deviceCodeId(new Uint8Array(16).fill(1));
let epoch: EpochIdentity;
let phone: SignedDeviceCard;
let tablet: SignedDeviceCard;

async function cardOf(keys: DeviceSecrets, member: string): Promise<SignedDeviceCard> {
  return makeDeviceCard(crypto, { keys, member, kind: "device", time: 1 });
}

beforeAll(async () => {
  const { alice } = await people("alice");
  epoch = await newEpochIdentity("hybrid");
  phone = await cardOf(await newDevice(crypto, { label: "phone" }), alice.id);
  tablet = await cardOf(await newDevice(crypto, { label: "tablet" }), alice.id);
});

/** What whoever has the code says; signed by whom it pleases. */
function word(change: Partial<DeviceRequest> = {}, signingKey: Uint8Array = codeKey): Promise<SignedLine> {
  const value = { type: "conclave/v1/device-request" as const, group, device: phone.id, code, time: 1, ...change };
  return signLine(crypto, { value, signingKey });
}

async function opened(lines: readonly SignedLine[], asking = phone) {
  const id = requestId({ group, device: asking.card.keys.verifyingKey });
  return openAt(await sealRequestLines(crypto, { id, lines, recipient: epoch.recipient }));
}

function openAt({ key, bytes }: { readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> }) {
  const name = parseRequestKey(key);
  if (!name) throw new Error(`${key} is no request`);
  return openDeviceRequest(crypto, { group, name, bytes, epoch: { identity: epoch.identity, suite: "hybrid" } });
}

describe("a request of a further device", () => {
  it("brings the device and the code that it asks with", async () => {
    const recipient = epoch.recipient;
    const request = await sealDeviceRequest(crypto, { group, device: phone, codeKey, recipient, time: 1 });
    expect(await openAt(request)).toEqual({ device: phone, code });
    expect(await opened([phone.signed, await word()])).toEqual({ device: phone, code });
  });

  it.each<[string, () => Promise<readonly SignedLine[]>, RegExp]>([
    ["without a word of the code", async () => [phone.signed], /more or less/],
    ["with two words", async () => [phone.signed, await word(), await word()], /more or less/],
    ["that another code has signed", async () => [phone.signed, await word({}, otherKey)], /not signed by the code/],
    [
      "for another group",
      async () => [phone.signed, await word({ group: "2b".repeat(32) })],
      /another group or device/,
    ],
    [
      "whose word is for another device",
      async () => [phone.signed, await word({ device: tablet.id })],
      /another group/,
    ],
    ["of another device", async () => [tablet.signed, await word({ device: tablet.id })], /another's name/],
  ])("%s is refused", async (_, lines, message) => {
    await expect(opened(await lines())).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringMatching(message),
    });
  });
});
