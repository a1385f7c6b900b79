/** A command's arguments: how help writes them, and which words of the command line are whose. */
import { usage } from "../command-error.ts";

/** What the text `source...`, `path?`, `name?...` or `group` says of an argument. */
export interface Described {
  readonly name: string;
  readonly isOptional: boolean;
  readonly isSeveral: boolean;
}

function describe(argument: string): Described {
  const isSeveral = argument.endsWith("...");
  const single = isSeveral ? argument.slice(0, -3) : argument;
  const isOptional = single.endsWith("?");
  return { name: isOptional ? single.slice(0, -1) : single, isOptional, isSeveral };
}

/** A command's arguments, read. */
export function parseArguments(args: readonly string[]): readonly Described[] {
  return args.map(describe);
}

/** As help writes it: `<source...>`, `[path]`. */
export function argumentSyntax(argument: string): string {
  const { name, isOptional, isSeveral } = describe(argument);
  const several = isSeveral ? "..." : "";
  return isOptional ? `[${name}${several}]` : `<${name}${several}>`;
}

/**
 * Gives each argument its words. One of them may take several, wherever it stands; what stands behind it is then counted
 * from the end.
 *
 * @throws CommandError `usage` for too few or too many words.
 */
export function assignWords(
  args: readonly string[],
  words: readonly string[],
): Map<string, string | readonly string[] | undefined> {
  const described = parseArguments(args);
  const at = described.findIndex(({ isSeveral }) => isSeveral);
  const missing = described.filter(({ isOptional }) => !isOptional)[words.length];
  if (missing !== undefined) throw usage(`missing argument ${missing.name}`);
  if (at < 0 && words.length > args.length) throw usage(`too many arguments: ${words.slice(args.length).join(" ")}`);
  const behind = at < 0 ? 0 : args.length - at - 1;
  const assigned = new Map<string, string | readonly string[] | undefined>();
  for (const [index, { name, isSeveral }] of described.entries()) {
    if (isSeveral) assigned.set(name, words.slice(index, Math.max(words.length - behind, index)));
    else if (at >= 0 && index > at) assigned.set(name, words[words.length - args.length + index]);
    else assigned.set(name, words[index]);
  }
  return assigned;
}
