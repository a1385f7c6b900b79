/**
 * A small fuzzer that is guided by coverage: inputs that reach something new are kept and altered further. V8 counts how
 * often each block of the core ran; those counts are also the measure of work, which no busy machine disturbs.
 */
import { type InspectorNotification, Session } from "node:inspector";
import { ConclaveError } from "@conclave/core";
import type { Parser } from "./parsers.ts";
import type { Draw } from "./seeded.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface Finding {
  readonly parser: string;
  /** In base64. */
  readonly input: string;
  readonly error: unknown;
}

export interface Fuzzed {
  readonly runs: number;
  readonly kept: number;
  readonly accepted: number;
  readonly findings: readonly Finding[];
}

/** How many inputs run between two looks at the coverage, which cost more than they do. */
const BATCH = 24;
const INPUT_BYTES_MAX = 65_536;

/** Counts of the blocks of the core that ran. */
export class Coverage {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#post("Profiler.enable");
    this.#post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  #post(method: string, parameters: object = {}): unknown {
    let result: unknown;
    this.#session.post(method, parameters, (error: Error | null, answer?: object | InspectorNotification<object>) => {
      if (error) throw error;
      result = answer;
    });
    return result;
  }

  /** Blocks by where they stand, with how often each ran since the last look. */
  take(): Map<string, number> {
    const { result } = this.#post("Profiler.takePreciseCoverage") as TakenCoverage;
    const counts = new Map<string, number>();
    for (const { url, functions } of result) {
      if (!url.includes("packages/core/src/")) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges)
          if (count > 0) counts.set(`${url} ${startOffset} ${endOffset}`, count);
      }
    }
    return counts;
  }

  stop(): void {
    this.#session.disconnect();
  }
}

interface TakenCoverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
    }[];
  }[];
}

/** How much of the core ran for one input: blocks, each as often as it ran. */
export async function workOf(coverage: Coverage, parser: Parser, input: Bytes): Promise<number> {
  coverage.take();
  await tryInput(parser, input);
  return [...coverage.take().values()].reduce((sum, count) => sum + count, 0);
}

/** True if it was taken, false if it was refused, an error if the parser is broken. */
async function tryInput({ read }: Parser, input: Bytes): Promise<boolean | Error> {
  try {
    return await read(input.slice());
  } catch (error) {
    if (error instanceof ConclaveError) return false;
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Alters inputs of one parser until `goesOn` says no. */
export async function fuzz(
  parser: Parser,
  options: { readonly coverage: Coverage; readonly draw: Draw; readonly goesOn: (runs: number) => boolean },
): Promise<Fuzzed> {
  const { coverage, draw, goesOn } = options;
  const corpus = [...parser.seeds];
  const seen = new Set<string>();
  const findings: Finding[] = [];
  let [runs, accepted] = [0, 0];
  const run = async (input: Bytes) => {
    runs += 1;
    const outcome = await tryInput(parser, input);
    if (outcome === true) accepted += 1;
    if (outcome instanceof Error)
      findings.push({ parser: parser.name, input: Buffer.from(input).toString("base64"), error: outcome });
  };
  const isNew = () => noteNew(seen, coverage.take());
  for (const seed of corpus) await run(seed);
  isNew();
  while (goesOn(runs) && findings.length === 0) {
    const batch = Array.from({ length: BATCH }, () => altered(corpus, draw));
    for (const input of batch) await run(input);
    const before = new Set(seen);
    if (!isNew()) continue;
    // Somebody in the batch was the first somewhere: each is asked again, by itself.
    for (const input of batch) {
      await tryInput(parser, input);
      if (noteNew(before, coverage.take())) corpus.push(input);
    }
  }
  return { runs, kept: corpus.length - parser.seeds.length, accepted, findings };
}

/** Whether a block ran that never had, or one of ten or of a hundred times as often as ever. */
function noteNew(seen: Set<string>, counts: ReadonlyMap<string, number>): boolean {
  const before = seen.size;
  for (const [block, count] of counts) seen.add(`${block} ${Math.floor(Math.log10(count))}`);
  return seen.size > before;
}

const TOKENS = [
  '"',
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "null",
  "true",
  "-0",
  "1e3",
  "9007199254740993",
  "-1",
  "0.5",
  "\\u0061",
  "\\ud800",
  "\ufeff",
  "\n",
  "\0",
  "\x7f",
  "é",
  "\u202e",
  "..",
  "/",
  "conclave/v2/",
  "__proto__",
  "age1",
  "-> X25519 ",
  "---",
  "=",
  "A",
].map((token) => new TextEncoder().encode(token));
const TOKEN = /"(?:\\.|[^"\\])*"|-?\d+|[[\]{},:]|[a-z]+/g;

