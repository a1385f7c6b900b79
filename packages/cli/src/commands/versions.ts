import { memberNames, versionsAt } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { parseGroupPlace } from "../parsing/place.ts";
import { numbered } from "../parsing/version-number.ts";
import { isoTime } from "../terminal/units.ts";
import { withGroup } from "../with-group.ts";

export const versions = defineCommand({
  examples: ["conclave versions family:notes.txt"],
  args: ["place"],
  options: { id: { value: "ID", summary: "which one, where the trash holds several of the name" } },
  notes: [
    "Newest first. Several that are current are a conflict: people wrote at once, and neither is lost.",
    '"conclave restore GROUP:PATH --version N" makes one of them current, and so ends a conflict.',
  ].join("\n"),

  async run(context, { place: text, id }) {
    const place = parseGroupPlace(text);
    return withGroup(
      context,
      place.group,
      async ({ session }) => {
        const nameOf = memberNames(session.view.state);
        const found = versionsAt(session.index, { path: place.path, id, nameOf });
        const value = numbered(found.versions).map(({ number, change, by, time, size, modified, current }) => ({
          version: number,
          id: change,
          by: nameOf(by) ?? null,
          at: isoTime(time),
          size,
          modified: isoTime(modified),
          current: change === found.shown,
          conflict: current && found.shown !== undefined && change !== found.shown,
        }));
        context.out.result(value, ({ table }) =>
          table(
            COLUMNS,
            value.map((each) => [each.version, each.size, each.at, each.by ?? "somebody", stateOf(each)]),
          ),
        );
        return undefined;
      },
      { reading: true },
    );
  },
});

function stateOf({ current, conflict }: { readonly current: boolean; readonly conflict: boolean }): string {
  return current ? "current" : conflict ? "in conflict" : "";
}

const COLUMNS = [
  { title: "version", kind: "number" },
  { title: "size", kind: "size" },
  { title: "written" },
  { title: "by", canCut: true },
  { title: "" },
] as const;
