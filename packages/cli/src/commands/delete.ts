import { catchUpToDelete, type Deleted, deleteGroup, requireOwner, type Session } from "@conclave/core";
import { findGroup, forgetGroup } from "@conclave/node";
import { advising } from "../advice.ts";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { withPerson } from "../identity/person.ts";
import { parseGroupName } from "../parsing/place.ts";
import { counted } from "../terminal/units.ts";
import { type AtWork, withKnownGroup } from "../with-group.ts";

const HINTS = {
  conflict: 'if your group is gone from there, "conclave leave GROUP --local" takes it off this device\'s list',
};

export const deleteCommand = defineCommand({
  examples: ["conclave delete family", "conclave delete family --name family"],
  args: ["group"],
  options: { name: { value: "NAME", summary: "the group's name once more, instead of typing it when asked" } },
  notes: [
    "For owners. Everything that the group holds goes from its storage, for all members, and nothing brings it back; one",
    "small sealed file stays and tells the others who did it. Whoever may delete in that folder could destroy it anyway:",
    "no program can prevent that. Broken off, the same command goes on.",
  ].join("\n"),

  run: (context, { group: text, name }) =>
    withPerson(context, async (person) => {
      const group = await findGroup(person.home, parseGroupName(text));
      let deleted: Deleted | undefined;
      const work = async ({ session }: AtWork): Promise<undefined> => {
        requireOwner(session);
        await requireName(context, { session, wanted: group.name, given: name });
        deleted = await deleteWithProgress(context, { session, name: group.name });
      };
      await advising(HINTS, () => withKnownGroup(context, { person, group, work, refresh: catchUpToDelete }));
      if (!deleted) return undefined;
      const { files, bytes, refused, kept } = deleted;
      if (refused.length === 0) await forgetGroup(person.home, group);
      context.out.result({ name: group.name, id: group.id, files, bytes, refused, kept }, ({ line, size }) =>
        line(`deleted ${group.name}: ${counted(files, "file")}, ${size(bytes)}`),
      );
      if (kept.length > 0)
        context.warn(`the provider keeps ${counted(kept.length, "file")} of it, in its trash or its history`);
      if (refused.length === 0) return undefined;
      context.warn(
        `${counted(refused.length, "file")} may not be deleted by this account: ask whoever owns the folder`,
      );
      return 1;
    }),
});

async function requireName(
  context: Context,
  options: { readonly session: Session; readonly wanted: string; readonly given: string | undefined },
): Promise<void> {
  const { session, wanted, given } = options;
  const members = session.view.state.members.length;
  const name =
    given ??
    (await context.prompts.ask("Type the group's name to delete it:", {
      flag: "--name NAME",
      subject: `whether to delete ${wanted} for good`,
      before: [`This deletes ${wanted} from its storage for all of its ${counted(members, "member")}, for good.`],
    }));
  if (name.normalize("NFC") === wanted) return;
  throw usage("that is not the group's name, and nothing was deleted", `give the name ${wanted}`);
}

async function deleteWithProgress(
  context: Context,
  { session, name }: { readonly session: Session; readonly name: string },
): Promise<Deleted> {
  const bar = context.progress(`deleting ${name}`);
  try {
    return await deleteGroup(session, { signal: context.signal, onProgress: (progress) => bar.update(progress) });
  } finally {
    bar.finish();
  }
}
