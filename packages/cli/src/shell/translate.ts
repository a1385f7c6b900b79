/** From what was typed at the prompt to the words of a command line: the group and the folder are understood. */
import { homedir } from "node:os";
import { usage } from "../command-error.ts";
import type { KnownNames } from "../completion/known-names.ts";
import type { Word } from "../completion/line.ts";
import { takesValue } from "../completion/options.ts";
import { parseArguments } from "../parsing/arguments.ts";
import type { CommandForm } from "../parsing/command-form.ts";
import { type Here, isPlace, placeOf, resolveFrom } from "./here.ts";
import { localMatches, placeMatches } from "./wildcards.ts";

export interface Translation {
  readonly here: Here;
  readonly names: KnownNames;
  readonly groups: readonly string[];
}

const HERE: Word = { text: ".", pattern: undefined };

/** Arguments that are places in a group. */
const PLACES: ReadonlySet<string> = new Set(["place", "from", "to"]);

/** The command line for words at the prompt; `typed` is what stands behind the command's name. */
export async function translate(
  { command, typed }: { readonly command: CommandForm; readonly typed: readonly Word[] },
  options: Translation,
): Promise<readonly string[]> {
  const { name } = command;
  const { marks, given } = partOptions(typed, command);
  const args = parseArguments(command.args);
  const words = await translateArguments(name, {
    args: args.map((each) => each.name),
    required: required(args),
    given,
    ...options,
  });
  return [...name.split(" "), ...marks, "--", ...words];
}

function required(args: ReturnType<typeof parseArguments>): number {
  return args.filter(({ isOptional }) => !isOptional).length;
}

/** Options with their values, and what is left. */
function partOptions(
  typed: readonly Word[],
  command: CommandForm,
): { marks: readonly string[]; given: readonly Word[] } {
  const marks: string[] = [];
  const given: Word[] = [];
  let isOpen = true;
  for (let at = 0; at < typed.length; at++) {
    const word = typed[at] as Word;
    if (isOpen && word.text === "--") isOpen = false;
    else if (isOpen && /^-./.test(word.text)) {
      marks.push(word.text);
      if (takesValue(word.text, command) && typed[at + 1]) marks.push((typed[++at] as Word).text);
    } else given.push(word);
  }
  return { marks, given };
}

interface Arguments extends Translation {
  readonly args: readonly string[];
  readonly required: number;
  readonly given: readonly Word[];
}

async function translateArguments(name: string, options: Arguments): Promise<readonly string[]> {
  const { args, given, here } = options;
  if (name === "upload") return uploaded(options);
  if (name === "download") return downloaded(options);
  if (args[0] === "group") return given.length < options.required ? [group(here), ...texts(given)] : texts(given);
  if (!args.some((each) => PLACES.has(each))) return texts(given);
  // Only what merely looks may mean the folder by saying nothing: `rm` without a name must not.
  const isHere = given.length < options.required && (name === "ls" || name === "find");
  const words: string[] = [];
  for (const [at, word] of [...(isHere ? [HERE] : []), ...given].entries()) {
    const isPlaceHere = PLACES.has(args[Math.min(at, args.length - 1)] ?? "");
    words.push(...(isPlaceHere ? await placesOf(word, options) : [word.text]));
  }
  return words;
}

/** The files of this machine come first; a place may close the list, else they go where the person stands. */
async function uploaded(options: Arguments): Promise<readonly string[]> {
  const { given, here, groups } = options;
  const last = given.length > 1 ? given.at(-1) : undefined;
  const target = last && isPlace(last, groups) ? last : undefined;
  const sources = target ? given.slice(0, -1) : given;
  const files = sources.flatMap((word) =>
    word.pattern === undefined ? [expandHome(word.text)] : localMatches(expandHome(word.pattern), here.local),
  );
  return [...files, target ? placeOf(target.text, inGroup(options)) : placeOf(".", inGroup(options))];
}

/** Places come first; a path of this machine may close the list, else they go to the local folder. */
async function downloaded(options: Arguments): Promise<readonly string[]> {
  const { given } = options;
  const last = given.length > 1 ? given.at(-1)?.text : undefined;
  const target = last !== undefined && /^(?:\.{0,2}[/\\]|\.{1,2}$|~|[A-Za-z]:[/\\])/.test(last) ? last : undefined;
  const sources = target === undefined ? given : given.slice(0, -1);
  const places = await Promise.all(sources.map((word) => placesOf(word, options)));
  return [...places.flat(), target === undefined ? "." : expandHome(target)];
}

async function placesOf(word: Word, options: Arguments): Promise<readonly string[]> {
  if (word.pattern === undefined) return [placeOf(word.text, inGroup(options))];
  return placeMatches(placeOf(word.pattern, inGroup(options)), options.names);
}

function inGroup(options: Translation) {
  return { here: { ...options.here, group: group(options.here) }, groups: options.groups };
}

function group(here: Here): string {
  if (here.group !== undefined) return here.group;
  throw usage("no group is chosen", 'choose one with "cd GROUP:"; "groups" lists them');
}

function texts(words: readonly Word[]): readonly string[] {
  return words.map(({ text }) => text);
}

/** `~` and what lies below it. */
export function expandHome(text: string): string {
  return /^~(?=$|[/\\])/.test(text) ? homedir() + text.slice(1) : text;
}

/** Where `cd` leads: another group's folder, or one of this group. */
export function moved(text: string, options: Translation): Here {
  if (!isPlace({ text, pattern: undefined }, options.groups)) {
    return { ...options.here, folder: resolveFrom(options.here.folder, text), group: group(options.here) };
  }
  const place = placeOf(text, { ...options, here: { ...options.here, group: options.here.group ?? "" } });
  const colon = place.indexOf(":");
  return { ...options.here, group: place.slice(0, colon), folder: place.slice(colon + 1) };
}
