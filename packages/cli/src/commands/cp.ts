import { copyPath } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import { parseGroupPlace } from "../parsing/place.ts";
import { withGroup } from "../with-group.ts";

export const cp = defineCommand({
  examples: ["conclave cp family:photos/2025 family:archive", "conclave cp family:draft.txt family:final.txt"],
  args: ["from", "to"],
  notes: [
    "Into a folder if one is at the second place, as cp does; folders with all that is in them. What is stored is shared,",
    "so a copy of any size is made at once and takes no room.",
  ].join("\n"),

  async run(context, { from: fromText, to: toText }) {
    const [from, to] = [parseGroupPlace(fromText), parseGroupPlace(toText)];
    if (from.group !== to.group) {
      throw usage(
        `${from.group} and ${to.group} are two groups, with keys of their own`,
        `bring it over: conclave download ${fromText} FOLDER, then conclave upload FOLDER/. ${toText}`,
      );
    }
    return withGroup(context, from.group, async ({ session }) => {
      await copyPath(session, { from: from.path, to: to.path }, { signal: context.signal });
      context.out.result({ from: from.path, to: to.path }, () => undefined);
      return undefined;
    });
  },
});
