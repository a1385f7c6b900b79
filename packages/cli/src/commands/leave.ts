import { ConclaveError, leaveGroup } from "@conclave/core";
import { findGroup, forgetGroup, type KnownGroup } from "@conclave/node";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { type Person, withPerson } from "../identity/person.ts";
import { parseGroupName } from "../parsing/place.ts";
import { type AtWork, withKnownGroup } from "../with-group.ts";

export const leave = defineCommand({
  examples: ["conclave leave family"],
  args: ["group"],
  options: { local: { summary: "only forget it on this device: you stay a member, and the storage is not touched" } },
  notes: [
    "The group's key changes when an admin's device next looks. What this device knows of the group is deleted.",
    "--local is for a group that is gone with its storage, or that you mean to join anew.",
  ].join("\n"),

  run: (context, { group: text, local }) =>
    withPerson(context, async (person) => {
      const group = await findGroup(person.home, parseGroupName(text));
      const epoch = local ? "" : await leaveNow(context, { person, group });
      await forgetGroup(person.home, group);
      context.out.result({ name: group.name, id: group.id, ...(epoch === "" ? {} : { epoch }) }, ({ line }) =>
        line(`${local ? "forgot" : "left"} ${group.name}`),
      );
    }),
});

async function leaveNow(
  context: Context,
  { person, group }: { readonly person: Person; readonly group: KnownGroup },
): Promise<string> {
  let epoch = "";
  const work = async ({ session }: AtWork): Promise<undefined> => {
    epoch = session.view.current.epoch;
    await leaveGroup(session, { signal: context.signal });
  };
  try {
    await withKnownGroup(context, { person, group, asks: false, work });
  } catch (error) {
    // Broken off after it was signed, removed by somebody else, or deleted with all of it: there is nothing left to leave.
    if (!(error instanceof ConclaveError) || !["removed", "deleted"].includes(error.code)) throw error;
    context.note(error.message);
  }
  return epoch;
}
