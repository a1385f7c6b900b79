import type { Word } from "../completion/line.ts";

/** Where a person stands at the prompt. */
export interface Here {
  /** The group's local name; undefined before one was chosen. */
  readonly group: string | undefined;
  /** The folder in the group: names joined by `/`, "" is the top. */
  readonly folder: string;
  /** The folder on this machine, absolute. */
  readonly local: string;
}

/** Names joined by `/`, from the top, as `.` and `..` in them lead; nobody gets above the top. */
export function resolveFrom(folder: string, path: string): string {
  const names = path.startsWith("/") ? [] : folder.split("/").filter((name) => name !== "");
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names.join("/");
}

/**
 * The place in a group that a word at the prompt means: `GROUP:PATH` from that group's top, anything else from where the
 * person stands, with or without a colon before it.
 *
 * @param groups - The names that stand for a group before a colon; before any other, the colon belongs to a file's name.
 */
export function placeOf(
  text: string,
  { here, groups }: { readonly here: Here & { readonly group: string }; readonly groups: readonly string[] },
): string {
  const colon = text.indexOf(":");
  if (namesGroup(text, groups)) return `${text.slice(0, colon)}:${resolveFrom("", text.slice(colon + 1))}`;
  return `${here.group}:${resolveFrom(here.folder, colon === 0 ? text.slice(1) : text)}`;
}

/** Whether a word names a place in a group by its form alone: `:PATH`, or `GROUP:PATH`. */
export function isPlace({ text }: Word, groups: readonly string[]): boolean {
  return text.startsWith(":") || namesGroup(text, groups);
}

function namesGroup(text: string, groups: readonly string[]): boolean {
  const colon = text.indexOf(":");
  return colon > 0 && groups.includes(text.slice(0, colon).normalize("NFC"));
}
