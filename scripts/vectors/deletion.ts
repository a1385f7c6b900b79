import { concatBytes, toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { nameDigest } from "../../packages/core/src/encoding/digest.ts";
import type { Deletion } from "../../packages/core/src/group/deletion.ts";
import type { SignedLine } from "../../packages/core/src/records/signed-line.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { brokenSeals, padded, type Sealing, seal, tooLarge } from "./sealing.ts";
import { replace } from "./spoilings.ts";
import { digestOf, signBytes, signValue, TIME, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

export function deletionPlan(world: World): Plan {
  return {
    file: "deletion",
    format: "deletion",
    description: "Deletions (SPEC.md §7) in the first epoch. Whether its author is an owner is judged elsewhere.",
    given: { group: world.group, epoch: world.first },
    cases: () => deletionCases(world),
  };
}

async function deletionCases({ alice, bob, group, first, second, stray, log }: World): Promise<Case[]> {
  const sealing: Sealing = { suite: "classic", recipients: [first.recipient] };
  const head = log.at(-1)?.digest ?? "";
  const good: Deletion = { type: "conclave/v1/deletion", group, device: alice.key, head, time: TIME };
  const sign = (value: Deletion, by = alice) => signValue(value, by.device.signingKey);
  const make = async (
    name: string,
    expect: Verdict,
    { lines, to = sealing, plaintext }: { lines: readonly SignedLine[]; to?: Sealing; plaintext?: Uint8Array },
  ): Promise<Case> => {
    const sealed = await seal(plaintext ?? padded(lines), to);
    return { name, expect, key: keyOf(first.epoch, nameDigest(sealed)), sealed: base64(sealed) };
  };
  const alices = await sign(good);
  const newer = toUtf8(replace(new TextDecoder().decode(alices.line), "v1/deletion", "v2/deletion"));
  const later = await signBytes(newer, { type: "conclave/v2/deletion", signingKey: alice.device.signingKey });
  const asRequest = await signBytes(alices.line, { type: "conclave/v1/change", signingKey: alice.device.signingKey });
  const result = { device: alice.key, head };
  const made = await make("by Alice, who owns the group", "ok", { lines: [alices] });
  const sealed = Buffer.from(String(made.sealed), "base64");
  const large = tooLarge(32);
  return [
    { ...made, result },
    {
      ...(await make("by Bob, who may not", "ok", { lines: [await sign({ ...good, device: bob.key }, bob)] })),
      result: { ...result, device: bob.key },
    },
    await make("that Bob signed as Alice's", "corrupt", { lines: [await sign(good, bob)] }),
    await make("signed as a change", "corrupt", { lines: [asRequest] }),
    await make("of another group", "corrupt", { lines: [await sign({ ...good, group: digestOf("another group") })] }),
    await make("with nothing in it", "corrupt", { lines: [] }),
    await make("twice", "corrupt", { lines: [alices, alices] }),
    await make("of a newer version", "malformed", { lines: [later] }),
    await make("with something in its padding", "malformed", {
      lines: [],
      plaintext: concatBytes(padded([alices]), toUtf8("x")),
    }),
    await make("sealed to another epoch", "corrupt", {
      lines: [alices],
      to: { ...sealing, recipients: [stray.recipient] },
    }),
    await make("sealed to a second recipient too", "corrupt", {
      lines: [alices],
      to: { ...sealing, recipients: [first.recipient, stray.recipient] },
    }),
    ...brokenSeals(sealed).map(([name, bytes]) => ({
      name,
      expect: "corrupt" as const,
      key: keyOf(first.epoch, nameDigest(bytes)),
      sealed: base64(bytes),
    })),
    { ...made, name: "named for another epoch", expect: "corrupt", key: keyOf(second.epoch, nameDigest(sealed)) },
    {
      ...made,
      name: "a name with another digest",
      expect: "corrupt",
      key: keyOf(first.epoch, digestOf("x").slice(0, 32)),
    },
    { ...made, name: "a name with a shorter digest", expect: "foreign", key: keyOf(first.epoch, "00") },
    { name: "over 32 KiB", expect: "limit", key: keyOf(first.epoch, large.digest), sealed: large.sealed },
  ];
}

function keyOf(epoch: string, digest: string): string {
  return `epochs/${epoch}-deleted-${digest}.age`;
}
