import { ConclaveError, listFolder, memberNames, resolvePath } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { entryColumns, entryJson, entryRow, shownPath } from "../entries.ts";
import { parseGroupPlace } from "../parsing/place.ts";
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
        // Shown as seen from the folder that was asked for.
        const isFolder = top.kind === "root" || top.kind === "folder";
        const start = isFolder && top.path !== "" ? top.path.length + 1 : 0;
        context.out.result(
          entries.map((entry) => entryJson(entry, nameOf)),
          ({ line, table }) => {
            if (!long) for (const entry of entries) line(shownPath(entry, start));
            else
              table(
                entryColumns,
                entries.map((entry) => entryRow(entry, nameOf, start)),
              );
          },
        );
        return undefined;
      },
      { reading: true },
    );
  },
});
