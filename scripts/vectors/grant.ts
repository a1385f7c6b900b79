import { concatBytes, toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { nameDigest } from "../../packages/core/src/encoding/digest.ts";
import { writeLine } from "../../packages/core/src/encoding/strict.ts";
import { audienceTag, encodeGrant, type GrantContent } from "../../packages/core/src/group/grant.ts";
import { padLines } from "../../packages/core/src/records/records-file.ts";
import { encodeSignedLine, type SignedLine } from "../../packages/core/src/records/signed-line.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { flip, type Sealing, seal, tooLarge } from "./sealing.ts";
import { digestOf, foundBy, type Person, signValue, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

/** What a grant is made of; whatever is absent is as it should be. */
interface GrantCase {
  readonly content: GrantContent;
  readonly epoch?: string;
  readonly device?: string;
  readonly newest?: string;
  readonly sealing: Sealing;
  readonly plaintext?: Uint8Array;
  readonly result?: object;
  readonly identities?: object;
}

async function grantCase(name: string, expect: Verdict, options: GrantCase): Promise<Case> {
  const { content, device, newest, sealing, plaintext, result, identities } = options;
  const epoch = options.epoch ?? content.identities[0]?.[0] ?? "";
  const sealed = await seal(plaintext ?? encodeGrant(content), sealing);
  const key = `epochs/${epoch}-${audienceTag(epoch, device ? { device } : "all")}-${nameDigest(sealed)}.age`;
  const inputs = { ...(device && { device }), ...(newest && { newest }), ...(identities && { identities }) };
  return { name, expect, key, sealed: base64(sealed), ...inputs, ...(expect === "ok" && { result }) };
}

function identitiesOf({ device }: Person): object {
  return { hybridIdentity: device.hybridIdentity, classicIdentity: device.classicIdentity };
}

export function grantPlan(world: World): Plan {
  const { alice, group } = world;
  return {
    file: "grant",
    format: "grant",
    description: "Grants (SPEC.md §7), opened with one device's identities and held against the group's id.",
    given: { group, identities: identitiesOf(alice) },
    cases: () => grantCases(world),
  };
}

async function grantCases(world: World): Promise<Case[]> {
  const { alice, bob, carol, first, second, stray, hybrid, group, writer } = world;
  const [founding, adding, removing] = world.log as [SignedLine, SignedLine, SignedLine];
  const content: GrantContent = { group, identities: [[first.epoch, first.identity]], lines: [founding] };
  const all: Sealing = { suite: "classic", recipients: [alice.keys.classic, alice.card.kit.classic] };
  const good = { content, sealing: all };
  const result = { suite: "classic", epochs: [first.epoch], entries: [group], problems: [] };
  const foundHybrid = foundBy(alice, { writer, recipient: hybrid.recipient, suite: "hybrid" });
  const hybridFounding = await signValue(foundHybrid, alice.device.signingKey);
  const hybridContent: GrantContent = {
    ...{ group: hybridFounding.digest, identities: [[hybrid.epoch, hybrid.identity]], lines: [hybridFounding] },
  };
  const header = { type: "conclave/v1/grant", group, identities: content.identities };
  const headed = (value: object, rest: Uint8Array = encodeSignedLine(founding)) =>
    padLines(concatBytes(writeLine(value), toUtf8("\n"), rest));
  const withIdentities = (identities: GrantContent["identities"]) => ({ ...good, content: { ...content, identities } });
  const forged = await signValue(world.found, bob.device.signingKey);
  const made = await grantCase("to all, of the first epoch", "ok", { ...good, result });
  const altered = flip(Buffer.from(String(made.sealed), "base64"), -1);
  const key = String(made.key);
  const large = tooLarge(34816);
  const make = grantCase;
  return [
    made,
    {
      ...(await make("to all, of a hybrid group", "ok", {
        content: hybridContent,
        sealing: { suite: "hybrid", recipients: [alice.keys.hybrid, alice.card.kit.hybrid] },
        result: { ...result, suite: "hybrid", epochs: [hybrid.epoch], entries: [hybridFounding.digest] },
      })),
      group: hybridFounding.digest,
    },
    await make("to Bob's device, with the kit's identity", "ok", {
      content: { ...content, lines: [founding, adding] },
      sealing: { suite: "classic", recipients: [bob.keys.classic, bob.card.kit.classic] },
      device: bob.key,
      newest: adding.digest,
      identities: identitiesOf({ ...bob, device: bob.kit }),
      result: { ...result, entries: [group, adding.digest] },
    }),
    await make("of the second epoch, with both identities", "ok", {
      ...good,
      content: {
        ...content,
        identities: [
          [second.epoch, second.identity],
          [first.epoch, first.identity],
        ],
        lines: [founding, adding, removing],
      },
      result: { ...result, epochs: [second.epoch, first.epoch], entries: world.log.map(({ digest }) => digest) },
    }),
    await make("an identity of an epoch that no entry names, left out", "ok", {
      ...withIdentities([
        [first.epoch, first.identity],
        [stray.epoch, stray.identity],
      ]),
      result: { ...result, problems: ["corrupt"] },
    }),
    await make("an identity that does not fit its epoch, left out", "ok", {
      ...withIdentities([[first.epoch, stray.identity]]),
      result: { ...result, epochs: [], problems: ["corrupt"] },
    }),
    await make("an identity of the other suite, left out", "ok", {
      ...withIdentities([[first.epoch, hybrid.identity]]),
      result: { ...result, epochs: [], problems: ["unsupported"] },
    }),
    await make("to somebody else", "not-a-member", {
      ...good,
      plaintext: headed(header, new Uint8Array(0)),
      identities: identitiesOf(carol),
    }),
    {
      ...made,
      name: "a bit flipped in its payload",
      expect: "not-a-member",
      result: undefined,
      sealed: base64(altered),
      key: key.replace(/[0-9a-f]{32}\.age$/, `${nameDigest(altered)}.age`),
    },
    { ...made, name: "a name with another digest", expect: "corrupt", result: undefined, sealed: base64(altered) },
    await make("of an epoch that no entry names", "corrupt", { ...good, epoch: stray.epoch }),
    await make("of another group, by its first line", "corrupt", {
      ...good,
      content: { ...content, group: digestOf("another group") },
    }),
    await make("without a log", "corrupt", { ...good, content: { ...content, lines: [] } }),
    await make("a first entry that Bob signed as Alice's", "corrupt", {
      ...good,
      content: { ...content, lines: [forged] },
    }),
    await make("a log that begins with its second entry", "corrupt", {
      ...good,
      content: { ...content, lines: [adding] },
    }),
    await make("a log whose first entry is not the first", "corrupt", {
      ...good,
      content: { ...content, lines: [adding, founding] },
    }),
    await make("a log that ends before the entry that is known", "rollback", { ...good, newest: adding.digest }),
    await make("to hybrid keys in a classic group", "unsupported", {
      ...good,
      sealing: { suite: "hybrid", recipients: [alice.keys.hybrid] },
    }),
    await make("keys in another order", "malformed", {
      ...good,
      plaintext: headed({ type: header.type, identities: header.identities, group }, new Uint8Array(0)),
    }),
    await make("a key more", "malformed", { ...good, plaintext: headed({ ...header, more: 0 }, new Uint8Array(0)) }),
    await make("identities as an object", "malformed", {
      ...good,
      plaintext: headed({ ...header, identities: Object.fromEntries(header.identities) }, new Uint8Array(0)),
    }),
    await make("an identity in lower case", "malformed", {
      ...good,
      plaintext: headed({ ...header, identities: [[first.epoch, first.identity.toLowerCase()]] }, new Uint8Array(0)),
    }),
    await make("something in its padding", "malformed", {
      ...good,
      plaintext: concatBytes(headed(header, new Uint8Array(0)), toUtf8("x")),
    }),
    await make("nothing in it", "malformed", { ...good, plaintext: new Uint8Array(0) }),
    {
      ...made,
      name: "over 34 MiB",
      expect: "limit",
      result: undefined,
      sealed: large.sealed,
      key: key.replace(/[0-9a-f]{32}\.age$/, `${large.digest}.age`),
    },
  ];
}
