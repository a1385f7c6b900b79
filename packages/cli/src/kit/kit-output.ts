/** A recovery kit on its way to its person: a file that is never overwritten, or the words on the screen. */
import { resolve } from "node:path";
import { ConclaveError } from "@conclave/core";
import { createPrivateFile } from "@conclave/node";
import { Advice } from "../advice.ts";
import { CommandError, usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { isBrokenPipe } from "../errors.ts";
import type { Lines } from "../terminal/output.ts";
import { kitPage } from "./kit-page.ts";
import { type KitSheet, kitText } from "./kit-text.ts";

/** Writes a kit: text, or a page to print if the file's name ends so. */
export async function writeKit(context: Context, kit: string, sheet: KitSheet): Promise<void> {
  await writeNew(context, kit, isPage(kit) ? kitPage(sheet) : kitText(sheet));
}

/** Whether a file is to be a page to print. */
export function isPage(file: string): boolean {
  return /\.html?$/i.test(file);
}

/** Writes a file for its person alone, never over another one. */
export async function writeNew(context: Pick<Context, "cwd">, file: string, text: string): Promise<void> {
  try {
    await createPrivateFile(resolve(context.cwd, file), new TextEncoder().encode(text));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    const error = new ConclaveError(`${file} is there already, and a recovery kit is never overwritten`, {
      code: "exists",
      cause,
    });
    throw new Advice(error, 'choose another name for the file; whether this one counts, "conclave kit --test" says');
  }
}

/**
 * Shows a new kit, then does what makes it count: whatever becomes of that, its person has it.
 *
 * @param options.interrupted - What to do next where the person calls the work off: another kit is drawn the next time.
 * @param options.option - The option that would have written it to a file; undefined where it lies in one.
 */
export async function onceShown<Result>(
  context: Context,
  options: {
    readonly value: object;
    readonly show: (lines: Lines) => void;
    readonly option: string | undefined;
    readonly interrupted: string;
  },
  work: () => Promise<Result>,
): Promise<Result> {
  const { value, show, option, interrupted } = options;
  try {
    await context.out.begin(value, show);
  } catch (error) {
    if (!isBrokenPipe(error)) throw error;
    if (option !== undefined)
      throw usage(
        "nobody reads the new recovery kit, so nothing was changed",
        `write it to a file with ${option} FILE`,
      );
  }
  try {
    return await work();
  } catch (cause) {
    if (!context.signal.aborted) throw cause;
    throw new CommandError("interrupted", { code: "interrupted", hint: interrupted, cause });
  }
}

/** The words for the screen, numbered, in rows of four. */
export function showWords(line: (text: string) => void, words: string): void {
  line("recovery kit");
  const list = words.split(" ").map((word, index) => `${String(index + 1).padStart(4)} ${word.padEnd(9)}`);
  for (let row = 0; row < list.length; row += 4)
    line(
      ` ${list
        .slice(row, row + 4)
        .join(" ")
        .trimEnd()}`,
    );
}
