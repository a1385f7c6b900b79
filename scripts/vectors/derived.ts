/** Vectors of values that follow from others: tags, ids, lengths, headers. SPEC.md §2 to §9. */
import { recipientFile } from "../../packages/core/src/age/epoch-identity.ts";
import { entryHeader } from "../../packages/core/src/contents/archive.ts";
import { toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { labelledDigest, sha256Hex } from "../../packages/core/src/encoding/digest.ts";
import { fromHex, toHex } from "../../packages/core/src/encoding/hex.ts";
import { audienceTag } from "../../packages/core/src/group/grant.ts";
import { invitationKey } from "../../packages/core/src/group/invitation.ts";
import { requestId } from "../../packages/core/src/group/request.ts";
import { writerTag } from "../../packages/core/src/group/writer-tag.ts";
import { verifyingKeyOf } from "../../packages/core/src/identity/device.ts";
import { kitDevice } from "../../packages/core/src/identity/kit.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { replace } from "./spoilings.ts";
import { digestOf, type World } from "./world.ts";
import type { Case, Plan } from "./write.ts";

/** A case of a derived value: right, or as somebody gets it who made one usual mistake. */
function derivedCase(name: string, expect: Verdict, input: object, output: unknown): Case {
  return { name, expect, ...input, output };
}

export function derivedPlans(world: World): Plan[] {
  return [
    writerTagPlan(world),
    audienceTagPlan(world),
    requestIdPlan(world),
    invitationKeyPlan(),
    epochPlan(world),
    ...lengthPlans(),
    tarHeaderPlan(),
  ];
}

/** Written out here, so that neither the code nor SPEC.md can drift alone. */
const SPEC_EXAMPLE = {
  identity: "AGE-SECRET-KEY-1JLXAMMN38AJGUXQEJSA6YV7EWX0GU3WFVTG7WMDCYWT8ZD3XRK0SEGEGT6",
  writer: "000102030405060708090a0b0c0d0e0f",
};

function writerTagPlan({ first, second, hybrid, writer, bobsWriter }: World): Plan {
  const input = { identity: first.identity, writer };
  const tag = writerTag(first.identity, writer);
  return {
    file: "writer-tag",
    format: "writer-tag",
    description: "Writers' tags in the names of records files (SPEC.md §4).",
    cases: () => [
      derivedCase("in a classic epoch", "ok", input, tag),
      derivedCase(
        "in a hybrid epoch",
        "ok",
        { ...input, identity: hybrid.identity },
        writerTag(hybrid.identity, writer),
      ),
      derivedCase("the example of SPEC.md §4", "ok", SPEC_EXAMPLE, "7add84772df1f08f71fc00cf30c605c8"),
      derivedCase("the tag in another epoch", "mismatch", input, writerTag(second.identity, writer)),
      derivedCase("another writer's tag", "mismatch", input, writerTag(first.identity, bobsWriter)),
      derivedCase(
        "with the identity in lower case",
        "mismatch",
        input,
        writerTag(first.identity.toLowerCase(), writer),
      ),
      derivedCase("with a line feed behind the identity", "mismatch", input, writerTag(`${first.identity}\n`, writer)),
      derivedCase("with the writer as text", "mismatch", input, writerTag(first.identity, toHex(toUtf8(writer)))),
      derivedCase("in upper case", "mismatch", input, tag.toUpperCase()),
      derivedCase("not keyed at all", "mismatch", input, sha256Hex(fromHex(writer)).slice(0, 32)),
    ],
  };
}

/** Mistakes in a digest over a label and two values of 32 bytes, cut to 128 bits. */
function labelledMistakes(
  input: object,
  options: { readonly label: string; readonly parts: readonly [string, string] },
): Case[] {
  const { label, parts } = options;
  const [left, right] = [fromHex(parts[0]), fromHex(parts[1])];
  const cut = (digest: string) => digest.slice(0, 32);
  const whole = labelledDigest(label, left, right);
  const mistakes: readonly (readonly [string, string])[] = [
    ["not cut", whole],
    ["the digest's second half", whole.slice(32)],
    ["in upper case", cut(whole).toUpperCase()],
    ["its parts in another order", cut(labelledDigest(label, right, left))],
    ["under another label", cut(labelledDigest("conclave/v1/blob", left, right))],
    ["with its parts as text", cut(labelledDigest(label, toUtf8(parts[0]), toUtf8(parts[1])))],
    ["without a zero byte behind the label", cut(sha256Hex(new Uint8Array([...toUtf8(label), ...left, ...right])))],
  ];
  return mistakes.map(([name, output]) => derivedCase(name, "mismatch", input, output));
}

function audienceTagPlan({ alice, bob, first }: World): Plan {
  const input = { epoch: first.epoch, device: alice.key };
  return {
    file: "audience-tag",
    format: "audience-tag",
    description: "The audience in the name of a grant to one device (SPEC.md §7).",
    cases: () => [
      derivedCase("Alice's device", "ok", input, audienceTag(first.epoch, input)),
      derivedCase("Bob's device", "ok", { ...input, device: bob.key }, audienceTag(first.epoch, { device: bob.key })),
      derivedCase("another device's", "mismatch", input, audienceTag(first.epoch, { device: bob.key })),
      ...labelledMistakes(input, { label: "conclave/v1/audience", parts: [first.epoch, alice.key] }),
    ],
  };
}

function invitationKeyPlan(): Plan {
  const secret = "000102030405060708090a0b0c0d0e0f";
  const asKit = verifyingKeyOf(kitDevice(fromHex(secret.repeat(2))).signingKey);
  const { invitation } = invitationKey(fromHex(secret));
  return {
    file: "invitation-key",
    format: "invitation-key",
    description: "The verifying key that an invitation's secret gives (SPEC.md §7).",
    cases: () => [
      derivedCase("counting bytes", "ok", { secret }, invitation),
      derivedCase("zeros", "ok", { secret: "00".repeat(16) }, invitationKey(new Uint8Array(16)).invitation),
      derivedCase("another secret's", "mismatch", { secret }, invitationKey(new Uint8Array(16)).invitation),
      derivedCase("as a kit's, twice", "mismatch", { secret }, asKit),
      derivedCase("the secret as the seed itself", "mismatch", { secret }, verifyingKeyOf(fromHex(secret.repeat(2)))),
      derivedCase("in capitals", "mismatch", { secret }, invitation.toUpperCase()),
      { name: "a secret of 32 bytes", expect: "malformed", secret: secret.repeat(2), output: invitation },
      { name: "a secret of 15 bytes", expect: "malformed", secret: secret.slice(2), output: invitation },
    ],
  };
}

function requestIdPlan({ carol, bob, group }: World): Plan {
  const input = { group, device: carol.key };
  const invited = { ...input, invitation: bob.key };
  return {
    file: "request-id",
    format: "request-id",
    description: "The id in the name of a join request (SPEC.md §7).",
    cases: () => [
      derivedCase("Carol's device", "ok", input, requestId(input)),
      derivedCase("Bob's device", "ok", { group, device: bob.key }, requestId({ group, device: bob.key })),
      derivedCase("Carol's device, by an invitation", "ok", invited, requestId(invited)),
      derivedCase("by an invitation, the id without", "mismatch", invited, requestId(input)),
      derivedCase("another device's", "mismatch", input, requestId({ group, device: bob.key })),
      ...labelledMistakes(input, { label: "conclave/v1/request", parts: [group, carol.key] }),
    ],
  };
}

function epochPlan({ first, second, hybrid }: World): Plan {
  const { recipient, epoch } = first;
  const input = { recipient };
  return {
    file: "epoch",
    format: "epoch",
    description: "An epoch's id, from its recipient (SPEC.md §2).",
    cases: () => [
      derivedCase("classic", "ok", input, epoch),
      derivedCase("hybrid", "ok", { recipient: hybrid.recipient }, hybrid.epoch),
      derivedCase(
        "the example of SPEC.md §4",
        "ok",
        { recipient: "age1gesy89tzth2sftj4fsuhzkycaxet5jthl250swe7ms8zkj8u9dysq56sfl" },
        "e70c9d8de4cb4307224a1404bec88d1da420ede7441fcd5f65aa69aa1ce851f7",
      ),
      derivedCase("another epoch's", "mismatch", input, second.epoch),
      derivedCase("without the line feed", "mismatch", input, sha256Hex(toUtf8(recipient))),
      derivedCase("with a carriage return", "mismatch", input, sha256Hex(toUtf8(`${recipient}\r\n`))),
      derivedCase("of the identity", "mismatch", input, sha256Hex(toUtf8(`${first.identity}\n`))),
      derivedCase("in upper case", "mismatch", input, epoch.toUpperCase()),
      derivedCase("cut to 128 bits", "mismatch", input, sha256Hex(recipientFile(recipient)).slice(0, 32)),
    ],
  };
}

function lengthPlans(): Plan[] {
  const counts: readonly (readonly [number, number])[] = [
    ...([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
      [5, 5],
      [9, 10],
      [15, 16],
      [16, 16],
      [17, 18],
      [100, 104],
      [255, 256],
      [1023, 1024],
    ] as const),
    ...([
      [1025, 1088],
      [65_536, 65_536],
      [65_537, 67_584],
      [2 ** 31 + 1, 2_214_592_512],
      [2 ** 40 + 1, 1_116_691_496_960],
    ] as const),
  ];
  const wrong: readonly (readonly [string, number, number])[] = [
    ...([
      ["down", 9, 8],
      ["to a power of two", 17, 32],
      ["not at all", 1025, 1025],
    ] as const),
    ...([
      ["a step too far", 1025, 1152],
      ["in 32 bits", 2 ** 31 + 1, -2_080_374_784],
      ["zero to one", 0, 1],
    ] as const),
  ];
  const lengths: readonly (readonly [number, number])[] = [
    [0, 1024],
    [1, 1024],
    [1024, 1024],
    [1025, 1088],
    [5000, 5120],
  ];
  const wrongLengths: readonly (readonly [string, number, number])[] = [
    ...([
      ["below the least", 100, 104],
      ["not at all", 5000, 5000],
      ["to a power of two", 5000, 8192],
    ] as const),
    ...([
      ["nothing as nothing", 0, 0],
      ["by one block more", 1024, 1088],
    ] as const),
  ];
  return [
    {
      ...{ file: "padme", format: "padme", description: "Padmé(n) (SPEC.md §2); archives' blocks are counted so." },
      cases: () => [
        ...counts.map(([count, output]) => derivedCase(`of ${count}`, "ok", { count }, output)),
        ...wrong.map(([how, count, output]) => derivedCase(`${count} rounded ${how}`, "mismatch", { count }, output)),
      ],
    },
    {
      ...{
        file: "padded-length",
        format: "padded-length",
        description: "Bytes of a padded plaintext, contents apart (SPEC.md §2).",
      },
      cases: () => [
        ...lengths.map(([bytes, output]) => derivedCase(`of ${bytes}`, "ok", { bytes }, output)),
        ...wrongLengths.map(([how, bytes, output]) =>
          derivedCase(`${bytes} padded ${how}`, "mismatch", { bytes }, output),
        ),
      ],
    },
  ];
}

function tarHeaderPlan(): Plan {
  const input = { entry: digestOf("a piece"), size: 4_190_208 };
  const good = entryHeader({ name: input.entry, size: input.size });
  const text = new TextDecoder("latin1").decode(good);
  const latin1 = (spoiled: string) => toHex(Uint8Array.from(spoiled, (character) => character.charCodeAt(0)));
  const not = (name: string, from: string, to: string) =>
    derivedCase(name, "mismatch", input, latin1(replace(text, from, to)));
  const checksum = text.slice(148, 156);
  return {
    file: "tar-header",
    format: "tar-header",
    description: "The 512 bytes before each entry of an archive, in hexadecimal (SPEC.md §9).",
    cases: () => [
      derivedCase("of a full piece", "ok", input, toHex(good)),
      derivedCase(
        "of padding",
        "ok",
        { entry: "padding", size: 512 },
        toHex(entryHeader({ name: "padding", size: 512 })),
      ),
      derivedCase(
        "of no padding",
        "ok",
        { entry: "padding", size: 0 },
        toHex(entryHeader({ name: "padding", size: 0 })),
      ),
      not("a size that ends in a space", "00017770000\0", "00017770000 "),
      not("GNU's magic", "ustar\x0000", "ustar  \0"),
      not("a mode that others may read", "0000600\0", "0000644\0"),
      not("a checksum that ends in a space and zero", checksum, `${checksum.slice(0, 6)} \0`),
      not("a checksum of seven digits", checksum, `0${checksum.slice(0, 6)}\0`),
      not("device numbers left out", "0000000\x000000000\0\0", "\0".repeat(17)),
      derivedCase("a size in another base", "mismatch", input, toHex(entryHeader({ name: input.entry, size: 1 }))),
    ],
  };
}
