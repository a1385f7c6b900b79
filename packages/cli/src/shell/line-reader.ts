/** Lines from a terminal with history and completion, or from a pipe. */
import { createInterface, type Interface } from "node:readline";
import type { InStream, OutStream } from "../terminal/io.ts";

/** How many lines are remembered. */
export const HISTORY_LINES_MAX = 1000;

/** What stands for the open word of a line: whole candidates as they are to be typed, and the text that they replace. */
export type Completer = (line: string) => Promise<readonly [candidates: readonly string[], replaced: string]>;

export interface LineReaderOptions {
  readonly input: InStream;
  readonly output: OutStream;
  readonly complete: Completer;
  /** Newest first. */
  readonly history: readonly string[];
}

/**
 * Asks for lines. Between two of them a terminal is as any command expects it; what was typed meanwhile is not lost.
 * From a pipe there is no prompt.
 */
export class LineReader {
  readonly #options: LineReaderOptions;
  readonly #isTerminal: boolean;
  #open: Interface | undefined;
  #lines: string[] = [];
  #history: readonly string[];
  #isEnded = false;
  #wake: () => void = () => undefined;

  constructor(options: LineReaderOptions) {
    this.#options = options;
    this.#history = options.history;
    this.#isTerminal = options.input.isTTY === true && options.output.isTTY === true;
  }

  /** The lines of this and earlier runs, newest first. */
  get history(): readonly string[] {
    return this.#history;
  }

  /** The next line; undefined at the end of the input, or after {@link end}. */
  async next(prompt: string): Promise<string | undefined> {
    if (this.#lines.length === 0 && !this.#isEnded) {
      this.#open ??= this.#start(prompt);
      if (this.#isTerminal) this.#open.prompt();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#lines.length > 0 || this.#isEnded) resolve();
      });
    }
    if (this.#isTerminal) this.#release();
    return this.#lines.shift();
  }

  /** Writes above the prompt, and what was typed so far stays. */
  interject(text: string): void {
    const { output } = this.#options;
    if (!this.#isTerminal || !this.#open) return void output.write(text);
    output.write(`\r\u001b[J${text}`);
    this.#open.prompt(true);
  }

  /** Ends waiting as the end of the input does. */
  end(): void {
    this.#isEnded = true;
    this.#release();
    this.#wake();
  }

  #start(prompt: string): Interface {
    const { input, output, complete } = this.#options;
    const open = createInterface({
      input,
      ...(this.#isTerminal ? { output, prompt } : {}),
      terminal: this.#isTerminal,
      history: [...this.#history],
      historySize: HISTORY_LINES_MAX,
      removeHistoryDuplicates: true,
      completer: (line, done) => {
        const answer = (candidates: readonly string[], replaced: string): void => {
          if (this.#open === open) done(null, [[...candidates], replaced]); // Else the line is no longer being typed.
        };
        complete(line).then(
          ([candidates, replaced]) => answer(candidates, replaced),
          () => answer([], line),
        );
      },
    });
    open.on("line", (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    open.on("history", (history) => {
      this.#history = history.filter((line) => !line.startsWith(" ")); // As in other shells, a blank before it keeps a line out.
    });
    open.on("SIGINT", () => this.#startOver(open));
    open.on("close", () => {
      if (this.#open !== open) return;
      this.#isEnded = true;
      this.#wake();
    });
    return open;
  }

  /** Ctrl-C takes back what was typed, and nothing else. */
  #startOver(open: Interface): void {
    const { output } = this.#options;
    output.write(open.line === "" ? '\nto leave, type "quit" or press Ctrl-D\n' : "^C\n");
    open.write(null, { ctrl: true, name: "e" });
    open.write(null, { ctrl: true, name: "u" });
    open.prompt();
  }

  #release(): void {
    const open = this.#open;
    this.#open = undefined;
    open?.close();
  }
}
