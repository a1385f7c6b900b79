/**
 * Parsers of what a storage gives, on altered inputs that are looked for by coverage: each takes an input in its one form,
 * or refuses it with a code. `CONCLAVE_SEED` chooses the inputs; `npm run fuzz -- --minutes M` goes on.
 */
import { afterAll, describe, expect, it } from "vitest";
import { Coverage, fuzz, workOf } from "./support/fuzzer.ts";
import { equalBytes } from "./support/insides.ts";
import { parsers } from "./support/parsers.ts";
import { drawFrom } from "./support/seeded.ts";

const SEED = Number(process.env.CONCLAVE_SEED ?? 1);
const RUNS = 600;
/** Work may grow a little faster than its input does: by rows, lookups, nesting. */
const WORK_RATIO_MAX = 2.5;

const coverage = new Coverage();
const all = await parsers();
afterAll(() => coverage.stop());

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
        expect(more / less, `${JSON.stringify(filler)} in ${parser.name}`).toBeLessThan(WORK_RATIO_MAX);
      }
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

function filled(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(1);
}

/** An input with a filler in its middle, over and over. */
function grown(seed: Uint8Array, options: { readonly filler: string; readonly length: number }) {
  const middle = Math.floor(seed.length / 2);
  const filler = Buffer.alloc(options.length, options.filler);
  return new Uint8Array(Buffer.concat([seed.subarray(0, middle), filler, seed.subarray(middle)]));
}
