/** Entries of the tree, as every command that lists them shows them. */
import type { memberNames, ViewEntry } from "@conclave/core";
import type { Cell, Column } from "./terminal/table.ts";
import { isoTime } from "./terminal/units.ts";

type NameOf = ReturnType<typeof memberNames>;

/** An entry in JSON. */
export function entryJson(entry: ViewEntry, nameOf: NameOf): object {
  return {
    path: entry.path,
    kind: entry.kind,
    size: entry.size,
    modified: isoTime(timeOf(entry)),
    by: authorOf(entry, nameOf) ?? null,
    ...(entry.conflict ? { conflict: true } : {}),
  };
}

/** A path for people: folders end in a slash. `start`: how many of its characters are left out. */
export function shownPath(entry: ViewEntry, start = 0): string {
  return entry.path.slice(start) + (entry.kind === "folder" ? "/" : "");
}

/** The columns of {@link entryRow}. */
export const entryColumns: readonly Column[] = [
  { title: "size", kind: "size" },
  { title: "modified", kind: "time" },
  { title: "by", canCut: true },
  { title: "name" },
];

export function entryRow(entry: ViewEntry, nameOf: NameOf, start = 0): readonly Cell[] {
  return [entry.size, timeOf(entry), authorOf(entry, nameOf), shownPath(entry, start)];
}

function authorOf(entry: ViewEntry, nameOf: NameOf): string | undefined {
  return entry.by === null ? undefined : nameOf(entry.by);
}

/** A folder has no time of its own: when it was made or moved. */
function timeOf(entry: ViewEntry): number {
  return entry.kind === "file" ? entry.modified : entry.time;
}
