import { ConclaveError, memberNames, purgePath, removePath, resolvePath } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { parseOneGroup } from "../parsing/places.ts";
import { PURGE_NOTES, showPurged, sumPurged } from "../purged.ts";
import { withGroup } from "../with-group.ts";

export const rm = defineCommand({
  examples: ["conclave rm family:photos/blurred.jpg", "conclave rm --permanent family:secret.txt"],
  args: ["place..."],
  options: { permanent: { summary: "past the trash, with all older versions" } },
  notes: [
    "Files and folders go to the trash, folders with all that is in them. Their stored contents stay.",
    `With --permanent they are in no list any more. ${PURGE_NOTES}`,
  ].join("\n"),

  async run(context, { place: texts, permanent }) {
    const { group, paths } = parseOneGroup(texts);
    return withGroup(context, group, async ({ session }) => {
      for (const path of paths) {
        if (resolvePath(session.index, path, memberNames(session.view.state))) continue;
        throw new ConclaveError(`there is no ${path} in ${group}`, { code: "not-found" });
      }
      const { signal } = context;
      if (permanent) {
        const purged = [];
        for (const path of paths) purged.push(await purgePath(session, path, { signal }));
        showPurged(context, { purged: sumPurged(purged), value: { removed: paths } });
        return undefined;
      }
      for (const path of paths) await removePath(session, path, { signal });
      context.out.result({ removed: paths }, () => undefined);
      return undefined;
    });
  },
});
