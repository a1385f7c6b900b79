/** Why a command stopped before the library had a say. Codes are API: `--json` shows them. */
export type CommandErrorCode =
  | "usage" // Wrong words on the command line.
  | "needs-input" // Something must be asked, and there is nobody to ask.
  | "interrupted"; // Ctrl-C, also at a prompt.

/** The one error class that this package throws on purpose. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: CommandErrorCode;
  /** What to do next, for a person. */
  readonly hint: string | undefined;

  constructor(
    message: string,
    options: { readonly code: CommandErrorCode; readonly hint?: string | undefined; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.hint = options.hint;
  }
}

/** Wrong words on the command line, with what to write instead. */
export function usage(message: string, hint?: string): CommandError {
  return new CommandError(message, { code: "usage", hint });
}
