import { ConclaveError, findEntries, memberNames, resolvePath } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import { entryColumns, entryJson, entryRow, shownPath } from "../entries.ts";
import { parseGroupPlace } from "../parsing/place.ts";
import { withGroup } from "../with-group.ts";

export const find = defineCommand({
  examples: ["conclave find family: holiday", 'conclave find -l family:photos "2025*.jpg"'],
  args: ["place", "pattern"],
  options: { long: { short: "l", summary: "show size, time and who wrote it" } },
  notes: [
    "Looks at names alone, in this device's own index. Without *, ? or [ any part of a name fits, with one of them whole",
    "names; with / the last names of a path. Case and accents do not matter. A backslash before a sign means just that sign.",
  ].join("\n"),

  async run(context, { place: text, pattern, long }) {
    const { group, path } = parseGroupPlace(text);
    if (pattern === "") throw usage("there is nothing to look for", 'to see everything, use "conclave ls -R"');
    return withGroup(
      context,
      group,
      async ({ session }) => {
        const nameOf = memberNames(session.view.state);
        const top = resolvePath(session.index, path, nameOf);
        if (!top) throw new ConclaveError(`there is no ${path} in ${group}`, { code: "not-found" });
        const entries = findEntries(session.index, { below: top.path, pattern, nameOf });
        context.out.result(
          entries.map((entry) => entryJson(entry, nameOf)),
          ({ line, table }) => {
            if (!long) for (const entry of entries) line(shownPath(entry));
            else
              table(
                entryColumns,
                entries.map((entry) => entryRow(entry, nameOf)),
              );
          },
        );
        return undefined;
      },
      { reading: true },
    );
  },
});
