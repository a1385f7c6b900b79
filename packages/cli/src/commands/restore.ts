import { memberNames, requireEditor, restorePath, versionsAt } from "@conclave/core";
import { advising } from "../advice.ts";
import { defineCommand } from "../command.ts";
import { parseGroupPlace } from "../parsing/place.ts";
import { chooseVersion } from "../parsing/version-number.ts";
import { withGroup } from "../with-group.ts";

const HINTS = {
  exists: 'name the version: "conclave versions GROUP:PATH" lists them, and --version N chooses one',
  "not-found":
    '"conclave trash GROUP" lists what can be restored, "conclave versions GROUP:PATH" the versions of a file',
  conflict: 'add --id ID; "conclave trash GROUP" shows which is which',
};

export const restore = defineCommand({
  examples: ["conclave restore family:photos/old.jpg", "conclave restore family:notes.txt --version 3"],
  args: ["place"],
  options: {
    version: { value: "N", summary: "make this version current; of a conflict: settle it so" },
    id: { value: "ID", summary: "which one, where the trash holds several of the name" },
  },
  notes: [
    "Without --version from the trash: a folder with all that was deleted with it. All versions stay.",
    "If something else has the name by now, it comes back beside it. What loses a conflict goes to the trash, or is",
    "an older version.",
  ].join("\n"),

  async run(context, { place: text, version: wanted, id }) {
    const place = parseGroupPlace(text);
    return withGroup(context, place.group, async ({ session }) =>
      advising(HINTS, async () => {
        requireEditor(session);
        const at = { path: place.path, id, nameOf: memberNames(session.view.state) };
        const version =
          wanted === undefined ? undefined : chooseVersion(versionsAt(session.index, at).versions, wanted).change;
        const path = await restorePath(session, { ...at, version }, { signal: context.signal });
        context.out.result({ path, version: version ?? null }, ({ line }) => {
          if (path !== place.path || version === undefined) line(`restored ${path}`);
          else line(`restored version ${wanted} of ${path}`);
        });
        return undefined;
      }),
    );
  },
});
