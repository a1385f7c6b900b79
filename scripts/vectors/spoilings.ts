/** Ways to spoil a record: each is signed rightly all the same, unless the signature is what is spoiled. */
import { concatBytes, equalBytes, toUtf8 } from "../../packages/core/src/encoding/bytes.ts";
import { fromHex } from "../../packages/core/src/encoding/hex.ts";
import { encodeBase64 } from "../../packages/core/src/encoding/strict.ts";
import { encodeSignedLine, type SignedLine } from "../../packages/core/src/records/signed-line.ts";
import { bytesOf, type Verdict } from "../../packages/core/test/vectors/vector-file.ts";
import { FITS_ANYTHING, NEUTRAL_KEY, withNeutralR } from "./weak-signatures.ts";
import { crypto, signBytes } from "./world.ts";
import { base64, type Case, runs } from "./write.ts";

/** A line of JSON with its spoiled form: text, or bytes that no text has. */
type LineSpoil = readonly [name: string, verdict: Verdict, spoil: (line: string) => string | Uint8Array<ArrayBuffer>];

/** Replaces what must be there, so that no spoiling is left out by mistake. */
export function replace(line: string, from: string | RegExp, to: string): string {
  const spoiled = line.replace(from, () => to);
  if (spoiled === line) throw new Error(`there is no ${from} in ${line}`);
  return spoiled;
}

/** The last number in every record is its time. */
const TIME = /(?<="time":)\d+/;

function withTime(name: string, form: string): LineSpoil {
  return [`a time written ${name}`, "malformed", (line) => replace(line, TIME, form)];
}

/** The same keys, the first behind the second. */
function turned(line: string): string {
  const [first, second, ...rest] = Object.entries(JSON.parse(line) as object).slice(1);
  const { type } = JSON.parse(line) as { type: string };
  if (!first || !second) throw new Error("too few keys to turn");
  return JSON.stringify({ type, ...Object.fromEntries([second, first, ...rest]) });
}

/** 0xFF is in no text: a decoder that mends it gives U+FFFD. */
function invalidUtf8(line: string): Uint8Array<ArrayBuffer> {
  const bytes = toUtf8(line);
  bytes[line.indexOf('"time"') + 1] = 0xff;
  return bytes;
}

/** What fits every line, in every type's few cases. */
export const FEW: readonly LineSpoil[] = [
  ["a byte order mark", "malformed", (line) => `\ufeff${line}`],
  ["two keys in another order", "malformed", turned],
  ["a key twice", "malformed", (line) => replace(line, '"time":', '"time":0,"time":')],
  ["a space", "malformed", (line) => replace(line, '"time":', '"time": ')],
  ["a type of a newer version", "unsupported", (line) => replace(line, "conclave/v1/", "conclave/v2/")],
];

