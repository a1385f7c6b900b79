import { concatBytes, toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { decodeCode, encodeCode } from "../../packages/core/src/encoding/code.ts";
import { toHex } from "../../packages/core/src/encoding/hex.ts";
import { formatAddress } from "../../packages/core/src/group/address.ts";
import { formatInvitationCode } from "../../packages/core/src/group/invitation-code.ts";
import { publicKeysOf, writeIdentityFile } from "../../packages/core/src/identity/device.ts";
import { fingerprint } from "../../packages/core/src/identity/fingerprint.ts";
import { kitDevice, kitWords } from "../../packages/core/src/identity/kit.ts";
import { seeded } from "./seeded.ts";
import { replace } from "./spoilings.ts";
import { digestOf, TIME, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

export function recipientPlan({ first, hybrid }: World): Plan {
  const ok = (name: string, { identity, recipient }: World["first"]): Case => ({
    name,
    expect: "ok",
    identity,
    result: { recipient },
  });
  const not = (name: string, identity: string): Case => ({ name, expect: "malformed", identity });
  const { identity } = first;
  return {
    file: "recipient",
    format: "recipient",
    description: "Identities of age and their recipients (SPEC.md §5).",
    cases: () => [
      ok("classic", first),
      ok("hybrid", hybrid),
      not("in lower case", identity.toLowerCase()),
      not("mistyped", identity.slice(0, -1) + (identity.endsWith("Q") ? "P" : "Q")),
      not("a character less", identity.slice(0, -1)),
      not("a line feed behind it", `${identity}\n`),
      not("a recipient", first.recipient),
      not("a plugin's", identity.replace("KEY-", "KEY-PLUGIN-")),
      not("a classic key under the hybrid prefix", identity.replace("KEY-", "KEY-PQ-")),
      not("empty", ""),
    ],
  };
}

export function invitationCodePlan({ group, first }: World): Plan {
  const address = { group, entry: digestOf("the newest entry"), epoch: first.epoch, store: "file:///family" };
  const secret = new Uint8Array(16).map((_, index) => index);
  const right = { address, secret, expires: TIME };
  const code = formatInvitationCode(right);
  const bytes = decodeCode("conclave-invite", code);
  const result = { address, secret: toHex(secret), expires: TIME };
  const not = (name: string, typed: string): Case => ({ name, expect: "malformed", typed });
  const last = code.endsWith("q") ? "p" : "q";
  return {
    file: "invitation-code",
    format: "invitation-code",
    description: "Codes of invitations (SPEC.md §7): address, secret and end. White space does not matter.",
    cases: () => [
      { name: "as it is shown", expect: "ok", typed: code, result },
      { name: "over several lines", expect: "ok", typed: `${code.slice(0, 70)}\n ${code.slice(70)}\n`, result },
      { name: "in capitals", expect: "ok", typed: code.toUpperCase(), result },
      not("a character mistyped", `${code.slice(0, -1)}${last}`),
      not("cut", code.slice(0, -1)),
      not("empty", ""),
      not("an address", formatAddress(address)),
      not("another kind of code", encodeCode("conclave-device", bytes)),
      not("in mixed case", code.slice(0, -1).concat(code.slice(-1).toUpperCase()).replace(/^c/, "C")),
      not("no store", encodeCode("conclave-invite", bytes.subarray(0, 120))),
      not("half a secret", encodeCode("conclave-invite", bytes.subarray(0, 8))),
      not(
        "a store that is no text",
        encodeCode("conclave-invite", concatBytes(bytes.subarray(0, 120), new Uint8Array([0xff]))),
      ),
      not(
        "an end past all numbers",
        encodeCode(
          "conclave-invite",
          bytes.map((byte, at) => (at === 16 ? 0xff : byte)),
        ),
      ),
    ],
  };
}

export function kitPlan(): Plan {
  return {
    file: "kit",
    format: "kit",
    description: "Recovery kits (SPEC.md §5): from words to keys. Case, and what stands between words, do not matter.",
    cases: async () => {
      const secret = seeded("a kit");
      const words = kitWords(secret);
      const parts = words.split(" ");
      const ok = await Promise.all(
        (["as they are shown", "numbered, in capitals", "all zeros"] as const).map(async (name, index) => {
          const bytes = index === 2 ? new Uint8Array(32) : secret;
          const numbered = parts.map((word, at) => `${at + 1}. ${word.toUpperCase()}`).join("\n");
          return kitCase(name, bytes, index === 1 ? numbered : kitWords(bytes));
        }),
      );
      const not = (name: string, typed: readonly string[]): Case => ({
        name,
        expect: "malformed",
        typed: typed.join(" "),
      });
      const [first = "", second = "", ...rest] = parts;
      return [
        ...ok,
        not("a word less", parts.slice(1)),
        not("a word more", [...parts, first]),
        not("two words that changed places", [second, first, ...rest]),
        not("another word of the list", [first === "abandon" ? "zoo" : "abandon", second, ...rest]),
        not("a word that is not in the list", ["conclave", second, ...rest]),
        not("a word cut to four letters", [`${first.slice(0, 3)}q`, second, ...rest]),
        not(
          "24 times the first word of the list",
          Array.from({ length: 24 }, () => "abandon"),
        ),
        not("nothing", []),
        not("twelve words that fit together", [...Array.from({ length: 11 }, () => "abandon"), "about"]),
      ];
    },
  };
}

async function kitCase(name: string, secret: Uint8Array, typed: string): Promise<Case> {
  const { signingKey, hybridIdentity, classicIdentity, label } = kitDevice(secret);
  const { verifyingKey, hybrid, classic } = await publicKeysOf({ label, signingKey, hybridIdentity, classicIdentity });
  const keys = { signingKey: toHex(signingKey), hybridIdentity, classicIdentity, verifyingKey, hybrid, classic };
  return { name, expect: "ok", typed, result: { words: kitWords(secret), secret: toHex(secret), ...keys } };
}

export function identityFilePlan({ alice, bob }: World): Plan {
  const good = writeIdentityFile(alice.device);
  const label = 'a\nb\u2028"c"';
  const odd = writeIdentityFile({ ...alice.device, label });
  const not = (name: string, text: string): Case => ({ name, expect: "malformed", file: base64(toUtf8(text)) });
  const { hybridIdentity, classicIdentity, signingKey } = alice.device;
  return {
    file: "identity-file",
    format: "identity-file",
    description:
      "Identity files (SPEC.md §5), as they are before a passphrase seals them. An age identities file of exactly one form.",
    cases: () => [
      { name: "Alice's", expect: "ok", file: base64(toUtf8(good)), result: alice.keys },
      {
        name: "a label with a line feed and U+2028",
        expect: "ok",
        file: base64(toUtf8(odd)),
        result: { ...alice.keys, label },
      },
      not("without its last line feed", good.trimEnd()),
      not("a line more", `${good}# more\n`),
      not("another identity more", `${good}${bob.device.classicIdentity}\n`),
      not("carriage returns", good.replaceAll("\n", "\r\n")),
      not("a byte order mark", `\ufeff${good}`),
      not(
        "its identities in another order",
        replace(good, `${hybridIdentity}\n${classicIdentity}`, `${classicIdentity}\n${hybridIdentity}`),
      ),
      not("without its hybrid identity", replace(good, `${hybridIdentity}\n`, "")),
      not(
        "a mistyped identity",
        replace(good, classicIdentity, classicIdentity.slice(0, -1) + (classicIdentity.endsWith("Q") ? "P" : "Q")),
      ),
      not("a signing key in upper case", replace(good, toHex(signingKey), toHex(signingKey).toUpperCase())),
      not("a signing key of 31 bytes", replace(good, toHex(signingKey), toHex(signingKey).slice(2))),
      not("a label that is no JSON", replace(good, '"Alice\'s laptop"', "Alice's laptop")),
      not("a label with an escape that is not needed", replace(good, "Alice", "\\u0041lice")),
      not("an empty label", replace(good, "Alice's laptop", "")),
      not("a newer version", replace(good, "version 1", "version 2")),
      not("empty", ""),
    ],
  };
}

export function fingerprintPlan({ alice, bob }: World): Plan {
  const member = alice.signed.digest;
  const shown = fingerprint(member);
  const ok = (name: string, typed: string): Case => ({ name, expect: "ok", typed, result: { fingerprint: shown } });
  const not = (name: string, typed: string): Case => ({ name, expect: "fingerprint-mismatch", typed });
  return {
    file: "fingerprint",
    format: "fingerprint",
    description: "Fingerprints (SPEC.md §5), as they are shown, and what somebody typed.",
    given: { member },
    cases: () => [
      ok("as it is shown", shown),
      ok("in capitals, with dashes", shown.toUpperCase().replaceAll(" ", "-")),
      ok("without spaces", shown.replaceAll(" ", "")),
      not("somebody else's", fingerprint(bob.signed.digest)),
      not("a digit changed", (shown.startsWith("0") ? "1" : "0") + shown.slice(1)),
      not("a group less", shown.slice(0, -5)),
      not("a digit more", `${shown}0`),
      not("the whole member id", member),
      not("its second half", member.slice(32)),
      not("nothing", ""),
    ],
  };
}
