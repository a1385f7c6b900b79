import { makeFolder } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { parseOneGroup } from "../parsing/places.ts";
import { withGroup } from "../with-group.ts";

export const mkdir = defineCommand({
  examples: ["conclave mkdir family:photos/2026"],
  args: ["place..."],
  notes: "Folders above it are made too; one that is there is no error.",

  async run(context, { place: texts }) {
    const { group, paths } = parseOneGroup(texts);
    return withGroup(context, group, async ({ session }) => {
      for (const path of paths) await makeFolder(session, path, { signal: context.signal });
      context.out.result({ made: paths }, () => undefined);
      return undefined;
    });
  },
});
