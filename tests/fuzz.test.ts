/**
 * Parsers of what a storage gives, on altered inputs that are looked for by coverage: each takes an input in its one form,
 * or refuses it with a code. `CONCLAVE_SEED` chooses the inputs; `npm run fuzz -- --minutes M` goes on.
 */
import { afterAll, describe, expect, it } from "vitest";
import { Allocation } from "./support/allocation.ts";
import { altered, Coverage, fuzz, workOf } from "./support/fuzzer.ts";
import { equalBytes } from "./support/insides.ts";
import { type Parser, parsers } from "./support/parsers.ts";
import { drawFrom } from "./support/seeded.ts";

const SEED = Number(process.env.CONCLAVE_SEED ?? 1);
const RUNS = 600;
/** Work may grow a little faster than its input does: by rows, lookups, nesting. */
const WORK_RATIO_MAX = 2.5;
/** Less than this for an input of forty thousand bytes is not asked where it comes from. */
const WORK_STEPS_MIN = 400;

/** What a parser may allocate in all for each byte of its input, and for any input: keys and signatures are computed with. */
const ALLOCATED_RATIO_MAX = 64;
const ALLOCATED_BYTES_MAX = 8 * 1024 * 1024;

const coverage = new Coverage();
const allocation = new Allocation();
const all = await parsers();
afterAll(() => {
  coverage.stop();
  allocation.stop();
});

/** What it allocates for an input, once it has been warmed up. */
async function allocatedBy({ read }: Parser, input: Uint8Array<ArrayBuffer>): Promise<number> {
  const attempt = async () => {
    try {
      await read(input.slice());
    } catch {
      // Refusing costs memory too.
    }
  };
  await attempt();
  return allocation.of(attempt);
}

/** Bytes that are allocated for each byte by which an input is longer. */
async function allocatedMore(parser: Parser, grow: (length: number) => Uint8Array<ArrayBuffer>): Promise<number> {
  const [short, long] = [grow(20_000), grow(60_000)];
  const [less, more] = [await allocatedBy(parser, short), await allocatedBy(parser, long)];
  return (more - less) / (long.length - short.length);
}

describe.each(all)("the parser of $name", (parser) => {
  it(`takes or refuses each of ${RUNS} altered inputs (seed ${SEED})`, { timeout: 600_000 }, async () => {
    const fuzzed = await fuzz(parser, { coverage, draw: drawFrom(SEED), goesOn: (runs) => runs < RUNS });
    expect(fuzzed.findings).toEqual([]);
    // A parser that takes nothing would hold as well.
    expect(fuzzed.accepted).toBeGreaterThan(0);
  });

  it("works twice as much at most for an input that is twice as long", { timeout: 600_000 }, async () => {
    for (const filler of ["\n", "{", '"\\', "A", "-> X25519 \n", '","']) {
      for (const seed of parser.seeds.slice(0, 2)) {
        const [short, long] = [20_000, 40_000].map((length) => grown(seed, { filler, length }));
        await workOf(coverage, parser, short as Uint8Array<ArrayBuffer>);
        const less = await workOf(coverage, parser, short as Uint8Array<ArrayBuffer>);
        const more = await workOf(coverage, parser, long as Uint8Array<ArrayBuffer>);
        // Of a few dozen steps, one that comes by chance would be a large part.
        const most = Math.max(WORK_RATIO_MAX * less, WORK_STEPS_MIN);
        expect(more, `${JSON.stringify(filler)} in ${parser.name}, beside ${less}`).toBeLessThan(most);
      }
    }
  });

  it("takes memory in proportion to its input", { timeout: 600_000 }, async () => {
    const [seed = new Uint8Array(0)] = parser.seeds;
    for (const filler of ["\n", "A", '"a",', "{"]) {
      const more = await allocatedMore(parser, (length) => grown(seed, { filler, length }));
      expect(more, `${JSON.stringify(filler)} in ${parser.name}`).toBeLessThan(ALLOCATED_RATIO_MAX);
    }
    const more = await allocatedMore(parser, (length) => repeated(seed, length));
    expect(more, `${parser.name} over and over`).toBeLessThan(ALLOCATED_RATIO_MAX);
    const draw = drawFrom(SEED);
    for (let run = 0; run < 12; run++) {
      const input = altered(parser.seeds, draw);
      expect(await allocatedBy(parser, input), Buffer.from(input).toString("base64")).toBeLessThan(
        ALLOCATED_BYTES_MAX + ALLOCATED_RATIO_MAX * input.length,
      );
    }
  });
});

describe("the fuzzer", () => {
  const seeds = [new TextEncoder().encode('{"a":1}')];

  it("is guided: inputs that come somewhere new are kept", async () => {
    const read = all.find(({ name }) => name === "a card")?.read ?? (() => false);
    const unknowing = { name: "a card", seeds, read };
    const { kept } = await fuzz(unknowing, { coverage, draw: drawFrom(SEED), goesOn: (runs) => runs < RUNS });
    expect(kept).toBeGreaterThan(0);
  });

  it("finds a parser that breaks on a byte that it does not expect", async () => {
    const broken = {
      name: "broken",
      seeds,
      read: (bytes: Uint8Array) => bytes.length > 0 && JSON.parse(String(bytes)),
    };
    const { findings } = await fuzz(broken, { coverage, draw: drawFrom(SEED), goesOn: (runs) => runs < RUNS });
    expect(findings).not.toEqual([]);
  });

  it("sees work that grows with the square of the input", async () => {
    const read = (bytes: Uint8Array) => bytes.every(() => equalBytes(bytes, bytes.slice()));
    const slow = { name: "slow", seeds, read };
    const [less, more] = [await workOf(coverage, slow, filled(100)), await workOf(coverage, slow, filled(200))];
    expect(more / less).toBeGreaterThan(WORK_RATIO_MAX);
  });
});

describe("the measure of memory", () => {
  const seed = new Uint8Array(0);

  it.each<[string, (bytes: Uint8Array) => unknown]>([
    [
      "objects that are let go at once",
      (bytes) => bytes.every((byte) => String([byte, byte, byte, byte, byte, byte]).length > 0),
    ],
    ["buffers that are kept", (bytes) => Array.from(bytes.subarray(0, 100), () => bytes.slice())],
  ])("sees %s", async (_, read) => {
    const wasteful = { name: "wasteful", seeds: [seed], read: (bytes: Uint8Array) => read(bytes) !== null };
    expect(await allocatedMore(wasteful, filled)).toBeGreaterThan(ALLOCATED_RATIO_MAX);
  });

  it("takes a copy for what it is", async () => {
    const copying = { name: "copying", seeds: [seed], read: (bytes: Uint8Array) => bytes.slice().length > 0 };
    const more = await allocatedMore(copying, filled);
    // The copy that each parser is handed, and its own.
    expect(more).toBeGreaterThan(1.5);
    expect(more).toBeLessThan(4);
  });
});

function filled(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(1);
}

/** An input with a filler in its middle, over and over. */
function grown(seed: Uint8Array, options: { readonly filler: string; readonly length: number }) {
  const middle = Math.floor(seed.length / 2);
  const filler = Buffer.alloc(options.length, options.filler);
  return new Uint8Array(Buffer.concat([seed.subarray(0, middle), filler, seed.subarray(middle)]));
}

/** An input over and over, without what pads it. */
function repeated(seed: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const end = seed.findLastIndex((byte) => byte !== 0x0a) + 2;
  return new Uint8Array(Buffer.alloc(length, seed.subarray(0, end)));
}
