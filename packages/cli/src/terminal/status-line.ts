import type { OutStream } from "./io.ts";

const CLEAR_LINE = "\r\u001b[K";

/** The last line of a terminal, painted again and again, and taken away while anything else is written. */
export class StatusLine {
  readonly #stream: OutStream;
  #isPainted = false;

  constructor(stream: OutStream) {
    this.#stream = stream;
  }

  /** Paints the line, cut to the terminal's width: a line that wraps cannot be taken away again. */
  paint(text: string): void {
    const width = (this.#stream.columns ?? 80) - 1;
    this.#stream.write(`${CLEAR_LINE}${text.slice(0, Math.max(width, 0))}`);
    this.#isPainted = true;
  }

  /** Takes the line away, if there is one. To be called before anything else is written to the terminal. */
  clear(): void {
    if (!this.#isPainted) return;
    this.#stream.write(CLEAR_LINE);
    this.#isPainted = false;
  }
}
