/** Which names can stand in a folder, and which name a file gets when its own cannot. Pure. */
import { createHash } from "node:crypto";
import { isUnfinished } from "./unfinished.ts";

/** What one folder's file system asks of names. */
export interface NameRules {
  /** Windows' rules: forbidden characters, device names, no dot or space at the end. FAT and NTFS have them everywhere. */
  readonly windows: boolean;
  /** Names that differ only in case or Unicode form are one. */
  readonly folds: boolean;
}

const NAME_LENGTH_MAX = 255;
/** An extension longer than this is no extension, and may be cut. */
const EXTENSION_LENGTH_MAX = 16;
const DIGEST_LENGTH = 8;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what Windows forbids.
const WINDOWS_FORBIDDEN = /[\u0000-\u001f<>:"/\\|?*]/g;
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$)/i;
/** `GIT~1`: the short name that Windows may have given to another file. */
const WINDOWS_SHORT = /^(?=[^.]{1,8}(?:\.|$))[^.]*~[0-9]+(?:\.[^.]{0,3})?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a zero byte is exactly what no name may hold.
const FORBIDDEN = /[/\u0000]/g;

/** Whether a name can stand in a folder with these rules exactly as it is. */
export function fits(name: string, rules: NameRules): boolean {
  if (name === "" || name === "." || name === ".." || !name.isWellFormed()) return false;
  if (name.search(FORBIDDEN) >= 0 || isUnfinished(name)) return false;
  if (lengthOf(name, rules) > NAME_LENGTH_MAX) return false; // check: size
  return !rules.windows || fitsWindows(name);
}

function fitsWindows(name: string): boolean {
  if (name.search(WINDOWS_FORBIDDEN) >= 0 || /[. ]$/.test(name)) return false;
  return !WINDOWS_DEVICE.test(name) && !WINDOWS_SHORT.test(name);
}

/** Windows counts UTF-16 units, everything else bytes. */
function lengthOf(name: string, rules: NameRules): number {
  return rules.windows ? name.length : Buffer.byteLength(name);
}

/**
 * A name itself if it can stand there and is free, else the nearest that can: forbidden characters replaced, cut to
 * length, marked with a digest of the name. The same arguments always give the same answer.
 */
export function chooseName(name: string, isTaken: (name: string) => boolean, rules: NameRules): string {
  if (fits(name, rules) && !isTaken(name)) return name;
  for (let attempt = 0; ; attempt++) {
    const altered = alter(name, attempt, rules);
    if (!isTaken(altered)) return altered;
  }
}

function alter(name: string, attempt: number, rules: NameRules): string {
  const mark = createHash("sha256").update(`${attempt}\0${name}`).digest("hex").slice(0, DIGEST_LENGTH);
  const clean = name.toWellFormed().replace(rules.windows ? WINDOWS_FORBIDDEN : FORBIDDEN, "_");
  const dot = clean.lastIndexOf(".");
  const hasExtension = dot > 0 && lengthOf(clean.slice(dot), rules) <= EXTENSION_LENGTH_MAX;
  const stem = hasExtension ? clean.slice(0, dot) : clean;
  const extension = hasExtension ? clean.slice(dot).replace(/[. ]+$/, "") : "";
  const room = NAME_LENGTH_MAX - lengthOf(extension, rules) - DIGEST_LENGTH - 1;
  return `${cut(stem, room, rules)}~${mark}${extension}`;
}

/** As many whole characters of `text` as fit into `room`. */
function cut(text: string, room: number, rules: NameRules): string {
  let kept = "";
  let length = 0;
  for (const character of text) {
    length += lengthOf(character, rules);
    if (length > room) break;
    kept += character;
  }
  return kept;
}

/** What two names have in common that are one name where case and Unicode form do not count. */
export function foldName(name: string): string {
  return name.normalize("NFC").toUpperCase().normalize("NFC");
}

/** Looks names up in sets that only grow, by their folded form, without folding a set anew for each question. */
export class FoldedSets {
  readonly #known = new WeakMap<ReadonlySet<string>, { folded: Set<string>; rest: Iterator<string>; read: number }>();

  has(names: ReadonlySet<string>, name: string): boolean {
    let known = this.#known.get(names);
    if (known === undefined || known.read > names.size) {
      known = { folded: new Set(), rest: names.values(), read: 0 };
      this.#known.set(names, known);
    }
    // A set's iterator also gives what is added later, as long as it was never asked beyond the end.
    for (; known.read < names.size; known.read++) known.folded.add(foldName(known.rest.next().value as string));
    return known.folded.has(foldName(name));
  }
}
