import { type CodeKind, encodeCode } from "../../packages/core/src/encoding/code.ts";
import { toHex } from "../../packages/core/src/encoding/hex.ts";
import { seeded } from "./seeded.ts";
import type { Case, Plan } from "./write.ts";

/** Codes that people copy: their checksum finds what was mistyped. */
export function codePlan(): Plan {
  const bytes = seeded("a code");
  const code = encodeCode("conclave-device", bytes);
  const ok = (name: string, kind: CodeKind, typed: string): Case => ({
    ...{ name, expect: "ok", kind, typed, result: { bytes: toHex(bytes) } },
  });
  const not = (name: string, typed: string): Case => ({ name, expect: "malformed", kind: "conclave-device", typed });
  return {
    file: "code",
    format: "code",
    description: "Codes (SPEC.md §7): Bech32m with one of two prefixes. White space is left out.",
    cases: () => [
      ok("of a device", "conclave-device", code),
      ok("in capitals, in two lines", "conclave-device", `${code.slice(0, 30)}\n${code.slice(30)} `.toUpperCase()),
      ok("of an invitation", "conclave-invite", encodeCode("conclave-invite", bytes)),
      not("of the other kind", encodeCode("conclave-invite", bytes)),
      not(
        "one character mistyped",
        code.replace(/.$/, (last) => (last === "q" ? "p" : "q")),
      ),
      not("two neighbours turned", code.replace(/(.)(.)$/, "$2$1")),
      not("the last character left out", code.slice(0, -1)),
      not("small and capital letters", code.slice(0, 40) + code.slice(40).toUpperCase()),
      not("Bech32 instead of Bech32m", "conclave-device1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnf8pd9m"),
      not("nothing", ""),
    ],
  };
}
