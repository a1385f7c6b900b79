/**
 * What cannot be seen, or changes how the rest is seen: control characters, everything for formatting and direction, all
 * that is drawn as nothing, line separators, spaces that only look like one, halves of surrogate pairs.
 */
const UNSEEN: RegExp =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?![ \u3000])\p{Zs}|\\(?=u\{)/gu;

/**
 * Text from others as it may be shown on a terminal: one line, every unseen character as `\u{202e}`. Different texts stay
 * different: a backslash before `u{` is escaped as well.
 */
export function escapeText(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

/** One JSON document on one line in which every unseen character is escaped as well, so that a terminal may show it. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSEEN, (found) => (found === "\\" ? found : jsonEscape(found)));
}

function jsonEscape(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }).join("");
}
