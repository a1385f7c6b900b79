import type { Clock } from "@conclave/core";
import type { Keychain } from "@conclave/node";
import type { Completions } from "./completion/completions.ts";
import type { KnownNames } from "./completion/known-names.ts";
import type { CommandForm } from "./parsing/command-form.ts";
import type { GlobalOptions } from "./parsing/global-options.ts";
import type { Io } from "./terminal/io.ts";
import type { Output } from "./terminal/output.ts";
import type { Progress } from "./terminal/progress.ts";
import type { Prompts } from "./terminal/prompt.ts";

/** All that a command may touch of the world; none of them touches `process`. */
export interface Context {
  /** Results, on stdout. */
  readonly out: Output;
  /** A line for a person, on stderr; none with `--quiet`. This and all below is escaped on the way. */
  note(text: string): void;
  /** A line that must be seen, on stderr. */
  warn(text: string): void;
  /** A line on stderr without which the person cannot go on; shown with `--quiet` too. */
  say(text: string): void;
  /** A line for whoever looks for a fault, on stderr with `--verbose` only. */
  detail(text: string): void;
  /** Says that something outside is waited for, as it has been silent for a while; or that it is so no more. Not with `--quiet`. */
  waiting(whom: string, isWaiting: boolean): void;
  readonly prompts: Prompts;
  /** A progress bar, or its plain lines, on stderr. To be finished by its caller. */
  progress(title: string): Progress;
  readonly options: GlobalOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory, for paths that people give. */
  readonly cwd: string;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** From now on Ctrl-C is the command's own business, as with a prompt that outlives what it interrupts. */
  ownInterrupts(): void;
  readonly clock: Clock;
  /** Starts a command in a process of its own, where the world can do that. */
  readonly detach: Io["detach"];
  /** Shows a page in the person's browser, where the world has one; tells whether it could. */
  readonly openBrowser: Io["openBrowser"];
  /** The system's keychain, where there is one and the person did not refuse it. */
  keychain(): Promise<Keychain | undefined>;
  readonly unlocked: Io["unlocked"];
  /** What may stand for the last of the words, where `names` knows groups, paths and members. */
  complete(words: readonly string[], names: KnownNames): Promise<Completions>;
  /** The world of this run, for a command that runs others in it. */
  readonly io: Io;
  /** Runs another command line in a world of its own; gives its exit code. */
  perform(argv: readonly string[], io: Io): Promise<number>;
  /** How the command is written that words begin with; undefined if there is none. */
  find(words: readonly string[]): Promise<CommandForm | undefined>;
  /** The help of a command, by its words; of all without any. */
  help(words: readonly string[]): Promise<string>;
  /** The same as a manual page. */
  manual(words: readonly string[]): Promise<string>;
}
