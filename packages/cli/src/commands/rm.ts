import { ConclaveError, removePath, resolvePath } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { parseOneGroup } from "../places.ts";
import { withGroup } from "../with-group.ts";

export const rm = defineCommand({
  examples: ["conclave rm family:photos/blurred.jpg"],
  args: ["place..."],
  notes: "Files and folders go to the trash, folders with all that is in them. Their stored contents stay.",

  async run(context, { place: texts }) {
    const { group, paths } = parseOneGroup(texts);
    return withGroup(context, group, async ({ session }) => {
      for (const path of paths) {
        if (resolvePath(session.index, path)) continue;
        throw new ConclaveError(`there is no ${path} in ${group}`, { code: "not-found" });
      }
      for (const path of paths) await removePath(session, path, { signal: context.signal });
      context.out.result({ removed: paths }, () => undefined);
      return undefined;
    });
  },
});
