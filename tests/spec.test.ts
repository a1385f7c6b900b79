/** SPEC.md and the code say the same: labels, sections that are cited, limits. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const SPEC = readFileSync("SPEC.md", "utf8");
const CORE = "packages/core/src";

/** The text of one numbered section. */
function section(number: number): string {
  const [, text] = new RegExp(`^## ${number}\\. [^\\n]*\\n([^]*?)(?=^## |$(?![^]))`, "m").exec(SPEC) ?? [];
  if (text === undefined) throw new Error(`SPEC.md has no section ${number}`);
  return text;
}

/** Cells of every table row in a text, without the outer bars. */
function rowsOf(text: string): string[][] {
  const lines = text.split("\n").filter((line) => /^\| .*\|$/.test(line) && !line.startsWith("| ---"));
  return lines.map((line) => line.slice(2, -2).split(" | "));
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending) && !/(?:^|\/)(?:node_modules|dist)\//.test(name.replaceAll("\\", "/")))
    .map((name) => join(folder, name));
}

/** All that is under version control and may cite the format. */
function citingFiles(): string[] {
  const code = ["packages", "tests", "bench", "scripts"].flatMap((folder) => filesBelow(folder, ".ts"));
  const pages = readdirSync(".").filter((name) => name.endsWith(".md"));
  return [...code, ...pages, ...filesBelow("docs", ".md")];
}

function sources(): Map<string, string> {
  return new Map(filesBelow(CORE, ".ts").map((file) => [file, readFileSync(file, "utf8")]));
}

it("every label of the format stands in its table, and every one of the table in the code", () => {
  const inTable = rowsOf(section(2)).flatMap(([cell = ""]) => /^`(conclave\/v1\/[^`]+)`$/.exec(cell)?.[1] ?? []);
  const code = [...sources().values()].join("\n");
  const inCode = new Set([...code.matchAll(/"(conclave\/v1\/[a-z/-]+)"/g)].map(([, label]) => label));
  expect(inTable.toSorted()).toEqual([...inCode].sort());
});

it("every section that is cited exists, and all are numbered in order", () => {
  const numbers = [...SPEC.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  const cited = citingFiles().flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/SPEC\.md(?:\]\([^)]*\))?,? (?:§|section )([0-9.]+[0-9]|[0-9])/g)].map(
      ([text, number]) => ({ file, text, number }),
    ),
  );
  const inside = [...SPEC.matchAll(/§([0-9.]*[0-9])/g)].map(([text, number]) => ({ file: "SPEC.md", text, number }));
  expect(cited.length).toBeGreaterThan(50);
  expect([...cited, ...inside].filter(({ number }) => !numbers.includes(Number(number)))).toEqual([]);
});

/** A row of the limits that names its constant. */
const limits = rowsOf(section(13)).flatMap(([what = "", limit = "", where = ""]) => {
  const [, file, name] = /^`([^`]+\.ts)` `([A-Z_]+)`/.exec(where) ?? [];
  return file && name ? [{ what, limit, file, name }] : [];
});

it.each(limits)("$what is limited as the format says", async ({ limit, file, name }) => {
  const stated = Number(/^[0-9,]+/.exec(limit)?.[0].replaceAll(",", ""));
  expect(await constant(file, name)).toBe(name === "CHUNK_NUMBER_MAX" ? stated - 1 : stated);
});

/** The value of a constant: exported, or a product of whole numbers in the source. */
async function constant(file: string, name: string): Promise<number> {
  const exported = (await import(join(process.cwd(), CORE, file))) as Record<string, unknown>;
  if (typeof exported[name] === "number") return exported[name];
  const text = readFileSync(join(CORE, file), "utf8");
  const [, value = ""] = new RegExp(`const ${name}(?:: number)? = ([^;]+);`).exec(text) ?? [];
  if (value === "2 ** 32 - 1") return 2 ** 32 - 1;
  return value.split("*").reduce((product, factor) => product * Number(factor.replaceAll("_", "")), 1);
}

it("every constant that limits something stands among the limits", () => {
  const named = new Set(limits.map(({ file, name }) => `${file} ${name}`));
  const declared = [...sources()].flatMap(([file, text]) =>
    [...text.matchAll(/^(?:export )?const ([A-Z_]+_(?:MAX|MIN))\b/gm)].map(([, name]) => {
      return `${file.slice(CORE.length + 1).replaceAll("\\", "/")} ${name}`;
    }),
  );
  // What is no limit on what is read: the least part of a fingerprint that is looked up.
  const others = new Set(["group/people.ts PREFIX_LENGTH_MIN"]);
  expect(declared.filter((each) => !named.has(each) && !others.has(each))).toEqual([]);
});