/** The rest, for types whose records are short. */
export const MANY: readonly LineSpoil[] = [
  ...FEW,
  ["a type that nobody knows", "unsupported", (line) => replace(line, /conclave\/v1\/[a-z]+/, "conclave/v1/other")],
  ["a space before it", "malformed", (line) => ` ${line}`],
  ["a space behind it", "malformed", (line) => `${line} `],
  ["a carriage return behind it", "malformed", (line) => `${line}\r`],
  ["more behind its end", "malformed", (line) => `${line}{}`],
  ["a key that is escaped", "malformed", (line) => replace(line, '"time":', '"tim\\u0065":')],
  ["an escaped slash in its type", "malformed", (line) => replace(line, "conclave/v1/", "conclave\\/v1/")],
  ["a key more", "malformed", (line) => replace(line, '"time":', '"more":0,"time":')],
  ["a key __proto__", "malformed", (line) => replace(line, '"time":', '"__proto__":{},"time":')],
  ["a key less", "malformed", (line) => replace(line, /,"time":\d+/, "")],
  ["its type behind another key", "malformed", (line) => replace(line, "{", '{"time":0,')],
  withTime("1.0", "1.0"),
  withTime("1e3", "1e3"),
  withTime("-0", "-0"),
  withTime("with a zero before it", "01"),
  withTime("below zero", "-1"),
  withTime("above 2^53 - 1", "9007199254740992"),
  withTime("as text", '"1"'),
  withTime("as null", "null"),
  ["a device in upper case", "malformed", (line) => replace(line, /(?<="device":")[0-9a-f]{64}/, "AB".repeat(32))],
  ["a device of 31 bytes", "malformed", (line) => replace(line, /(?<="device":")[0-9a-f]{2}/, "")],
  ["a lone surrogate", "malformed", (line) => replace(line, /(?<="device":")[0-9a-f]{6}/, "\\ud800")],
  ["bytes that are no UTF-8", "malformed", invalidUtf8],
];

/** A record of these bytes under a right signature. */
export async function signedCase(
  line: string | Uint8Array<ArrayBuffer>,
  options: { readonly type: string; readonly signingKey: Uint8Array },
): Promise<Uint8Array<ArrayBuffer>> {
  return encodeSignedLine(await signBytes(typeof line === "string" ? toUtf8(line) : line, options));
}

interface Spoiled {
  /** How the case calls its bytes. */
  readonly input: string;
  readonly good: SignedLine;
  readonly type: string;
  readonly signingKey: Uint8Array;
}

/** Cases of one good line, spoiled. `verdict` makes one out of all, for readers that say only one thing. */
export async function spoiledLines(
  spoils: readonly LineSpoil[],
  options: Spoiled & { readonly verdict?: Verdict },
): Promise<Case[]> {
  const line = new TextDecoder().decode(options.good.line);
  const cases: Case[] = [];
  for (const [name, verdict, spoil] of spoils) {
    const spoiled = spoil(line);
    const type =
      typeof spoiled === "string" ? (/conclave\/v\d\/[a-z]+/.exec(spoiled)?.[0] ?? options.type) : options.type;
    const record = await signedCase(spoiled, { ...options, type });
    cases.push({ name, expect: options.verdict ?? verdict, [options.input]: base64(record) });
  }
  return cases;
}

/** Lines that are refused for their size alone, before they are parsed. */
export async function largeLines(options: Spoiled): Promise<Case[]> {
  const start = `{"type":"${options.type}","device":`;
  const large: readonly (readonly [string, readonly (readonly [string, number])[]])[] = [
    [
      "nested 20,000 deep",
      [
        [start, 1],
        ["[", 20_000],
        ["]", 20_000],
        ["}", 1],
      ],
    ],
    [
      "nested 20,000 deep and never closed",
      [
        [start, 1],
        ['{"a":', 20_000],
      ],
    ],
    [
      "a line over 1 MiB",
      [
        [`${start}"`, 1],
        ["a", 1024 * 1024],
        ['"}', 1],
      ],
    ],
  ];
  const cases: Case[] = [];
  for (const [name, parts] of large) {
    const line = bytesOf(runs(...parts));
    const signature = encodeSignedLine(await signBytes(line, options)).subarray(line.length);
    const record = runs(...parts, [new TextDecoder().decode(signature), 1]);
    cases.push({ name, expect: "limit", [options.input]: record });
  }
  return cases;
}

/** The order of the base point, L, little-endian. RFC 8032 §5.1. */
const ORDER = fromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

/** S + L fits the same equation: whoever does not compare takes it. */
function plusOrder(signature: Uint8Array): Uint8Array<ArrayBuffer> {
  const sum = new Uint8Array(signature);
  let carry = 0;
  for (let index = 0; index < 32; index++) {
    carry += (sum[32 + index] ?? 0) + (ORDER[index] ?? 0);
    sum[32 + index] = carry & 0xff;
    carry >>= 8;
  }
  return sum;
}

function flipped(bytes: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** Another last digit of the same base64 text: bits that belong to no byte. */
function spareBits(text: string): string {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const at = text.indexOf("=") - 1;
  return text.slice(0, at) + digits[digits.indexOf(text[at] ?? "") + 1] + text.slice(at + 1);
}

/** Signatures that are no signature of this record by this device. */
export async function spoiledSignatures(
  options: Spoiled & { readonly other: Uint8Array; readonly verdict?: Verdict },
): Promise<Case[]> {
  const { good, input, verdict } = options;
  const text = encodeBase64(good.signature);
  const by = async (message: Uint8Array, signingKey = options.signingKey) =>
    encodeBase64(await crypto.sign({ signingKey, message }));
  const labelled = (label: string, line: Uint8Array) => concatBytes(toUtf8(label), line);
  const zero = concatBytes(toUtf8(`${options.type}\0`), good.line);
  const wrong: readonly (readonly [string, Verdict, string])[] = [
    ["a signature by another device", "corrupt", await by(zero, options.other)],
    ["a signature of another type", "corrupt", await by(labelled("conclave/v1/other\0", good.line))],
    ["a signature over the line alone", "corrupt", await by(good.line)],
    ["a signature without a zero byte behind the type", "corrupt", await by(labelled(options.type, good.line))],
    ["a signature over the line and its line feed", "corrupt", await by(concatBytes(zero, toUtf8("\n")))],
    ["a signature with one bit flipped in R", "corrupt", encodeBase64(flipped(good.signature, 3))],
    ["a signature with one bit flipped in S", "corrupt", encodeBase64(flipped(good.signature, 40))],
    [
      "a signature with R of small order, by the key's owner",
      "corrupt",
      encodeBase64(withNeutralR({ signingKey: options.signingKey, message: zero })),
    ],
    ["a signature with L added to S", "corrupt", encodeBase64(plusOrder(good.signature))],
    ["a signature in base64 with spare bits set", "malformed", spareBits(text)],
    ["a signature in base64 without padding", "malformed", text.replaceAll("=", "")],
    ["a signature of 63 bytes", "malformed", encodeBase64(good.signature.subarray(1))],
    ["a signature with a carriage return behind it", "malformed", `${text}\r`],
    ["no signature", "malformed", ""],
  ];
  if (equalBytes(plusOrder(good.signature), good.signature)) throw new Error("nothing was added");
  return wrong.map(([name, said, signature]) => {
    const record = concatBytes(good.line, toUtf8(`\n${signature}\n`));
    return { name, expect: verdict ?? said, [input]: base64(record) };
  });
}

/** A record by a device whose key is of small order, under a signature that fits every message. */
export function weakKey({ input, good }: Pick<Spoiled, "input" | "good">): Case {
  const line = replace(new TextDecoder().decode(good.line), /(?<="device":")[0-9a-f]{64}/, NEUTRAL_KEY);
  const record = concatBytes(toUtf8(`${line}\n${encodeBase64(FITS_ANYTHING)}\n`));
  return { name: "a device's key of small order", expect: "corrupt", [input]: base64(record) };
}

/** Bytes around a record that is itself right. */
export function spoiledFrames(options: {
  readonly input: string;
  readonly good: SignedLine;
  readonly verdict?: Verdict;
}): Case[] {
  const { input, good, verdict } = options;
  const whole = encodeSignedLine(good);
  const altered = encodeSignedLine({ ...good, line: flipped(good.line, good.line.length - 2) });
  const spoiled: readonly (readonly [string, Verdict, Uint8Array])[] = [
    ["the last digit of its time changed", "corrupt", altered],
    ["its last line feed cut off", "malformed", whole.subarray(0, -1)],
    ["cut in the middle", "malformed", whole.subarray(0, good.line.length >> 1)],
    ["something behind it", "malformed", concatBytes(whole, toUtf8("\nx"))],
    ["itself a second time behind it", "corrupt", concatBytes(whole, whole)],
  ];
  return spoiled.map(([name, said, bytes]) => ({ name, expect: verdict ?? said, [input]: base64(bytes) }));
}
