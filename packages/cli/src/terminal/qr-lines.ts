/** A QR code for the terminal, in half blocks: two rows of the picture in one line, so that its dots are square. */
export async function qrLines(text: string): Promise<readonly string[]> {
  const { encodeQR } = await import("qr");
  const dots = encodeQR(text, "raw", { border: 2 });
  const lines: string[] = [];
  for (let y = 0; y < dots.length; y += 2) {
    const pairs = (dots[y] ?? []).map((upper, x) => (upper ? 2 : 0) + (dots[y + 1]?.[x] ? 1 : 0));
    // Light on dark: most terminals are dark, and scanners take either.
    lines.push(pairs.map((pair) => "\u2588\u2580\u2584 "[pair]).join(""));
  }
  return lines;
}
