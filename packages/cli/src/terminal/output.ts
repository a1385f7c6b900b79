import { isBrokenPipe } from "../errors.ts";
import { escapeText, safeJson } from "./escape.ts";
import type { OutStream } from "./io.ts";
import { listenForErrors, written } from "./late-errors.ts";
import type { StatusLine } from "./status-line.ts";
import { type Cell, type Column, renderPlainTable, renderTable } from "./table.ts";
import { humanSize } from "./units.ts";

/** How a result is written for people. Everything is escaped on the way. */
export interface Lines {
  line(text: string): void;
  table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void;
  /** Bytes as they read best here: `1.4 MiB` on a terminal, the exact number elsewhere. */
  size(bytes: number): string;
}

/** A command's results, on stdout. */
export interface Output {
  /**
   * The command's one result. With `--json` its `value` is the one document that is printed; without, `show` writes it
   * for people.
   */
  result(value: unknown, show: (lines: Lines) => void): void;
  /**
   * The first part of the one result, for what its person must have whatever becomes of the work that is still to do. With
   * `--json` the document begins with the members of `value`, and `result` adds the others. Resolves once it is written;
   * rejects if it cannot be.
   */
  begin(value: object, show: (lines: Lines) => void): Promise<void>;
  /**
   * One of the results of a command that goes on: with `--json` a line of JSON, else the text, escaped on the way.
   */
  event(value: unknown, text: string): void;
  /**
   * A file's bytes as they are. Resolves once the stream is done with them, so that their memory may be used again. Rejects
   * once the reader has gone, and on a terminal for what is not text.
   */
  bytes(bytes: Uint8Array): Promise<void>;
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean;
}

/** Results as `main` makes them, with what only it may ask. */
export class StreamOutput implements Output {
  readonly isTerminal: boolean;
  readonly #stream: OutStream;
  readonly #isJson: boolean;
  readonly #status: StatusLine;
  #hasResult = false;
  /** Whether a document has begun that nobody has ended yet. */
  #isOpen = false;
  #failure: unknown;
  readonly #letGo: () => void;

  constructor(options: { readonly stream: OutStream; readonly json: boolean; readonly status: StatusLine }) {
    this.#stream = options.stream;
    this.#isJson = options.json;
    this.#status = options.status;
    this.isTerminal = options.stream.isTTY === true;
    this.#letGo = listenForErrors(options.stream, (error) => {
      this.#failure ??= error;
    });
  }

  result(value: unknown, show: (lines: Lines) => void): void {
    if (this.#hasResult) throw new Error("a command has one result");
    this.#hasResult = true;
    if (!this.#isJson) show(this.#lines());
    else if (this.#isOpen) this.#write(`,${membersOf(value)}`);
    else this.#write(`${safeJson(value)}\n`);
    this.#end();
  }

  async begin(value: object, show: (lines: Lines) => void): Promise<void> {
    if (this.#hasResult || this.#isOpen) throw new Error("a command has one result");
    this.#isOpen = this.#isJson;
    if (this.#isJson) this.#write(`{${membersOf(value)}`);
    else show(this.#lines());
    const failed = await written(this.#stream);
    if (this.#failure ?? failed) throw this.#failure ?? failed;
  }

  event(value: unknown, text: string): void {
    this.#hasResult = true;
    this.#write(`${this.#isJson ? safeJson(value) : escapeText(text)}\n`);
  }

  async bytes(bytes: Uint8Array): Promise<void> {
    this.#hasResult = true;
    this.#status.clear();
    if (this.#failure !== undefined) throw this.#failure;
    const failed = await new Promise<Error | null | undefined>((resolve) => this.#stream.write(bytes, resolve));
    if (failed) throw failed;
  }

  /** Ends the run: with `--json` there is a document in any case. Waits until all is written; rejects if it was not. */
  async finish(): Promise<void> {
    if (this.#isJson && !this.#hasResult) this.#write("{}\n");
    await written(this.#stream);
    if (this.#failure !== undefined && !isBrokenPipe(this.#failure)) throw this.#failure;
  }

  /** Lets go of the stream, for the next run in this process. What a command that failed had begun is a document too. */
  close(): void {
    this.#end();
    this.#letGo();
  }

  #end(): void {
    if (this.#isOpen) this.#write("}\n");
    this.#isOpen = false;
  }

  #lines(): Lines {
    const width = this.#stream.columns ?? 80;
    const line = (text: string): void => this.#write(`${text}\n`);
    return {
      line: (text) => line(escapeText(text)),
      table: (columns, rows) => {
        const lines = this.isTerminal ? renderTable(columns, rows, width) : renderPlainTable(columns, rows);
        for (const each of lines) line(each);
      },
      size: (bytes) => (this.isTerminal ? humanSize(bytes) : String(bytes)),
    };
  }

  #write(text: string): void {
    this.#status.clear();
    if (this.#failure === undefined) this.#stream.write(text);
  }
}

/** An object's members in JSON, without the braces. */
function membersOf(value: unknown): string {
  return safeJson(value).slice("{".length, -"}".length);
}
