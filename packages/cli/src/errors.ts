/** From whatever was thrown to what a person, a script and the shell get to see. */
import { Advice } from "./advice.ts";
import { CommandError } from "./command-error.ts";
import {
  COMMAND_OUTCOMES,
  CONCLAVE_OUTCOMES,
  DATABASE_OUTCOMES,
  type Outcome,
  SIGN_IN_OUTCOMES,
  STORE_OUTCOMES,
  SYSTEM_OUTCOMES,
} from "./exit-codes.ts";
import { escapeText, safeJson } from "./terminal/escape.ts";

/** An error as it is shown. `code` is API for scripts. */
export interface ShownError {
  readonly exit: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const DEFAULT_HINT = "add --verbose to see more, or --help to see how the command is written";

/** What an error means. Whatever this program did not throw on purpose is a defect of it, code `internal`. */
export function explain(error: unknown): ShownError {
  if (error instanceof Advice) return { ...explain(error.cause), hint: error.hint };
  if (error instanceof CommandError) return shown(error, COMMAND_OUTCOMES[error.code], error.hint);
  if (isNamed(error, "ConclaveError", CONCLAVE_OUTCOMES)) return shown(error, CONCLAVE_OUTCOMES[error.code]);
  if (isNamed(error, "StoreError", STORE_OUTCOMES)) return shown(error, STORE_OUTCOMES[error.code]);
  if (isNamed(error, "SignInError", SIGN_IN_OUTCOMES)) return shown(error, SIGN_IN_OUTCOMES[error.code]);
  if (isAbort(error)) return shown({ code: "interrupted", message: "interrupted" }, COMMAND_OUTCOMES.interrupted);
  return explainSystem(error) ?? explainDatabase(error) ?? internal(error);
}

/** By its name, not its class: that would load all of the core only to print help. */
function isNamed<Code extends string>(
  error: unknown,
  name: string,
  outcomes: Readonly<Record<Code, Outcome>>,
): error is Error & { readonly code: Code } {
  if (!(error instanceof Error) || error.name !== name || !("code" in error)) return false;
  return typeof error.code === "string" && Object.hasOwn(outcomes, error.code);
}

function shown(
  error: { readonly code: string; readonly message: string },
  outcome: { readonly exit: number; readonly hint?: string },
  hint?: string,
): ShownError {
  return { exit: outcome.exit, code: error.code, message: error.message, hint: hint ?? outcome.hint ?? DEFAULT_HINT };
}

function explainSystem(error: unknown): ShownError | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  const outcome = Object.hasOwn(SYSTEM_OUTCOMES, error.code) ? SYSTEM_OUTCOMES[error.code] : undefined;
  if (outcome === undefined) return undefined;
  const path = "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
  return shown({ code: "system", message: `${path}${outcome.meaning} (${error.code})` }, outcome);
}

/** What a full or broken disk makes of the local index; SQLite says it by a number, of which the lowest byte is the kind. */
function explainDatabase(error: unknown): ShownError | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  const outcome = DATABASE_OUTCOMES.get(error.errcode & 0xff);
  return outcome && shown({ code: "system", message: `the local index in this home: ${outcome.meaning}` }, outcome);
}

function internal(error: unknown): ShownError {
  const message = error instanceof Error ? error.message : String(error);
  return {
    exit: 1,
    code: "internal",
    message: `something went wrong that should not: ${message}`,
    hint: "add --debug to see where, and please report it",
  };
}

/** Whether an error only says that the work was called off. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** Whether whoever read our output has stopped reading. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");
}

/** What goes to stderr for an error, line feed included. `debug` adds the stack, with its causes. */
export function renderError(
  error: unknown,
  options: { readonly json: boolean; readonly debug: boolean },
): { readonly text: string; readonly exit: number } {
  const { exit, code, message, hint } = explain(error);
  const text = options.json
    ? `${safeJson({ error: { code, message, hint } })}\n`
    : `error: ${escapeText(message)}\nhint: ${escapeText(hint)}\n`;
  return { exit, text: options.debug ? `${text}${renderStack(error)}` : text };
}

function renderStack(error: unknown): string {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error && lines.length < 200; cause = cause.cause) {
    lines.push(...(cause.stack ?? String(cause)).split("\n"));
  }
  return lines.map((line) => `debug: ${escapeText(line)}\n`).join("");
}
