import { memberNames, trashedWith, trash as trashOf } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { isoTime } from "../units.ts";
import { withGroup } from "../with-group.ts";

export const trash = defineCommand({
  examples: ["conclave trash family"],
  args: ["group"],
  notes: 'Last deleted first. "conclave restore GROUP:PATH" takes something out again.',

  run: (context, { group: name }) =>
    withGroup(
      context,
      name,
      async ({ session }) => {
        const nameOf = memberNames(session.view.state);
        const value = trashOf(session.index).map(({ node, kind, path, by, time }) => ({
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
        return undefined;
      },
      { reading: true },
    ),
});

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
