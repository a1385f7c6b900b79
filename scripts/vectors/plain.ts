/** Vectors of what lies in the open or only at home: keys, addresses, kits, identity files, and what is derived. */
import { recipientFile } from "../../packages/core/src/age/epoch-identity.ts";
import { entryHeader } from "../../packages/core/src/contents/archive.ts";
import { toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { labelledDigest, sha256Hex } from "../../packages/core/src/encoding/digest.ts";
import { fromHex, toHex } from "../../packages/core/src/encoding/hex.ts";
import { formatAddress } from "../../packages/core/src/group/address.ts";
import { conclaveJson } from "../../packages/core/src/group/conclave-json.ts";
import { audienceTag } from "../../packages/core/src/group/grant.ts";
import { requestId } from "../../packages/core/src/group/request.ts";
import { writerTag } from "../../packages/core/src/group/writer-tag.ts";
import { publicKeysOf, writeIdentityFile } from "../../packages/core/src/identity/device.ts";
import { fingerprint } from "../../packages/core/src/identity/fingerprint.ts";
import { kitDevice, kitWords } from "../../packages/core/src/identity/kit.ts";
import type { Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { seeded } from "./seeded.ts";
import { replace } from "./spoilings.ts";
import { digestOf, type World } from "./world.ts";
import { base64, type Case, type Plan } from "./write.ts";

export function plainPlans(world: World): Plan[] {
  return [
    ...[keyPlan(world), recipientFilePlan(world), recipientPlan(world), conclaveJsonPlan(world), addressPlan(world)],
    ...[kitPlan(), identityFilePlan(world), fingerprintPlan(world), ...derivedPlans(world)],
  ];
}

function keyPlan({ first }: World): Plan {
  const { epoch } = first;
  const [tag, digest] = [digestOf("tag").slice(0, 32), digestOf("digest").slice(0, 32)];
  const records = `${epoch}/records/${tag}-1-2-${digest}.age`;
  const grant = `epochs/${epoch}-all-${digest}.age`;
  const request = `requests/${tag}-${digest}.age`;
  const ok = (name: string, kind: string, key: string, result: unknown): Case => ({
    name,
    expect: "ok",
    kind,
    key,
    result,
  });
  const not = (name: string, kind: string, key: string): Case => ({ name, expect: "foreign", kind, key });
  return {
    file: "key",
    format: "key",
    description:
      "Keys on the storage (SPEC.md §2): what their names say. Whatever is of no such form is foreign and left alone.",
    cases: () => [
      ok("records", "records", records, { epoch, tag, first: 1, count: 2, digest }),
      ok("locations alone", "records", replace(records, "-1-2-", "-17-0-"), {
        epoch,
        tag,
        first: 17,
        count: 0,
        digest,
      }),
      ok("a grant to all", "grant", grant, { epoch, audience: "all", digest }),
      ok("a grant to a device", "grant", replace(grant, "all", tag), { epoch, audience: tag, digest }),
      ok("a notice", "notice", `${epoch}/notice-${digest}.age`, { epoch, digest }),
      ok("a request", "request", request, { id: tag, digest }),
      ok("a recipient", "recipient", `epochs/${epoch}.recipient`, epoch),
      not("number 0", "records", replace(records, "-1-2-", "-0-2-")),
      not("a number with a zero before it", "records", replace(records, "-1-2-", "-01-2-")),
      not("a count with a zero before it", "records", replace(records, "-1-2-", "-1-02-")),
      not("a count below zero", "records", replace(records, "-1-2-", "-1--2-")),
      not("a number of 17 digits", "records", replace(records, "-1-2-", "-10000000000000000-2-")),
      not("an epoch in upper case", "records", replace(records, epoch, epoch.toUpperCase())),
      not("a folder too many", "records", `x/${records}`),
      not("a conflicted copy", "records", replace(records, ".age", " (conflicted copy).age")),
      not("a temporary file", "records", `${records}.tmp`),
      not("a line feed behind it", "records", `${records}\n`),
      not("an audience of nobody", "grant", replace(grant, "all", "none")),
      not("an audience of 8 bytes", "grant", replace(grant, "all", tag.slice(16))),
      not("a short digest", "notice", `${epoch}/notice-${digest.slice(1)}.age`),
      not("an ending in upper case", "request", replace(request, ".age", ".AGE")),
      not("a recipient of half an epoch", "recipient", `epochs/${epoch.slice(32)}.recipient`),
    ],
  };
}

function recipientFilePlan({ first, second, hybrid }: World): Plan {
  const caseOf = (name: string, expect: Verdict, text: string, epoch = sha256Hex(toUtf8(text))): Case => ({
    ...{ name, expect, epoch, file: base64(toUtf8(text)) },
    ...(expect === "ok" && { result: { recipient: text.trim() } }),
  });
  const { recipient } = first;
  return {
    file: "recipient-file",
    format: "recipient-file",
    description:
      "Recipient files (SPEC.md §2), held against the epoch in their name: here, the refused ones mostly fit it.",
    cases: () => [
      caseOf("of a classic epoch", "ok", `${recipient}\n`),
      caseOf("of a hybrid epoch", "ok", `${hybrid.recipient}\n`),
      caseOf("of another epoch", "corrupt", `${recipient}\n`, second.epoch),
      caseOf("without a line feed", "corrupt", recipient),
      caseOf("with a carriage return", "corrupt", `${recipient}\r\n`),
      caseOf("with two line feeds", "corrupt", `${recipient}\n\n`),
      caseOf("with a byte order mark", "corrupt", `\ufeff${recipient}\n`),
      caseOf("in upper case", "corrupt", `${recipient.toUpperCase()}\n`),
      caseOf("an identity", "corrupt", `${first.identity}\n`),
      caseOf("empty", "corrupt", ""),
      caseOf("of 2,202 bytes", "limit", `age1pq1${"q".repeat(2194)}\n`),
    ],
  };
}

function recipientPlan({ first, hybrid }: World): Plan {
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

function conclaveJsonPlan({ group }: World): Plan {
  const good = new TextDecoder().decode(conclaveJson(group));
  const not = (name: string, text: string): Case => ({ name, expect: "foreign", file: base64(toUtf8(text)) });
  return {
    file: "conclave-json",
    format: "conclave-json",
    description:
      "conclave.json (SPEC.md §2): never trusted, so that whatever is of another form is foreign and no error.",
    cases: () => [
      { name: "as it is written", expect: "ok", file: base64(toUtf8(good)), result: { group } },
      not("without a line feed", good.trimEnd()),
      not("with two line feeds", `${good}\n`),
      not("of a newer version", replace(good, "conclave/v1", "conclave/v2")),
      not("keys in another order", JSON.stringify({ group, ...(JSON.parse(good) as object) }).concat("\n")),
      not("a group in upper case", replace(good, group, group.toUpperCase())),
      not("a key twice", replace(good, '"group":', `"group":"${group}","group":`)),
      not("a byte order mark", `\ufeff${good}`),
      not("a space", replace(good, '"group":', '"group": ')),
      not("over 4,096 bytes", replace(good, '"help":"', `"help":"${"x".repeat(4096)}`)),
      not("empty", ""),
    ],
  };
}

function addressPlan({ group, log, second }: World): Plan {
  const address = {
    group,
    entry: log[2]?.digest ?? group,
    epoch: second.epoch,
    store: "file:///home/alice/Drive%20é/team",
  };
  const good = formatAddress(address);
  const ok = (name: string, text: string, result: object): Case => ({ name, expect: "ok", address: text, result });
  const not = (name: string, text: string, expect: Verdict = "malformed"): Case => ({ name, expect, address: text });
  const plain = { ...address, store: "s3://bucket/a b" };
  return {
    file: "address",
    format: "address",
    description: "Addresses (SPEC.md §7). Space around one is forgiven, nothing else.",
    cases: () => [
      ok("of a folder", good, address),
      ok("with space around it", `\n  ${good}\t\n`, address),
      ok("with a space in its store", formatAddress(plain), plain),
      not("of a newer version", replace(good, "v1", "v2"), "unsupported"),
      not("without a version", replace(good, "v1/", "")),
      not("of another scheme", replace(good, "conclave:", "https:")),
      not("its scheme in upper case", replace(good, "conclave:", "CONCLAVE:")),
      not("a group in upper case", replace(good, group, group.toUpperCase())),
      not("an epoch cut", replace(good, address.epoch, address.epoch.slice(1))),
      not("a store that is not encoded", replace(good, "%3A", ":")),
      not("a store encoded in lower case", replace(good, "%3A", "%3a")),
      not("a store encoded where it need not be", replace(good, "alice", "%61lice")),
      not("a store of no text", `${good}%FF`),
      not("no store", good.slice(0, good.lastIndexOf("/") + 1)),
      not("a part more", `${good}/x`),
      not("a space in it", replace(good, "/", "/ ")),
      not("over 4,096 characters", good + "x".repeat(4096)),
    ],
  };
}

function kitPlan(): Plan {
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

function identityFilePlan({ alice, bob }: World): Plan {
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

function fingerprintPlan({ alice, bob }: World): Plan {
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

/** A case of a derived value: right, or as somebody gets it who made one usual mistake. */
function derivedCase(name: string, expect: Verdict, input: object, output: unknown): Case {
  return { name, expect, ...input, output };
}

function derivedPlans(world: World): Plan[] {
  return [
    writerTagPlan(world),
    audienceTagPlan(world),
    requestIdPlan(world),
    epochPlan(world),
    ...lengthPlans(),
    tarHeaderPlan(),
  ];
}

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

function requestIdPlan({ carol, bob, group }: World): Plan {
  const input = { group, device: carol.key };
  return {
    file: "request-id",
    format: "request-id",
    description: "The id in the name of a join request (SPEC.md §7).",
    cases: () => [
      derivedCase("Carol's device", "ok", input, requestId(input)),
      derivedCase("Bob's device", "ok", { group, device: bob.key }, requestId({ group, device: bob.key })),
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
