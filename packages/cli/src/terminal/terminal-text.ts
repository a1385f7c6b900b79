import { usage } from "../command-error.ts";
import { escapeText } from "./escape.ts";

/** Turns a file's bytes into text that a terminal may show: anything else is refused. */
export class TerminalText {
  readonly #path: string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  /** @param path - Of the file, for the message. */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws CommandError `usage` for what is not text. */
  take(bytes: Uint8Array): Uint8Array {
    if (bytes.includes(0)) throw this.#refusal();
    return this.#escape(() => this.#decoder.decode(bytes, { stream: true }));
  }

  /** What is left at the end. */
  end(): Uint8Array {
    return this.#escape(() => this.#decoder.decode());
  }

  #escape(decode: () => string): Uint8Array {
    let text: string;
    try {
      text = decode();
    } catch {
      throw this.#refusal();
    }
    const lines = text.split(/(\r?\n|\t)/);
    return new TextEncoder().encode(lines.map((part, index) => (index % 2 === 0 ? escapeText(part) : part)).join(""));
  }

  #refusal() {
    return usage(
      `${this.#path} is not text, and this is a terminal`,
      "send it to a file, with > FILE, or use download",
    );
  }
}
