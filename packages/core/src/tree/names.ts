import type { DeviceKey } from "../records/shapes.ts";

/** The name of the member whose device it is, for people; undefined if it is nobody's whom this device knows. */
export type NameOf = (device: DeviceKey) => string | undefined;

/** Who made a version, and when they say they did. */
export interface Authorship {
  readonly device: DeviceKey;
  /** Claimed, milliseconds since 1970. */
  readonly time: number;
}

/** What the altered form of a name begins with, after the name itself. */
const MARK = " (conflict, ";

/** Whether a name may be one that {@link ConflictNames} gave. */
export function mayBeConflictName(name: string): boolean {
  return name.includes(MARK);
}

/**
 * Gives what cannot keep its name in a folder another: `name (conflict, WHO, WHEN).ext`, with a number from 2 before the
 * closing bracket where that is taken too. SPEC.md §8.
 */
export class ConflictNames {
  readonly #taken: Set<string>;
  /** The last number that was given, so that ten thousand that want one name do not each ask for all before. */
  readonly #last = new Map<string, number>();

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  give(name: string, options: { readonly author: Authorship; readonly nameOf: NameOf }): string {
    const { stem, extension } = splitName(name);
    const label = `${stem}${MARK}${who(options.author.device, options.nameOf)}, ${when(options.author.time)}`;
    const wanted = `${label})${extension}`;
    for (let count = (this.#last.get(wanted) ?? 0) + 1; ; count++) {
      const altered = count === 1 ? wanted : `${label}, ${count})${extension}`;
      if (this.#taken.has(altered)) continue;
      this.#taken.add(altered);
      this.#last.set(wanted, count);
      return altered;
    }
  }
}

/** A free name for what comes back to where its own is taken: `name (restored).ext`, with a number from 2 where that is too. */
export function besideName(name: string, isTaken: (name: string) => boolean): string {
  const { stem, extension } = splitName(name);
  for (let count = 1; ; count++) {
    const beside = `${stem} (restored${count === 1 ? "" : ` ${count}`})${extension}`;
    if (!isTaken(beside)) return beside;
  }
}

/** A name that begins with its only dot has no extension. */
function splitName(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? { stem: name, extension: "" } : { stem: name.slice(0, dot), extension: name.slice(dot) };
}

/** Members' names are other people's text: what would end or split a path is replaced. */
function who(device: DeviceKey, nameOf: NameOf): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a zero byte may stand in a member's name, but in no path.
  return (nameOf(device) ?? device.slice(0, 8)).replaceAll(/[/\\\u0000]/g, "_");
}

/** `YYYY-MM-DD HH.MM` in UTC. A claimed time that no calendar holds is shown as it is. */
function when(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return String(time);
  return date.toISOString().replace("T", " ").replace(":", ".").replace(/:.*$/, "");
}
