import type { CommandForm } from "../parsing/command-form.ts";
import { GLOBAL_OPTIONS } from "../parsing/global-options.ts";
import type { Option } from "../parsing/option.ts";

/** The options that may stand with a command, or before one is known. */
export function optionsOf(command: Pick<CommandForm, "options"> | undefined): { readonly [name: string]: Option } {
  return { ...GLOBAL_OPTIONS, ...command?.options };
}

/** The option that a word is, if it is one. */
export function optionNamed(word: string, known: { readonly [name: string]: Option }): Option | undefined {
  if (word.startsWith("--")) return known[word.slice(2)];
  if (!/^-[a-zA-Z]$/.test(word)) return undefined;
  return Object.values(known).find(({ short }) => short === word[1]);
}

/** Whether the word behind this one is an option's value. */
export function takesValue(word: string, command: Pick<CommandForm, "options"> | undefined): boolean {
  const option = optionNamed(word, optionsOf(command));
  return option?.value !== undefined || option?.choices !== undefined;
}
