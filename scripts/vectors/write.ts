import { readdirSync, rmSync, writeFileSync } from "node:fs";
import type { Bytes, Part, VectorCase, VectorFile } from "../../packages/core/test/vectors/vector-file.ts";
import { reseed } from "./seeded.ts";

const FOLDER = new URL("../../vectors/", import.meta.url);

/** A case with whatever inputs its format has. */
export type Case = VectorCase & { readonly [input: string]: unknown };

/** One file of vectors, made when it is its turn. */
export interface Plan extends Omit<VectorFile, "cases"> {
  readonly file: string;
  readonly cases: () => readonly Case[] | Promise<readonly Case[]>;
}

/** Writes all files anew, and nothing else stays beside them. */
export async function writePlans(plans: readonly Plan[]): Promise<void> {
  for (const old of readdirSync(FOLDER)) rmSync(new URL(old, FOLDER));
  for (const { file, cases, ...head } of plans) {
    reseed(file);
    const vectors: VectorFile = { ...head, cases: shorten(await cases()) };
    const { cases: made, ...rest } = vectors;
    const lines = made.map((each) => `    ${JSON.stringify(each)}`).join(",\n");
    const start = JSON.stringify(rest, null, 2).slice(0, -2);
    writeFileSync(new URL(`${file}.json`, FOLDER), `${start},\n  "cases": [\n${lines}\n  ]\n}\n`);
  }
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** Shorter than this, bytes are written out: in base64 digits, and in bytes that a part of the first case must have. */
const LENGTH_MIN = 200;
const COPY_MIN = 40;

/** Inputs of later cases by what they share with the first. */
function shorten(cases: readonly Case[]): readonly Case[] {
  const [first, ...rest] = cases;
  if (!first) return [];
  return [first, ...rest.map((each) => Object.fromEntries(Object.entries(each).map(shortenOne)) as unknown as Case)];

  function shortenOne([key, value]: readonly [string, unknown]): readonly [string, unknown] {
    const like = first?.[key];
    if (!INPUTS.has(key) || typeof value !== "string" || typeof like !== "string" || value.length < LENGTH_MIN)
      return [key, value];
    const parts = partsOf(Buffer.from(value, "base64"), Buffer.from(like, "base64"));
    return [key, JSON.stringify(parts).length < value.length ? parts : value];
  }
}

/** Inputs that are bytes. */
const INPUTS: ReadonlySet<string> = new Set(["record", "card", "plaintext", "sealed", "file"]);

function partsOf(bytes: Buffer, first: Buffer): readonly Part[] {
  const parts: Part[] = [];
  let literal = 0;
  for (let at = 0; at <= bytes.length; at++) {
    const start = first.indexOf(bytes.subarray(at, at + COPY_MIN));
    const isCopy = start >= 0 && at + COPY_MIN <= bytes.length;
    if (!isCopy && at < bytes.length) continue;
    if (at > literal) parts.push([base64(bytes.subarray(literal, at)), 1]);
    if (!isCopy) break;
    let end = start;
    while (first[end] === bytes[at + end - start] && end < first.length) end++;
    parts.push([start, end]);
    literal = at + end - start;
    at = literal - 1;
  }
  return parts;
}

/** Bytes with a run in the middle that is too long to be written out. */
export function runs(...parts: readonly (readonly [text: string, times: number])[]): Bytes {
  return parts.map(([text, times]) => [base64(Buffer.from(text)), times] as const);
}

/** Bytes with their long runs of zeros counted. */
export function compact(bytes: Uint8Array): Bytes {
  const parts: (readonly [string, number])[] = [];
  for (let start = 0; start < bytes.length; ) {
    const zeros = zerosAt(bytes, start);
    if (zeros >= ZEROS_MIN) parts.push([base64(new Uint8Array(1)), zeros]);
    let end = start + (zeros >= ZEROS_MIN ? zeros : 0);
    const from = end;
    while (zeros < ZEROS_MIN && end < bytes.length && zerosAt(bytes, end) < ZEROS_MIN) end++;
    if (end > from) parts.push([base64(bytes.subarray(from, end)), 1]);
    start = end;
  }
  return parts;
}

const ZEROS_MIN = 32;

function zerosAt(bytes: Uint8Array, start: number): number {
  let end = start;
  while (bytes[end] === 0) end++;
  return end - start;
}
