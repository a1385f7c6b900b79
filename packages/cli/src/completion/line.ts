/** A typed line, split into words as shells do, for the prompt of `shell` and for completion. Nothing in it is ever run. */

/** One word of a line. */
export interface Word {
  /** What the person means, without its quotes. */
  readonly text: string;
  /** The same as a pattern, where it holds `*`, `?` or `[` outside quotes; those within are escaped in it. */
  readonly pattern: string | undefined;
}

/** A line, as far as it was typed. */
export interface Line {
  /** The words that are complete. */
  readonly words: readonly Word[];
  /** The word that the line ends in, so that more of it may follow; undefined behind a blank. */
  readonly open: Word | undefined;
  /** The quote that is still open at its end. */
  readonly quote: "'" | '"' | undefined;
  /** How many characters of the open word's text lie before its last `:` or `=` and with it, or before the open quote. */
  readonly brokenAt: number;
  /** Where in the line the open word begins, with its quotes; the line's end where none is open. */
  readonly openAt: number;
}

/** A word in the making. */
interface Draft {
  text: string;
  pattern: string;
  isPattern: boolean;
}

/**
 * Splits at blanks outside quotes. `'` keeps all that is in it, `"` all but `\"` and `\\`; outside both, a backslash
 * keeps the character after it, except on Windows, where it parts folders.
 */
export function splitLine(line: string, options: { readonly windows?: boolean } = {}): Line {
  const words: Word[] = [];
  let draft: Draft | undefined;
  let quote: "'" | '"' | undefined;
  let brokenAt = 0;
  let openAt = 0;
  const take = (character: string, isMeant: boolean): void => {
    draft ??= emptyDraft();
    const isWild = /[*?[\]\\]/.test(character);
    draft.text += character;
    draft.pattern += isWild && isMeant ? `\\${character}` : character;
    draft.isPattern ||= !isMeant && /[*?[]/.test(character);
  };
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    const next = line[at + 1];
    if (!draft) openAt = at;
    if (quote === character) quote = undefined;
    else if (quote === "'") take(character, true);
    else if (character === "\\" && isEscape(next, { quote, ...options })) {
      take(next as string, true);
      at++;
    } else if (quote === '"') take(character, true);
    else if (character === "'" || character === '"') {
      quote = character;
      draft ??= emptyDraft();
      brokenAt = draft.text.length;
    } else if (/\s/.test(character)) {
      if (draft) words.push(wordOf(draft));
      draft = undefined;
      brokenAt = 0;
    } else {
      take(character, character === "\\");
      if (character === ":" || character === "=") brokenAt = draft?.text.length ?? 0;
    }
  }
  return { words, open: draft && wordOf(draft), quote, brokenAt, openAt: draft ? openAt : line.length };
}

function isEscape(
  next: string | undefined,
  where: { readonly quote?: string | undefined; readonly windows?: boolean },
) {
  if (next === undefined) return false;
  return where.quote === '"' ? next === '"' || next === "\\" : where.windows !== true;
}

function emptyDraft(): Draft {
  return { text: "", pattern: "", isPattern: false };
}

function wordOf({ text, pattern, isPattern }: Draft): Word {
  return { text, pattern: isPattern ? pattern : undefined };
}

/**
 * What has to be typed behind an open word so that it becomes `word`, which begins with its text.
 *
 * @param options.isWhole - No more of the word is to follow.
 */
export function typedRest(
  word: string,
  { open, quote, isWhole }: Pick<Line, "open" | "quote"> & { readonly isWhole: boolean },
): string {
  const rest = word.slice(open?.text.length ?? 0);
  if (quote === '"') return rest.replace(/["\\]/g, "\\$&") + (isWhole ? '" ' : "");
  const single = rest.replaceAll("'", `'"'"'`);
  if (quote === "'") return single + (isWhole ? "' " : "");
  const isPlain = /^[\p{L}\p{M}\p{N}_@%+=:,./-]*$/u.test(rest);
  return (isPlain ? rest : `'${single}'`) + (isWhole ? " " : "");
}

/** What all of them begin with; "" of none. */
export function commonStart(words: readonly string[]): string {
  return words.reduce((start, word) => {
    let at = 0;
    while (at < start.length && start[at] === word[at]) at++;
    return start.slice(0, at);
  }, words[0] ?? "");
}
