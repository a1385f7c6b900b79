import { toHex } from "../../packages/core/src/encoding/hex.ts";
import { writeLine } from "../../packages/core/src/encoding/strict.ts";
import { encodeSignedLine, type RecordType, type SignedLine } from "../../packages/core/src/records/signed-line.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import {
  FEW,
  largeLines,
  MANY,
  replace,
  signedCase,
  spoiledFrames,
  spoiledLines,
  spoiledSignatures,
  weakKey,
} from "./spoilings.ts";
import { signValue, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

export type Value = { readonly type: RecordType };

/** A line that is refused for one thing of its type's own: what is replaced in the good line, and by what. */
type Own = readonly [name: string, from: string | RegExp, to: string, verdict?: Verdict];

async function okRecord(
  name: string,
  value: Value,
  world: World,
): Promise<{ readonly made: Case; readonly signed: SignedLine }> {
  const signed = await signValue(value, world.alice.device.signingKey);
  const result = { digest: signed.digest, value };
  return { made: { name, expect: "ok", record: base64(encodeSignedLine(signed)), result }, signed };
}

async function ownRefusals(value: Value, own: readonly Own[], world: World): Promise<Case[]> {
  const line = new TextDecoder().decode(writeLine(value));
  const { signingKey } = world.alice.device;
  return Promise.all(
    own.map(async ([name, from, to, verdict = "malformed"]) => {
      const record = await signedCase(replace(line, from, to), { type: value.type, signingKey });
      return { name, expect: verdict, record: base64(record) };
    }),
  );
}

/** A file of vectors for one type: what is read, then the first of it spoiled. */
export function recordPlan(
  world: World,
  options: {
    readonly file: string;
    readonly description: string;
    readonly reads: readonly (readonly [name: string, value: Value])[];
    readonly own: readonly Own[];
    /** Values of which no line is spoiled, and what is said of each. */
    readonly refused?: readonly (readonly [name: string, value: Value, verdict?: Verdict])[];
    /** Whether a record is so long that few spoilings must do. */
    readonly long?: boolean;
  },
): Plan {
  const { signingKey } = world.alice.device;
  const { file, description, reads, own, refused = [], long = false } = options;
  return {
    file,
    format: "record",
    description,
    given: { signingKey: toHex(signingKey) },
    async cases() {
      const read = await Promise.all(reads.map(([name, value]) => okRecord(name, value, world)));
      const [first, value] = [read[0]?.signed, reads[0]?.[1]];
      if (!first || !value) throw new Error("nothing to spoil");
      const spoiled = { input: "record", good: first, type: value.type, signingKey };
      const signatures = await spoiledSignatures({ ...spoiled, other: world.bob.device.signingKey });
      return [
        ...read.map(({ made }) => made),
        ...(await ownRefusals(value, own, world)),
        ...(await Promise.all(refused.map(([name, wrong, verdict]) => wrongValue(name, wrong, { world, verdict })))),
        ...(await spoiledLines(long ? FEW : MANY, spoiled)),
        ...(await largeLines(spoiled)),
        weakKey(spoiled),
        ...(long ? signatures.slice(0, 2) : signatures),
        ...spoiledFrames({ input: "record", good: first }).slice(0, long ? 2 : 5),
      ];
    },
  };
}

async function wrongValue(
  name: string,
  value: Value,
  options: { readonly world: World; readonly verdict: Verdict | undefined },
): Promise<Case> {
  const signed = await signValue(value, options.world.alice.device.signingKey);
  return { name, expect: options.verdict ?? "malformed", record: base64(encodeSignedLine(signed)) };
}
