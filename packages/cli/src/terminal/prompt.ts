import { resolve } from "node:path";
import { CommandError } from "../command-error.ts";
import { readPassphraseFile, readPassphraseInput } from "../parsing/passphrase-file.ts";
import { escapeText } from "./escape.ts";
import type { Io } from "./io.ts";
import { readHiddenLine, readLine } from "./read-line.ts";
import type { StatusLine } from "./status-line.ts";

/** How often a new passphrase may be mistyped the second time. */
const ATTEMPTS_MAX = 3;

/** How a question is asked. */
export interface Asking {
  readonly flag: string;
  /** What is said before it; nothing of it is shown where nobody can be asked. */
  readonly before?: readonly string[];
  /** What is wanted, for the error where nobody can be asked; default: the question. */
  readonly subject?: string;
}

/** Questions to the person at the terminal; without one, or with `--no-input`, they reject with `needs-input`. */
export interface Prompts {
  /** Whether there is somebody to ask. */
  readonly canAsk: boolean;
  /** One line. `flag` is how to give it on the command line instead (`--name NAME`). */
  ask(question: string, options: Asking): Promise<string>;
  /** Yes or no; anything but yes is no. */
  confirm(question: string, options: { readonly flag: string }): Promise<boolean>;
  /** The passphrase: from `--passphrase-file`, from `CONCLAVE_PASSPHRASE_FILE`, or typed unseen. */
  passphrase(question?: string): Promise<string>;
  /** A new passphrase: from the same places, typed twice where it is typed. Never empty. */
  newPassphrase(question?: string): Promise<string>;
}

export interface PromptOptions {
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly status: StatusLine;
  readonly noInput: boolean;
  readonly passphraseFile: string | undefined;
  warn(text: string): void;
}

const PASSPHRASE_FLAG = "--passphrase-file FILE";

/** Questions as one run may ask them. */
export function makePrompts(options: PromptOptions): Prompts {
  const { io, signal, status } = options;
  const put = (question: string, { flag, before = [], subject = question }: Asking): void => {
    refuseUnlessAsked(options, subject, flag);
    status.clear();
    for (const line of before) io.stderr.write(`${escapeText(line)}\n`);
    io.stderr.write(`${escapeText(question)} `);
  };
  const ask = async (question: string, asking: Asking): Promise<string> => {
    put(question, asking);
    return readLine(io.stdin, signal);
  };
  const askHidden = async (question: string): Promise<string> => {
    put(question, { flag: PASSPHRASE_FLAG });
    try {
      return await readHiddenLine(io.stdin, signal);
    } finally {
      io.stderr.write("\n"); // The person's own line end was not shown.
    }
  };
  return {
    canAsk: canAsk(options),
    ask,
    confirm: async (question, { flag }) => /^y(?:es)?$/i.test((await ask(`${question} [y/N]`, { flag })).trim()),
    passphrase: async (question = "Passphrase:") => (await fromFile(options)) ?? askHidden(question),
    newPassphrase: async (question = "New passphrase:") =>
      (await fromFile(options)) ?? askTwice(options, askHidden, question),
  };
}

function canAsk({ io, noInput }: PromptOptions): boolean {
  return !noInput && io.stdin.isTTY === true && io.stderr.isTTY === true;
}

function refuseUnlessAsked(options: PromptOptions, question: string, flag: string): void {
  if (canAsk(options)) return;
  const why = options.noInput ? "--no-input was given" : "there is no terminal to ask at";
  const message = `an answer is needed and ${why}: ${question}`;
  throw new CommandError(message, { code: "needs-input", hint: `pass ${flag}` });
}

async function fromFile(options: PromptOptions): Promise<string | undefined> {
  const { io } = options;
  const path = options.passphraseFile ?? io.env.CONCLAVE_PASSPHRASE_FILE;
  if (path === undefined || path === "") return undefined;
  if (path === "-") return readPassphraseInput(io.stdin);
  const { passphrase, isExposed } = await readPassphraseFile(resolve(io.cwd, path));
  if (isExposed) options.warn(`other users of this machine may read the passphrase in ${path}; run: chmod 600 ${path}`);
  return passphrase;
}

async function askTwice(
  options: PromptOptions,
  askHidden: (question: string) => Promise<string>,
  question: string,
): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const passphrase = await askHidden(question);
    if (passphrase === "") options.warn("an empty passphrase protects nothing");
    else if ((await askHidden("The same again:")) === passphrase) return passphrase;
    else options.warn("the two were not the same");
  }
  throw new CommandError("no passphrase was chosen", { code: "usage", hint: "run the same command again" });
}
