import type { Readable, Writable } from "node:stream";
import type { Clock, DeviceSecrets } from "@conclave/core";
import type { Keychain } from "@conclave/node";

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

/** Keys that were unlocked, by the home that they lie in. */
export type UnlockedKeys = Map<string, { readonly device: DeviceSecrets; readonly passphrase: string | undefined }>;

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
  /** The system's keychain, where there is one. */
  readonly keychain?: () => Promise<Keychain | undefined>;
  /** What this machine is called, where the world knows. */
  readonly hostName?: () => string;
  /** Keys that stay unlocked from one command to the next, within one process that runs several. */
  readonly unlocked?: UnlockedKeys;
  /** Ends the program at once. */
  exit(code: number): void;
}

/** The same world but for some of it, for a command within a command. */
export function variedIo(io: Io, changes: Partial<Io>): Io {
  return {
    get stdin() {
      return io.stdin; // Merely looking at it opens it.
    },
    stdout: io.stdout,
    stderr: io.stderr,
    env: io.env,
    cwd: io.cwd,
    clock: io.clock,
    onInterrupt: (handler) => io.onInterrupt(handler),
    ...(io.detach ? { detach: io.detach.bind(io) } : {}),
    ...(io.keychain ? { keychain: io.keychain.bind(io) } : {}),
    ...(io.hostName ? { hostName: io.hostName.bind(io) } : {}),
    ...(io.unlocked ? { unlocked: io.unlocked } : {}),
    exit: (code) => io.exit(code),
    ...changes,
  };
}
