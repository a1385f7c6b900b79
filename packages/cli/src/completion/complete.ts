/** What may stand where the line ends: commands, options and their values, groups, paths and members. */
import { parseArguments } from "../parsing/arguments.ts";
import type { CommandForm } from "../parsing/command-form.ts";
import { findCommand, formOf } from "../parsing/find-command.ts";
import type { Option } from "../parsing/option.ts";
import type { RegistryEntry } from "../registry.ts";
import type { Completions } from "./completions.ts";
import type { KnownNames } from "./known-names.ts";
import { optionNamed, optionsOf } from "./options.ts";

const NOTHING: Completions = { words: [], files: false };
const FILES: Completions = { words: [], files: true };

/** Arguments of commands, by their names, and what they take. */
type Kind = "group" | "place" | "file" | "file or place" | "member" | "role" | "command" | "shell" | "other";
const KINDS: Readonly<Record<string, Kind>> = {
  group: "group",
  place: "place",
  from: "place",
  to: "place",
  source: "file or place",
  target: "file",
  folder: "file",
  store: "file",
  who: "file",
  member: "member",
  role: "role",
  command: "command",
  shell: "shell",
};
const SHELLS = ["bash", "zsh", "fish", "powershell"];
const ROLES = ["viewer", "editor", "admin", "owner"];

/**
 * Completes the last of `words`, which may be empty; the others stand before it.
 *
 * @param words - Behind the program's name, at least one.
 */
export async function complete(
  words: readonly string[],
  options: { readonly registry: readonly RegistryEntry[]; readonly names: KnownNames },
): Promise<Completions> {
  const { registry, names } = options;
  const before = words.slice(0, -1);
  const typed = words.at(-1) ?? "";
  const entry = findCommand(before, registry);
  const command = entry && (await formOf(entry));
  const known = optionsOf(command);
  const awaited = before.includes("--") ? undefined : optionAwaiting(before.at(-1), known);
  if (awaited) return beginning(valuesOf(awaited), typed);
  if (typed.startsWith("-") && !before.includes("--")) return beginning(longNames(known), typed);
  const second = secondWords(before, registry);
  if (!command) return beginning(before.some((word) => !word.startsWith("-")) ? second : firstWords(registry), typed);
  const given = positional(before, known).slice(command.name.split(" ").length);
  const candidates = await ofArgument({ command, given, typed, registry, names });
  return {
    words: [...beginning({ words: second, files: false }, typed).words, ...candidates.words],
    files: candidates.files,
  };
}

function beginning(from: Completions | readonly string[], typed: string): Completions {
  const { words, files } = "words" in from ? from : { words: from, files: false };
  return { words: words.filter((word) => word.startsWith(typed)), files };
}

function firstWords(registry: readonly RegistryEntry[]): readonly string[] {
  return [...new Set(registry.map(({ name }) => name.split(" ")[0] as string))];
}

/** The second words of commands that have two: `add` behind `device`. */
function secondWords(before: readonly string[], registry: readonly RegistryEntry[]): readonly string[] {
  const first = before.at(-1);
  return registry.flatMap(({ name }) => {
    const [one, two] = name.split(" ");
    return one === first && two !== undefined ? [two] : [];
  });
}

function longNames(known: { readonly [name: string]: Option }): readonly string[] {
  return [...Object.keys(known).map((name) => `--${name}`), "--help"].sort();
}

/** The option whose value comes next, if the word before is one. */
function optionAwaiting(word: string | undefined, known: { readonly [name: string]: Option }): Option | undefined {
  const option = word === undefined ? undefined : optionNamed(word, known);
  return option?.value !== undefined || option?.choices !== undefined ? option : undefined;
}

function valuesOf(option: Option): Completions {
  if (option.choices) return { words: option.choices, files: false };
  return /(?:FILE|STORE)$/.test(option.value ?? "") ? FILES : NOTHING;
}

/** The words that are neither options nor their values. */
function positional(before: readonly string[], known: { readonly [name: string]: Option }): readonly string[] {
  const end = before.indexOf("--");
  const open = end < 0 ? before : before.slice(0, end);
  const words = open.filter((word, index) => !word.startsWith("-") && !optionAwaiting(open[index - 1], known));
  return end < 0 ? words : [...words, ...before.slice(end + 1)];
}

async function ofArgument(options: {
  readonly command: CommandForm;
  readonly given: readonly string[];
  readonly typed: string;
  readonly registry: readonly RegistryEntry[];
  readonly names: KnownNames;
}): Promise<Completions> {
  const { command, given, typed, registry, names } = options;
  // Behind an argument that takes several words its successor may stand as well.
  const args = parseArguments(command.args);
  const several = args.findIndex(({ isSeveral }) => isSeveral);
  const at = several < 0 ? given.length : Math.min(given.length, several);
  const may = several >= 0 && at === several ? args.slice(several, several + 2) : args.slice(at, at + 1);
  const kinds = new Set(may.map(({ name }) => KINDS[name] ?? "other"));
  const words: string[] = [];
  if (kinds.has("group")) words.push(...(await names.groups()));
  if (kinds.has("place") || kinds.has("file or place")) words.push(...(await names.places(typed)));
  if (kinds.has("member")) words.push(...(await names.members(given[0] ?? "")));
  if (kinds.has("role")) words.push(...ROLES);
  if (kinds.has("command")) words.push(...firstWords(registry));
  if (kinds.has("shell")) words.push(...SHELLS);
  return beginning({ words, files: kinds.has("file") || kinds.has("file or place") }, typed);
}
