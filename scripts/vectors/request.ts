import { concatBytes, toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { nameDigest } from "../../packages/core/src/encoding/digest.ts";
import { invitationKey } from "../../packages/core/src/group/invitation.ts";
import { requestId } from "../../packages/core/src/group/request.ts";
import type { Invited } from "../../packages/core/src/records/invited.ts";
import type { SignedLine } from "../../packages/core/src/records/signed-line.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { flip, padded, type Sealing, seal, tooLarge } from "./sealing.ts";
import { seeded } from "./seeded.ts";
import { digestOf, signValue, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

async function requestCase(
  name: string,
  expect: Verdict,
  options: {
    readonly lines: readonly SignedLine[];
    readonly sealing: Sealing;
    readonly id: string;
    readonly invitation?: string;
    readonly plaintext?: Uint8Array;
  },
): Promise<Case> {
  const { lines, sealing, id, plaintext } = options;
  const sealed = await seal(plaintext ?? padded(lines), sealing);
  const key = `requests/${id}-${nameDigest(sealed)}.age`;
  return {
    name,
    expect,
    key,
    sealed: base64(sealed),
    ...(expect === "ok" && { result: { member: lines[0]?.digest, invitation: options.invitation ?? null } }),
  };
}

export function requestPlan(world: World): Plan {
  const { group, first } = world;
  return {
    file: "request",
    format: "request",
    description: "Join requests (SPEC.md §7), sealed to a group's first epoch.",
    given: { group, epoch: first },
    cases: () => requestCases(world),
  };
}

async function requestCases(world: World): Promise<Case[]> {
  const { bob, carol, group, first, stray, hybrid } = world;
  const sealing: Sealing = { suite: "classic", recipients: [first.recipient] };
  const id = requestId({ group, device: carol.key });
  const good = { lines: [carol.signed], sealing, id };
  const forged = await signValue(carol.card, bob.device.signingKey);
  const altered = { ...carol.signed, line: flip(carol.signed.line, -2) };
  const made = await requestCase("Carol's", "ok", good);
  const key = String(made.key);
  const named = (name: string, expect: Verdict, other: string): Case => ({
    ...made,
    name,
    expect,
    key: other,
    result: undefined,
  });
  const large = tooLarge(32);
  const { invitation, signingKey } = invitationKey(seeded("an invitation").subarray(0, 16));
  const proofValue: Invited = { type: "conclave/v1/invited", group, invitation, card: carol.signed.digest };
  const invitedLine = (change: Partial<Invited>): Promise<SignedLine> =>
    signValue({ ...proofValue, ...change }, signingKey);
  const proof = await invitedLine({});
  const byCode = { ...good, id: requestId({ group, device: carol.key, invitation }) };
  const make = requestCase;
  return [
    made,
    {
      ...(await make("Carol's, to a hybrid epoch", "ok", {
        ...good,
        sealing: { suite: "hybrid", recipients: [hybrid.recipient] },
      })),
      epoch: hybrid,
    },
    await make("a name made for another group", "corrupt", {
      ...good,
      id: requestId({ group: digestOf("another"), device: carol.key }),
    }),
    await make("a name made for Bob's device", "corrupt", { ...good, id: requestId({ group, device: bob.key }) }),
    await make("a card that Bob signed", "corrupt", { ...good, lines: [forged] }),
    await make("a card that was altered", "corrupt", { ...good, lines: [altered] }),
    await make("no card", "corrupt", { ...good, lines: [] }),
    await make("two cards", "corrupt", { ...good, lines: [carol.signed, carol.signed] }),
    await make("something in its padding", "malformed", { ...good, plaintext: concatBytes(padded([]), toUtf8("x")) }),
    await make("sealed to another epoch", "corrupt", {
      ...good,
      sealing: { ...sealing, recipients: [stray.recipient] },
    }),
    await make("Carol's, by an invitation", "ok", { ...byCode, lines: [carol.signed, proof], invitation }),
    await make("by an invitation, under the id without", "corrupt", { ...good, lines: [carol.signed, proof] }),
    await make("an invitation's line for Bob's card", "corrupt", {
      ...byCode,
      lines: [carol.signed, await invitedLine({ card: bob.signed.digest })],
    }),
    await make("an invitation's line for another group", "corrupt", {
      ...byCode,
      lines: [carol.signed, await invitedLine({ group: digestOf("another") })],
    }),
    await make("an invitation's line that Carol signed", "corrupt", {
      ...byCode,
      lines: [carol.signed, await signValue(proofValue, carol.device.signingKey)],
    }),
    await make("an invitation's line that was altered", "corrupt", {
      ...byCode,
      lines: [carol.signed, { ...proof, line: flip(proof.line, -2) }],
    }),
    await make("two lines of an invitation", "corrupt", { ...byCode, lines: [carol.signed, proof, proof] }),
    await make("an invitation's line before the card", "corrupt", { ...byCode, lines: [proof, carol.signed] }),
    await make("an invitation's line alone", "corrupt", { ...byCode, lines: [proof] }),
    named(
      "a name with another digest",
      "corrupt",
      key.replace(/[0-9a-f]{32}\.age$/, `${digestOf("x").slice(0, 32)}.age`),
    ),
    named("a name in another folder", "foreign", key.replace("requests", "request")),
    {
      ...made,
      name: "over 32 KiB",
      expect: "limit",
      result: undefined,
      sealed: large.sealed,
      key: key.replace(/[0-9a-f]{32}\.age$/, `${large.digest}.age`),
    },
  ];
}
