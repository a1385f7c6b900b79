/** Shares of recovery kits. The polynomials are worked out here, byte by byte, so that a library cannot drift alone. */
import { concatBytes } from "../../packages/core/src/encoding/bytes.ts";
import { decodeCode, encodeCode } from "../../packages/core/src/encoding/code.ts";
import { toHex } from "../../packages/core/src/encoding/hex.ts";
import { verifyingKeyOf } from "../../packages/core/src/identity/device.ts";
import { kitDevice } from "../../packages/core/src/identity/kit.ts";
import { formatKitShare, type KitShare } from "../../packages/core/src/identity/kit-share.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { seeded, seededBytes } from "./seeded.ts";
import type { Case, Plan } from "./write.ts";

const KIND = "conclave-share";

export function kitSharePlan(): Plan {
  const kit = seeded("a kit in shares");
  const ours = sharesOf(kit, "ours");
  const texts = ours.map(formatKitShare);
  const again = sharesOf(kit, "ours again").map(formatKitShare);
  const others = sharesOf(seeded("another kit in shares"), "others").map(formatKitShare);
  const pick = (from: readonly string[], ...numbers: readonly number[]) =>
    numbers.map((number) => from[number - 1] ?? "");
  const result = { kit: verifyingKeyOf(kitDevice(kit).signingKey), secret: toHex(kit) };
  const ok = (name: string, typed: readonly string[]): Case => ({ name, expect: "ok", typed, result });
  const not = (name: string, typed: readonly string[], expect: Verdict = "malformed"): Case => ({
    name,
    expect,
    typed,
  });
  const altered = (change: (bytes: Uint8Array) => Uint8Array): string =>
    encodeCode(KIND, change(decodeCode(KIND, texts[0] ?? "").slice()));
  const withByte = (at: number, value: number): string => altered((bytes) => bytes.with(at, value));
  const [second = ""] = pick(texts, 2);
  return {
    file: "kit-share",
    format: "kit-share",
    description: "Shares of a recovery kit, two of three (SPEC.md §5): put together they give its secret, or nothing.",
    cases: () => [
      ok("the first and the second", pick(texts, 1, 2)),
      ok("the third and the first", pick(texts, 3, 1)),
      ok("all three, one of them twice", pick(texts, 2, 3, 1, 3)),
      ok("in capitals, in two lines", [`${second.slice(0, 70)}\n${second.slice(70)}`.toUpperCase(), ...pick(texts, 3)]),
      not("one alone", pick(texts, 1)),
      not("one alone, twice", pick(texts, 1, 1)),
      not("none", []),
      not("one of another kit", [...pick(texts, 1), ...pick(others, 2)]),
      not("one of another splitting of the kit", [...pick(texts, 1), ...pick(again, 2)]),
      not("a character mistyped", [`${second.slice(0, -1)}${second.endsWith("q") ? "p" : "q"}`, ...pick(texts, 3)]),
      not("one whose values were altered", [withByte(60, 0xff), second], "corrupt"),
      not("one at another's place", [withByte(84, 2), second], "corrupt"),
      not("one at the secret's own place", [withByte(84, 0), second], "corrupt"),
      not("of a newer version", [withByte(0, 2), second], "unsupported"),
      not("one that says that one is enough", [withByte(17, 1)]),
      not("one that says that it takes more than there are", [withByte(17, 4), second]),
      not("one of a number that there is not", [withByte(19, 4), second]),
      not("one cut short", [altered((bytes) => bytes.subarray(0, -1)), second]),
      not("one with more behind it", [altered((bytes) => concatBytes(bytes, new Uint8Array(1))), second]),
      not("a device's code", [encodeCode("conclave-device", decodeCode(KIND, second)), second]),
    ],
  };
}

/** Three shares, of which two give the kit: lines through its bytes. */
function sharesOf(kitSecret: Uint8Array, label: string): KitShare[] {
  const slopes = seededBytes(`slopes of ${label}`, kitSecret.length);
  const set = toHex(seededBytes(`set of ${label}`, 16));
  const kit = verifyingKeyOf(kitDevice(kitSecret).signingKey);
  return [1, 2, 3].map((number) => {
    // Places are no numbers of shares: any that is not 0 does.
    const place = 37 * number;
    const values = kitSecret.map((byte, index) => byte ^ product(slopes[index] ?? 0, place));
    return { set, threshold: 2, count: 3, number, kit, point: concatBytes(values, new Uint8Array([place])) };
  });
}

/** In GF(2⁸), modulus x⁸ + x⁴ + x³ + x + 1. */
function product(left: number, right: number): number {
  let sum = 0;
  for (let bit = 0, power = left; bit < 8; bit++, power = (power << 1) ^ (power & 0x80 ? 0x11b : 0)) {
    if ((right >> bit) & 1) sum ^= power;
  }
  return sum;
}
