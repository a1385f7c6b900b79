/** What most terminals show in one line. */
const COLUMNS = 80;
/** More letters and digits are in no QR code of the library's error correction. */
const LENGTH_MAX = 3391;

/**
 * A QR code for the terminal, in half blocks: two rows of the picture in one line, so that its dots are square. None where it
 * would be wider than the terminal.
 */
export async function qrLines(
  text: string,
  { columns = COLUMNS }: { readonly columns?: number | undefined } = {},
): Promise<readonly string[]> {
  if (text.length > LENGTH_MAX) return [];
  const { encodeQR } = await import("qr");
  const dots = encodeQR(text, "raw", { border: 2 });
  if (dots.length > columns) return [];
  const lines: string[] = [];
  for (let y = 0; y < dots.length; y += 2) {
    const pairs = (dots[y] ?? []).map((upper, x) => (upper ? 2 : 0) + (dots[y + 1]?.[x] ? 1 : 0));
    // Light on dark: most terminals are dark, and scanners take either.
    lines.push(pairs.map((pair) => "\u2588\u2580\u2584 "[pair]).join(""));
  }
  return lines;
}
