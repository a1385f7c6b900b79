import { toHex } from "../../packages/core/src/encoding/hex.ts";
import { fingerprint } from "../../packages/core/src/identity/fingerprint.ts";
import { encodeSignedLine } from "../../packages/core/src/records/signed-line.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import type { Value } from "./record-plan.ts";
import { FEW, largeLines, spoiledFrames, spoiledLines, spoiledSignatures } from "./spoilings.ts";
import { signValue, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

/** Device cards: read whole, keys and all, with one verdict for whatever is altered. */
export function deviceCardPlan({ alice, bob, furtherDevice, furtherKeys }: World): Plan {
  const { signingKey } = furtherKeys;
  const card = JSON.parse(new TextDecoder().decode(furtherDevice.line)) as Value & { keys: { classic: string } };
  const caseOf = async (name: string, value: object, verdict: Verdict): Promise<Case> => {
    const signed = await signValue(value as Value, signingKey);
    const result = { id: signed.digest, fingerprint: fingerprint(signed.digest), value };
    return { name, expect: verdict, device: base64(encodeSignedLine(signed)), ...(verdict === "ok" && { result }) };
  };
  const withKeys = (keys: object) => ({ ...card, keys: { ...card.keys, ...keys } });
  return {
    file: "device-card",
    format: "device-card",
    description: "Device cards (SPEC.md §5): form, keys, and a signature by the device or kit itself.",
    given: { signingKey: toHex(signingKey) },
    async cases() {
      const spoiled = {
        input: "device",
        good: furtherDevice,
        type: card.type,
        signingKey,
        verdict: "corrupt",
      } as const;
      return [
        await caseOf("of Alice's phone", card, "ok"),
        await caseOf("of a kit", { ...card, kind: "kit" }, "ok"),
        await caseOf("of another member", { ...card, member: bob.signed.digest }, "ok"),
        await caseOf("a kind that nobody knows", { ...card, kind: "card" }, "corrupt"),
        await caseOf("a label of 257 bytes", withKeys({ label: "a".repeat(257) }), "corrupt"),
        await caseOf("a member of 31 bytes", { ...card, member: alice.signed.digest.slice(2) }, "corrupt"),
        await caseOf("another device's key", withKeys({ verifyingKey: alice.key }), "corrupt"),
        await caseOf("a recipient of the other suite", withKeys({ hybrid: card.keys.classic }), "corrupt"),
        await caseOf(
          "a recipient with a mistyped checksum",
          withKeys({ classic: mistyped(card.keys.classic) }),
          "malformed",
        ),
        ...(await spoiledLines(FEW, spoiled)),
        ...(await spoiledSignatures({ ...spoiled, other: alice.device.signingKey })).slice(0, 4),
        ...spoiledFrames({ input: "device", good: furtherDevice }).slice(0, 4),
        ...(await largeLines(spoiled)),
      ];
    },
  };
}

function mistyped(recipient: string): string {
  return recipient.slice(0, -1) + (recipient.endsWith("q") ? "p" : "q");
}
