import { emptyTrash, memberNames, trashedWith, trash as trashOf } from "@conclave/core";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { PURGE_NOTES, showPurged } from "../purged.ts";
import { counted, isoTime } from "../terminal/units.ts";
import { withGroup } from "../with-group.ts";

export const trash = defineCommand({
  examples: ["conclave trash family", "conclave trash family --empty"],
  args: ["group"],
  options: {
    empty: { summary: "let all that is in it go for good" },
    purged: { summary: "list what somebody has let go: restore --id ID brings it back while it is stored" },
  },
  notes: [
    'Last deleted first. "conclave restore GROUP:PATH" takes something out again.',
    "What you --empty is in no list any more but --purged. With both, you confirm what others have let go.",
    PURGE_NOTES,
  ].join("\n"),

  run: (context, { group: name, empty, purged }) =>
    empty ? emptyNow(context, { name, purged }) : list(context, { name, purged }),
});

interface Which {
  readonly name: string;
  readonly purged: boolean;
}

function emptyNow(context: Context, { name, purged }: Which): Promise<number | undefined> {
  return withGroup(context, name, async ({ session }) => {
    showPurged(context, { purged: await emptyTrash(session, { signal: context.signal, purged }), value: {} });
    return undefined;
  });
}

function list(context: Context, { name, purged }: Which): Promise<number | undefined> {
  return withGroup(
    context,
    name,
    async ({ session }) => {
      const nameOf = memberNames(session.view.state);
      const value = trashOf(session.index, { purged }).map(({ node, kind, path, by, time }) => ({
        id: node.slice(0, ID_LENGTH),
        path,
        kind,
        size: trashedWith(session.index, node).reduce((sum, { size }) => sum + size, 0),
        by: nameOf(by) ?? null,
        at: isoTime(time),
      }));
      context.out.result(value, ({ table }) =>
        table(
          COLUMNS,
          value.map((each) => [each.id, each.size, each.at, each.by ?? "somebody", shown(each)]),
        ),
      );
      if (!purged) noteHidden(context, trashOf(session.index, { purged: true }).length);
      return undefined;
    },
    { reading: true },
  );
}

/** What somebody has let go is shown to all who look: silence is consent. */
function noteHidden({ note }: Context, items: number): void {
  if (items > 0) note(`${counted(items, "item")} more will go for good: "conclave trash GROUP --purged" lists them`);
}

/** Of a node's id: enough to tell apart what has one name. */
const ID_LENGTH = 9;

function shown({ path, kind }: { readonly path: string; readonly kind: string }): string {
  return kind === "folder" ? `${path}/` : path;
}

const COLUMNS = [
  { title: "id" },
  { title: "size", kind: "size" },
  { title: "deleted" },
  { title: "by", canCut: true },
  { title: "path" },
] as const;
