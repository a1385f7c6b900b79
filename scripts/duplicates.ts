/** Finds code that stands in two places: the same run of tokens, whatever the spacing and the comments. */
import { globSync, readFileSync } from "node:fs";

/** Runs shorter than this are idiom, not copies: about eight lines of code, and fifteen of a test. */
const SOURCE_TOKENS_MIN = 70;
const TEST_TOKENS_MIN = 130;

interface Token {
  readonly text: string;
  readonly line: number;
}

interface Source {
  readonly path: string;
  readonly tokens: readonly Token[];
}

interface Place {
  readonly source: Source;
  readonly at: number;
}

const COMMENT = String.raw`\/\*[\s\S]*?\*\/|\/\/[^\n]*`;
const IMPORT = String.raw`^(?:import|export)\s[^;]*?from\s*"[^"]*";`;
const TOKEN = String.raw`"(?:\\.|[^"\\\n])*"|\x60(?:\\.|[^\x60\\])*\x60|[\p{L}\p{N}_$#]+|[^\s]`;
const LEXER = new RegExp(`(?<ignored>${COMMENT}|${IMPORT})|${TOKEN}`, "gmu");

function readSource(path: string): Source {
  const text = readFileSync(path, "utf8");
  const tokens: Token[] = [];
  let line = 1;
  let seen = 0;
  for (const match of text.matchAll(LEXER)) {
    line += text.slice(seen, match.index).split("\n").length - 1;
    seen = match.index;
    if (match.groups?.ignored === undefined) tokens.push({ text: match[0], line });
  }
  return { path, tokens };
}

/** How far two places agree; within one file, never into each other. */
function agreement(first: Place, second: Place): number {
  const limit = first.source === second.source ? second.at - first.at : Number.POSITIVE_INFINITY;
  let length = 0;
  while (length < limit && tokenAt(first, length) !== undefined && tokenAt(first, length) === tokenAt(second, length)) {
    length++;
  }
  return length;
}

function tokenAt({ source, at }: Place, offset: number): string | undefined {
  return source.tokens[at + offset]?.text;
}

function describe({ source, at }: Place, length: number): string {
  return `${source.path}:${source.tokens[at]?.line}-${source.tokens[at + length - 1]?.line}`;
}

/** One line for each copy of at least `minimum` tokens. */
function findCopies(sources: readonly Source[], minimum: number): string[] {
  const known = new Map<string, Place>();
  const copies: string[] = [];
  for (const source of sources) {
    for (let at = 0; at + minimum <= source.tokens.length; at++) {
      const place = { source, at };
      const run = source.tokens.slice(at, at + minimum).map((token) => token.text);
      const key = run.join(" ");
      const before = known.get(key);
      const length = before ? agreement(before, place) : 0;
      if (!before) known.set(key, place);
      else if (length >= minimum) {
        copies.push(`${describe(before, length)} stands again in ${describe(place, length)} (${length} tokens)`);
        at += length - minimum;
      }
    }
  }
  return copies;
}

function read(pattern: readonly string[]): Source[] {
  return globSync([...pattern])
    .sort()
    .map(readSource);
}

const copies = [
  ...findCopies(read(["packages/*/src/**/*.ts", "scripts/*.ts"]), SOURCE_TOKENS_MIN),
  ...findCopies(read(["packages/*/test/**/*.ts", "tests/**/*.ts", "bench/**/*.ts"]), TEST_TOKENS_MIN),
];
for (const copy of copies) process.stderr.write(`${copy}\n`);
process.exitCode = copies.length > 0 ? 1 : 0;
