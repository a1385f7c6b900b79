/** Every file of `vectors/`, in Node and in a browser alike: what is read, what is refused and how, and the same bytes again. */
import { describe, expect, it } from "vitest";
import { webCrypto } from "../src/age/web-crypto.ts";
import { ConclaveError } from "../src/errors.ts";
import { RUNNERS } from "./vectors/runners.ts";
import { inputsOf, Refused, type VectorCase, type VectorFile } from "./vectors/vector-file.ts";

declare global {
  interface ImportMeta {
    /** Vite's: the text of every file that fits, in Node and in browsers. */
    glob(
      pattern: string,
      options: { readonly query: "?raw"; readonly import: "default"; readonly eager: true },
    ): {
      readonly [path: string]: string;
    };
  }
}

const BYTES_MAX = 1_500_000;
const crypto = webCrypto();
const texts = import.meta.glob("../../../vectors/*.json", { query: "?raw", import: "default", eager: true });
const files = Object.entries(texts).map(([path, text]) => ({
  file: path.replace(/^.*\//, ""),
  vectors: JSON.parse(text) as VectorFile,
}));

/** What the reader says of a case, in the words of the file. */
async function verdictOn(format: string, input: VectorCase): Promise<Pick<VectorCase, "expect" | "result">> {
  try {
    const result: unknown = await RUNNERS[format]?.(crypto, input as never);
    return result === undefined ? { expect: "ok" } : { expect: "ok", result };
  } catch (error) {
    if (error instanceof ConclaveError || error instanceof Refused) return { expect: error.code };
    throw error;
  }
}

describe.each(files)("the vectors of $file", ({ vectors }) => {
  const { format, cases } = vectors;

  it.each(cases)("$expect: $name", async (each) => {
    const { expect: verdict, result } = each;
    const wanted = result === undefined ? { expect: verdict } : { expect: verdict, result };
    expect(await verdictOn(format, inputsOf(vectors, each))).toEqual(wanted);
  });

  it("have a reader, names of their own, something to read and at least five things to refuse", () => {
    expect(Object.keys(RUNNERS)).toContain(format);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    const read = cases.filter((each) => each.expect === "ok").length;
    expect(read).toBeGreaterThan(0);
    expect(cases.length - read).toBeGreaterThanOrEqual(5);
  });
});

it("there are vectors for every format, and they stay small", () => {
  expect(new Set(files.map(({ vectors }) => vectors.format))).toEqual(new Set(Object.keys(RUNNERS)));
  expect(Object.values(texts).reduce((sum, text) => sum + text.length, 0)).toBeLessThan(BYTES_MAX);
});
