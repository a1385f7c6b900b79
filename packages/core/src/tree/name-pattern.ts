/** What people look for by name: part of a name, or a pattern with `*`, `?` and `[…]`, of the last names of a path. */
import { searchForm } from "./search-form.ts";

/** A pattern for one name: as SQLite's GLOB takes it, and as a test. Both are of the form of `searchForm`. */
interface NamePattern {
  readonly glob: string;
  matches(name: string): boolean;
}

/** Patterns for the last names of a path; the last one is for the name itself. */
export interface PathPattern {
  readonly folders: readonly NamePattern[];
  readonly name: NamePattern;
}

/** One step of a pattern. */
type Part = { readonly any: "many" | "one" } | { readonly text: string } | { readonly set: string };

/**
 * Reads what a person looks for. Without `*`, `?` or `[` any part of a name or path fits; with one of them whole names.
 * A backslash takes the meaning from what follows it.
 */
export function readPattern(text: string): PathPattern {
  const names = text.split("/").map(partsOf);
  const isGlob = names.some((parts) => parts.some((part) => !("text" in part)));
  const last = names.length - 1;
  const patterns = names.map((parts, index) => {
    if (isGlob) return pattern(parts);
    const many = [{ any: "many" }] as const;
    return pattern([...(index === 0 ? many : []), ...parts, ...(index === last ? many : [])]);
  });
  return { folders: patterns.slice(0, -1), name: patterns[last] as NamePattern };
}

const TOKEN = /\*+|\?|\[(?:[!^]?\]?[^\]]*)\]|\\.|[^*?[\\]+|[[\\]/gsu;

function partsOf(text: string): Part[] {
  return (text.match(TOKEN) ?? []).map((token): Part => {
    if (token.startsWith("*")) return { any: "many" };
    if (token === "?") return { any: "one" };
    const set = token.startsWith("[") ? searchForm(token.slice(1, -1)).replace(/^!/, "^") : "";
    if (set !== "" && isSet(set)) return { set };
    return { text: searchForm(token.length > 1 ? token.replace(/^\\/, "") : token) };
  });
}

/** A range that goes backwards is no set, but text as it stands. */
function isSet(set: string): boolean {
  return [...set.matchAll(/(.)-(.)/gsu)].every(([, from = "", to = ""]) => from <= to);
}

function pattern(parts: readonly Part[]): NamePattern {
  const glob = parts.map(globOf).join("");
  const test = new RegExp(`^${parts.map(sourceOf).join("")}$`, "su");
  return { glob, matches: (name) => test.test(searchForm(name)) };
}

function globOf(part: Part): string {
  if ("any" in part) return part.any === "many" ? "*" : "?";
  if ("set" in part) return `[${part.set}]`;
  return part.text.replaceAll(/[*?[]/g, "[$&]");
}

function sourceOf(part: Part): string {
  if ("any" in part) return part.any === "many" ? ".*" : ".";
  if ("text" in part) return part.text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const isNot = part.set.startsWith("^");
  return `[${isNot ? "^" : ""}${part.set.slice(isNot ? 1 : 0).replaceAll(/[\\^[\]]/g, "\\$&")}]`;
}