/** One input of the corpus after some changes: of bytes, of the words of JSON, or with a part of another one. */
export function altered(corpus: readonly Bytes[], draw: Draw): Bytes {
  let bytes = pick(corpus, draw);
  for (let changes = 1 + draw(3); changes > 0; changes--) bytes = pick(CHANGES, draw)(bytes, corpus, draw);
  return bytes.slice(0, INPUT_BYTES_MAX);
}

function pick<Item>(items: readonly Item[], draw: Draw): Item {
  return items[draw(items.length)] as Item;
}

type Change = (bytes: Bytes, corpus: readonly Bytes[], draw: Draw) => Bytes;

const CHANGES: readonly Change[] = [
  (bytes, _, draw) => replaced(bytes, { at: draw(bytes.length), length: 1, by: Uint8Array.of(draw(256)) }),
  (bytes, _, draw) => {
    const at = draw(bytes.length);
    return replaced(bytes, { at, length: 1, by: Uint8Array.of((bytes[at] ?? 0) ^ (1 << draw(8))) });
  },
  (bytes, _, draw) => replaced(bytes, { at: draw(bytes.length + 1), length: draw(4), by: pick(TOKENS, draw) }),
  (bytes, _, draw) => bytes.slice(0, draw(bytes.length + 1)),
  (bytes, _, draw) => replaced(bytes, { at: draw(bytes.length), length: draw(40), by: new Uint8Array(0) }),
  (bytes, _, draw) => {
    const [from, at] = [draw(bytes.length), draw(bytes.length)];
    return replaced(bytes, { at, length: 0, by: bytes.subarray(from, from + draw(200)) });
  },
  (bytes, corpus, draw) => {
    const other = pick(corpus, draw);
    return replaced(bytes, { at: draw(bytes.length), length: bytes.length, by: other.subarray(draw(other.length)) });
  },
  // Words change places, or one stands twice, or is gone.
  (bytes, corpus, draw) => {
    const words = wordsOf(bytes);
    const others = draw(2) === 0 ? words : wordsOf(pick(corpus, draw));
    const [word, other] = [pick(words, draw), pick(others, draw)];
    if (!word || !other) return bytes;
    const by = draw(4) === 0 ? new Uint8Array(0) : Buffer.from(other.text, "latin1");
    return replaced(bytes, { at: word.at, length: draw(3) === 0 ? 0 : word.text.length, by });
  },
  // Many of one: deep, long, repeated.
  (bytes, _, draw) => {
    const token = pick(TOKENS, draw);
    const by = Buffer.alloc(token.length * (1 + draw(300)), token);
    return replaced(bytes, { at: draw(bytes.length + 1), length: 0, by });
  },
];

function wordsOf(bytes: Bytes): { readonly at: number; readonly text: string }[] {
  const text = Buffer.from(bytes).toString("latin1");
  return [...text.matchAll(TOKEN)].map((match) => ({ at: match.index, text: match[0] }));
}

function replaced(
  bytes: Bytes,
  change: { readonly at: number; readonly length: number; readonly by: Uint8Array },
): Bytes {
  const { at, length, by } = change;
  const tail = bytes.subarray(Math.min(bytes.length, at + length));
  const result = new Uint8Array(at + by.length + tail.length);
  result.set(bytes.subarray(0, at));
  result.set(by, at);
  result.set(tail, at + by.length);
  return result;
}
