import type { RegistryEntry } from "../registry.ts";
import type { CommandForm } from "./command-form.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";

const WITH_VALUE: ReadonlySet<string> = new Set(
  Object.entries(GLOBAL_OPTIONS)
    .filter(([, option]) => "value" in option)
    .map(([name]) => `--${name}`),
);

/** The command that the words name, before they are parsed: only its file is then loaded. */
export function findCommand(argv: readonly string[], registry: readonly RegistryEntry[]): RegistryEntry | undefined {
  const at = firstWord(argv);
  const word = argv[at];
  if (word === undefined) return undefined;
  const pair = `${word} ${argv[at + 1] ?? ""}`;
  return registry.find(({ name }) => name === pair) ?? registry.find(({ name }) => name === word);
}

/** Where the first word stands that is neither a global option nor its value. */
function firstWord(argv: readonly string[]): number {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string;
    if (WITH_VALUE.has(word)) index++;
    else if (word === "--") return argv.length;
    else if (!word.startsWith("-")) return index;
  }
  return argv.length;
}

/** How a command is written; its file is read for it. */
export async function formOf({ name, load }: RegistryEntry): Promise<CommandForm> {
  const { args, options = {} } = await load();
  return { name, args, options };
}
