// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII is meant.
const ASCII = /^[\u0000-\u007f]*$/;

/**
 * A text as it is searched: without regard to case, accents, width and what cannot be seen. Both a name and what is looked
 * for take this form; nothing is shown in it.
 */
export function searchForm(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const plain = text.normalize("NFKD").replaceAll(/[\p{M}\p{Cf}]/gu, "");
  // Through upper case, so that letters that are two there match; the final form of sigma is only a matter of place.
  return plain.toUpperCase().toLowerCase().replaceAll("ς", "σ");
}
