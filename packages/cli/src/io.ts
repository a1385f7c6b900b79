import type { Readable, Writable } from "node:stream";
import type { Clock } from "@conclave/core";

/** Where text goes; a terminal or not is asked of each stream on its own. */
export interface OutStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Where answers come from. */
export interface InStream extends Readable {
  readonly isTTY?: boolean;
  /** Gives each key as it is pressed, unseen; of terminals only. */
  setRawMode?(on: boolean): unknown;
}

export interface DetachOptions {
  readonly input: string;
  readonly log: string;
}

/** The world of one run of the program; tests bring their own. */
export interface Io {
  readonly stdin: InStream;
  readonly stdout: OutStream;
  readonly stderr: OutStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** Calls `handler` at each Ctrl-C or request to end, until the function given back is called. */
  onInterrupt(handler: () => void): () => void;
  /**
   * Starts the same program with other words, in a process of its own that outlives this one. `input` is what it reads
   * from its standard input, `log` the file that its output is added to. Gives the process's number.
   */
  readonly detach?: (argv: readonly string[], options: DetachOptions) => Promise<number>;
  /** Shows a page in the person's browser; false where there is none. */
  readonly openBrowser?: (url: string) => Promise<boolean>;
  /** Ends the program at once. */
  exit(code: number): void;
}
