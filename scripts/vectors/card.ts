import { concatBytes, toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { toHex } from "../../packages/core/src/encoding/hex.ts";
import { fingerprint } from "../../packages/core/src/identity/fingerprint.ts";
import { encodeSignedLine } from "../../packages/core/src/records/signed-line.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import type { Value } from "./record-plan.ts";
import { FEW, largeLines, spoiledFrames, spoiledLines, spoiledSignatures } from "./spoilings.ts";
import { signValue, type World } from "./world.ts";
import { base64, type Case, type Plan, runs } from "./write.ts";

/** Cards: read whole, keys and all, with one verdict for whatever is altered. */
export function cardPlan(world: World): Plan {
  const { alice, bob } = world;
  const { signingKey } = alice.device;
  const given = { signingKey: toHex(signingKey) };
  const caseOf = async (name: string, card: object, verdict: Verdict): Promise<Case> => {
    const signed = await signValue(card as Value, signingKey);
    const result = { member: signed.digest, fingerprint: fingerprint(signed.digest), value: card };
    return { name, expect: verdict, card: base64(encodeSignedLine(signed)), ...(verdict === "ok" && { result }) };
  };
  const { card } = alice;
  const withKit = (kit: object) => ({ ...card, kit: { ...card.kit, ...kit } });
  return {
    file: "card",
    format: "card",
    description:
      "Card files (SPEC.md §5): form, signature and keys. A card of another form is as good as an altered one.",
    given,
    async cases() {
      const spoiled = { input: "card", good: alice.signed, type: card.type, signingKey, verdict: "corrupt" } as const;
      return [
        await caseOf("Alice's", card, "ok"),
        await caseOf("of a name with U+2028 and of 256 bytes", { ...card, name: `\u2028${"a".repeat(253)}` }, "ok"),
        await caseOf("a name of 257 bytes", { ...card, name: "a".repeat(257) }, "corrupt"),
        await caseOf("an empty name", { ...card, name: "" }, "corrupt"),
        await caseOf("a kit's key of small order", withKit({ verifyingKey: `01${"00".repeat(31)}` }), "malformed"),
        await caseOf("a kit's key that is no point", withKit({ verifyingKey: `02${"00".repeat(31)}` }), "malformed"),
        await caseOf("a kit's key with torsion", withKit({ verifyingKey: TORSION }), "malformed"),
        await caseOf(
          "a kit's key that is not canonical",
          withKit({ verifyingKey: `f0${"ff".repeat(30)}7f` }),
          "malformed",
        ),
        await caseOf("one key for device and kit", withKit({ verifyingKey: alice.key }), "malformed"),
        await caseOf(
          "a classic recipient with a mistyped checksum",
          withKit({ classic: mistyped(card.kit.classic) }),
          "malformed",
        ),
        await caseOf(
          "a hybrid recipient with a mistyped checksum",
          withKit({ hybrid: mistyped(card.kit.hybrid) }),
          "malformed",
        ),
        await caseOf("a key of Bob's in the place of her own", { ...card, device: bob.keys }, "corrupt"),
        ...(await spoiledLines(FEW, spoiled)),
        ...(await spoiledSignatures({ ...spoiled, other: bob.device.signingKey })).slice(0, 2),
        ...spoiledFrames(spoiled),
        {
          name: "a line feed behind it",
          expect: "corrupt",
          card: base64(concatBytes(encodeSignedLine(alice.signed), toUtf8("\n"))),
        },
        {
          name: "line feeds behind it, over 16 KiB",
          expect: "limit",
          card: runs([new TextDecoder().decode(encodeSignedLine(alice.signed)), 1], ["\n", 16 * 1024]),
        },
        ...(await largeLines(spoiled)),
      ];
    },
  };
}

/** The base point of Ed25519 plus a point of order 8: a key that two kinds of verification judge differently. */
const TORSION = "98519eadf35b995233b51b5cd23e9cc5a28b639b5a4af0ec903cb960d81b7819";

function mistyped(recipient: string): string {
  return recipient.slice(0, -1) + (recipient.endsWith("q") ? "p" : "q");
}
