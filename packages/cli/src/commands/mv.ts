import { movePath } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { parseOneGroup } from "../parsing/places.ts";
import { withGroup } from "../with-group.ts";

export const mv = defineCommand({
  examples: ["conclave mv family:photos/2025 family:archive", "conclave mv family:draft.txt family:final.txt"],
  args: ["from", "to"],
  notes: "Into a folder if one is at the second place, as mv does. A folder of any size moves at once.",

  async run(context, { from: fromText, to: toText }) {
    const { group, paths } = parseOneGroup([fromText, toText]);
    const [from = "", to = ""] = paths;
    return withGroup(context, group, async ({ session }) => {
      await movePath(session, { from, to }, { signal: context.signal });
      context.out.result({ from, to }, () => undefined);
      return undefined;
    });
  },
});
