import { concatBytes } from "../../packages/core/src/encoding/bytes.ts";
import { decodeCode, encodeCode } from "../../packages/core/src/encoding/code.ts";
import { toHex } from "../../packages/core/src/encoding/hex.ts";
import { type CodeGroup, deviceCodeId, formatDeviceCode } from "../../packages/core/src/group/device-code.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { seeded } from "./seeded.ts";
import { digestOf, TIME, type World } from "./world.ts";
import type { Case, Plan } from "./write.ts";

const KIND = "conclave-device";
/** Where the first group's name stands, behind its length: version, secret, time, four ids. */
const NAME_AT: number = 1 + 16 + 6 + 4 * 32;

/** What a device shows so that a further one of its person can ask. */
export function deviceCodePlan({ group, first, hybrid, alice }: World): Plan {
  const secret = seeded("a device code").slice(0, 16);
  const family: CodeGroup = {
    address: { group, entry: digestOf("the newest entry"), epoch: first.epoch, store: "file:///family" },
    member: alice.signed.digest,
    name: "family",
  };
  const club: CodeGroup = {
    address: { group: digestOf("a club"), entry: digestOf("its entry"), epoch: hybrid.epoch, store: "gdrive:id=1" },
    member: digestOf("Alice in the club"),
    name: "Bücher",
  };
  const ok = (name: string, groups: readonly CodeGroup[]): Case => {
    const result = { secret: toHex(secret), id: deviceCodeId(secret), expires: TIME, groups };
    return { name, expect: "ok", typed: formatDeviceCode({ secret, expires: TIME, groups }), result };
  };
  const made = ok("of one group", [family]);
  const code = String(made.typed);
  const bytes = decodeCode(KIND, code);
  const not = (name: string, typed: string, expect: Verdict = "malformed"): Case => ({ name, expect, typed });
  const of = (...parts: readonly Uint8Array[]): string => encodeCode(KIND, concatBytes(...parts));
  return {
    file: "device-code",
    format: "device-code",
    description: "Codes for further devices (SPEC.md §7): secret, end, and a row for each group.",
    cases: () => [
      made,
      ok("of two groups", [family, club]),
      { ...made, name: "in capitals, in two lines", typed: `${code.slice(0, 50)}\n${code.slice(50)}`.toUpperCase() },
      not("a character mistyped", `${code.slice(0, -1)}${code.endsWith("q") ? "p" : "q"}`),
      not("an invitation's code", encodeCode("conclave-invite", bytes)),
      not("of a newer version", of(new Uint8Array([2]), bytes.subarray(1)), "unsupported"),
      not("of no group", of(bytes.subarray(0, 1 + 16 + 6))),
      not("empty", of(new Uint8Array(0))),
      not("cut inside its secret", of(bytes.subarray(0, 9))),
      not("cut inside a group", of(bytes.subarray(0, -1))),
      not("more behind its last group", of(bytes, new Uint8Array(1))),
      not(
        "a name that is no text",
        of(bytes.subarray(0, NAME_AT), new Uint8Array([1, 0xff]), bytes.subarray(NAME_AT + 7)),
      ),
    ],
  };
}
