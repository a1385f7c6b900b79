import type { Line } from "./line.ts";

/**
 * A completion as bash wants it: only what follows the last break in the word, as bash counts words, and written so that
 * bash takes no character of it for its own. A name comes from other people: `$(…)` in one must stay a name.
 */
export function bashWord(word: string, line: Pick<Line, "quote" | "brokenAt">): string {
  const rest = word.slice(line.brokenAt);
  if (line.quote === "'") return rest.replaceAll("'", "'\\''");
  if (line.quote === '"') return rest.replace(/[$`"\\!]/g, "\\$&");
  return rest.replace(/[^\p{L}\p{M}\p{N}_@%+=:,./-]/gu, "\\$&");
}
