import { ConclaveError, listFolder, memberNames, resolvePath, type ViewEntry } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { parseGroupPlace } from "../place.ts";
import { isoTime } from "../units.ts";
import { withGroup } from "../with-group.ts";

export const ls = defineCommand({
  examples: ["conclave ls family:", "conclave ls -l -R family:photos"],
  args: ["place"],
  options: {
    long: { short: "l", summary: "show size, time and who wrote it" },
    recursive: { short: "R", summary: "show everything below it too" },
  },

  async run(context, { place: text, long, recursive }) {
    const place = parseGroupPlace(text);
    return withGroup(
      context,
      place.group,
      async ({ session }) => {
        const nameOf = memberNames(session.view.state);
        const top = resolvePath(session.index, place.path, nameOf);
        if (!top) throw new ConclaveError(`there is no ${place.path} in ${place.group}`, { code: "not-found" });
        const entries = [...listFolder(session.index, place.path, { recursive, nameOf })];
        const authorOf = (entry: ViewEntry): string | undefined => (entry.by === null ? undefined : nameOf(entry.by));
        const value = entries.map((entry) => ({
          path: entry.path,
          kind: entry.kind,
          size: entry.size,
          modified: isoTime(timeOf(entry)),
          by: authorOf(entry) ?? null,
          ...(entry.conflict ? { conflict: true } : {}),
        }));
        // Shown as seen from the folder that was asked for.
        const isFolder = top.kind === "root" || top.kind === "folder";
        const start = isFolder && top.path !== "" ? top.path.length + 1 : 0;
        const shown = (entry: ViewEntry): string => entry.path.slice(start) + (entry.kind === "folder" ? "/" : "");
        context.out.result(value, ({ line, table }) => {
          if (!long) for (const entry of entries) line(shown(entry));
          else
            table(
              COLUMNS,
              entries.map((each) => [each.size, timeOf(each), authorOf(each), shown(each)]),
            );
        });
        return undefined;
      },
      { reading: true },
    );
  },
});

const COLUMNS = [
  { title: "size", kind: "size" },
  { title: "modified", kind: "time" },
  { title: "by", canCut: true },
  { title: "name" },
] as const;

/** A folder has no time of its own: when it was made or moved. */
function timeOf(entry: ViewEntry): number {
  return entry.kind === "file" ? entry.modified : entry.time;
}
