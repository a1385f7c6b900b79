import { nameDigest } from "../../packages/core/src/encoding/digest.ts";
import { toHex } from "../../packages/core/src/encoding/hex.ts";
import { deviceCodeId, deviceCodeKey } from "../../packages/core/src/group/device-code.ts";
import { requestId } from "../../packages/core/src/group/request.ts";
import type { DeviceRequest } from "../../packages/core/src/records/device-request.ts";
import type { SignedLine } from "../../packages/core/src/records/signed-line.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { padded, seal, tooLarge } from "./sealing.ts";
import { seeded } from "./seeded.ts";
import { digestOf, signValue, TIME, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

const CODE = seeded("a device code").slice(0, 16);

/** Requests of further devices, sealed to a group's first epoch. */
export function deviceRequestPlan(world: World): Plan {
  const { group, first } = world;
  return {
    file: "device-request",
    format: "device-request",
    description: "Requests of further devices (SPEC.md §7): a device card, and the word of a code.",
    given: { group, epoch: first, code: toHex(CODE), time: TIME },
    cases: () => deviceRequestCases(world),
  };
}

async function deviceRequestCases({
  group,
  first,
  stray,
  alice,
  bob,
  furtherDevice,
  furtherKeys,
  newKit,
}: World): Promise<Case[]> {
  const key = JSON.parse(new TextDecoder().decode(furtherDevice.line)) as { keys: { verifyingKey: string } };
  const id = requestId({ group, device: key.keys.verifyingKey });
  const right: DeviceRequest = {
    type: "conclave/v1/device-request",
    group,
    device: furtherDevice.digest,
    code: deviceCodeId(CODE),
    time: TIME,
  };
  const word = (change: Partial<DeviceRequest> = {}, signingKey = deviceCodeKey(CODE)): Promise<SignedLine> =>
    signValue({ ...right, ...change }, signingKey);
  const make = async (
    name: string,
    verdict: Verdict,
    { lines, as = id, recipient = first.recipient }: { lines: readonly SignedLine[]; as?: string; recipient?: string },
  ): Promise<Case> => {
    const sealed = await seal(padded(lines), { suite: "classic", recipients: [recipient] });
    const result = { device: furtherDevice.digest, member: alice.signed.digest, code: right.code };
    const stored = { key: `requests/${as}-${nameDigest(sealed)}.age`, sealed: base64(sealed) };
    return { name, expect: verdict, ...stored, ...(verdict === "ok" && { result }) };
  };
  const good = await word();
  const lines = [furtherDevice, good];
  const made = await make("of Alice's phone", "ok", { lines });
  const large = tooLarge(32);
  return [
    made,
    await make("without a word", "corrupt", { lines: [furtherDevice] }),
    await make("with two words", "corrupt", { lines: [...lines, good] }),
    await make("the word before the card", "corrupt", { lines: [good, furtherDevice] }),
    await make("a member's card in the card's place", "corrupt", { lines: [alice.signed, good] }),
    await make("the word for another device", "corrupt", {
      lines: [furtherDevice, await word({ device: newKit.digest })],
    }),
    await make("the word for another group", "corrupt", {
      lines: [furtherDevice, await word({ group: digestOf("another") })],
    }),
    await make("a word that the device itself signed", "corrupt", {
      lines: [furtherDevice, await word({}, new Uint8Array(furtherKeys.signingKey))],
    }),
    await make("under another device's name", "corrupt", { lines, as: requestId({ group, device: bob.key }) }),
    await make("sealed to another epoch", "corrupt", { lines, recipient: stray.recipient }),
    {
      ...made,
      name: "a name in another folder",
      expect: "foreign",
      key: String(made.key).replace("requests", "request"),
      result: undefined,
    },
    {
      ...made,
      name: "over 32 KiB",
      expect: "limit",
      sealed: large.sealed,
      key: `requests/${id}-${large.digest}.age`,
      result: undefined,
    },
  ];
}
