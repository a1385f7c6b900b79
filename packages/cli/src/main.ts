/** The command: from words and a world to an exit code. */

import { CommandError } from "./command-error.ts";
import type { Context } from "./context.ts";
import { isBrokenPipe, renderError } from "./errors.ts";
import { findCommand, formOf } from "./parsing/find-command.ts";
import { type GlobalOptions, isMarked } from "./parsing/global-options.ts";
import { helpOf, type Invocation, type ParserOptions, parse } from "./parsing/parser.ts";
import { VERSION } from "./parsing/version.ts";
import { REGISTRY, type RegistryEntry } from "./registry.ts";
import { escapeText } from "./terminal/escape.ts";
import { type Interrupts, watchInterrupts } from "./terminal/interrupt.ts";
import type { Io } from "./terminal/io.ts";
import { listenForErrors } from "./terminal/late-errors.ts";
import { StreamOutput } from "./terminal/output.ts";
import { type Progress, SILENT, showProgress } from "./terminal/progress.ts";
import { makePrompts } from "./terminal/prompt.ts";
import { StatusLine } from "./terminal/status-line.ts";

/**
 * Runs one command line.
 *
 * @param argv - The words after the program's name.
 * @param registry - The commands there are; tests bring their own.
 * @returns The exit code. Never rejects.
 */
export async function main(
  argv: readonly string[],
  io: Io,
  registry: readonly RegistryEntry[] = REGISTRY,
): Promise<number> {
  const status = new StatusLine(io.stderr);
  const interrupts = watchInterrupts(io, status);
  const letGo = listenForErrors(io.stderr, () => undefined); // Nobody is left to tell.
  try {
    return await perform(argv, { io, registry, status, interrupts });
  } catch (error) {
    if (isBrokenPipe(error)) return 0; // The reader has seen enough, as with `| head`.
    status.clear();
    const cause = interrupts.signal.aborted ? interrupted(error) : error;
    const { text, exit } = renderError(cause, { json: isMarked(argv, "json"), debug: isMarked(argv, "debug") });
    io.stderr.write(text);
    return exit;
  } finally {
    interrupts.stop();
    letGo();
  }
}

interface Run {
  readonly io: Io;
  readonly registry: readonly RegistryEntry[];
  readonly status: StatusLine;
  readonly interrupts: Interrupts;
}

async function perform(argv: readonly string[], run: Run): Promise<number> {
  const { io, registry, status } = run;
  const parserOptions: ParserOptions = { registry, version: VERSION, width: io.stdout.columns ?? 100 };
  const parsed = await parse(argv, parserOptions);
  const json = "options" in parsed && parsed.options.json;
  const out = new StreamOutput({ stream: io.stdout, json, status });
  try {
    const exit = await answer();
    await out.finish();
    return exit;
  } finally {
    out.close();
  }

  async function answer(): Promise<number> {
    if ("text" in parsed) {
      await out.bytes(new TextEncoder().encode(parsed.text));
      return 0;
    }
    const context = makeContext(run, { invocation: parsed, out, parserOptions });
    return (await parsed.command.run(context, parsed.words as never)) ?? 0;
  }
}

function makeContext(
  run: Run,
  made: { readonly invocation: Invocation; readonly out: StreamOutput; readonly parserOptions: ParserOptions },
): Context {
  const { io, status, interrupts } = run;
  const { signal } = interrupts;
  const { options } = made.invocation;
  const say = (text: string): void => {
    status.clear();
    io.stderr.write(`${escapeText(text)}\n`);
  };
  let keychain: ReturnType<Context["keychain"]> | undefined;
  const warn = (text: string): void => say(`warning: ${text}`);
  return {
    out: made.out,
    note: (text) => (options.quiet ? undefined : say(text)),
    warn,
    say,
    detail: (text) => (options.verbose ? say(text) : undefined),
    waiting: options.quiet ? () => undefined : sayWaiting(run, say),
    prompts: makePrompts({
      io,
      signal,
      status,
      warn,
      noInput: options.noInput,
      passphraseFile: options.passphraseFile,
    }),
    progress: (title) => makeProgress(run, { title, options }),
    options,
    env: io.env,
    cwd: io.cwd,
    signal,
    ownInterrupts: () => interrupts.stop(),
    clock: io.clock,
    keychain: () => {
      keychain ??= Promise.resolve(options.noKeychain ? undefined : io.keychain?.());
      return keychain;
    },
    unlocked: io.unlocked,
    detach: io.detach?.bind(io),
    openBrowser: io.openBrowser?.bind(io),
    complete: async (words, names) => {
      const { complete } = await import("./completion/complete.ts");
      return complete(words, { registry: run.registry, names });
    },
    io,
    find: async (words) => {
      const entry = findCommand(words, run.registry);
      return entry && formOf(entry);
    },
    perform: (argv, world) => main(argv, world, run.registry),
    help: (words) => helpOf(words, made.parserOptions),
    manual: async (words) => (await import("./parsing/man-page.ts")).manPage(words, made.parserOptions),
  };
}

/** On a terminal as its last line, while it lasts; else once. */
function sayWaiting({ io, status }: Run, say: (text: string) => void): Context["waiting"] {
  let isSaid = false;
  return (whom, isWaiting) => {
    const text = `waiting for ${whom} …`;
    if (canPaint(io)) isWaiting ? status.paint(text) : status.clear();
    else if (isWaiting && !isSaid) {
      isSaid = true;
      say(text);
    }
  };
}

function canPaint({ stderr, env }: Io): boolean {
  return stderr.isTTY === true && env.TERM !== "dumb";
}

function makeProgress(
  { io, status }: Run,
  wanted: { readonly title: string; readonly options: GlobalOptions },
): Progress {
  const { quiet, noProgress } = wanted.options;
  if (quiet || noProgress) return SILENT;
  return showProgress({ title: wanted.title, stream: io.stderr, status, clock: io.clock, canPaint: canPaint(io) });
}

function interrupted(cause: unknown): CommandError {
  const hint = cause instanceof CommandError && cause.code === "interrupted" ? cause.hint : undefined;
  return new CommandError("interrupted", { code: "interrupted", hint, cause });
}
