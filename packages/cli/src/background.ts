/** Going on in a process of its own after this one has ended. */
import type { KnownGroup } from "@conclave/node";
import type { Context } from "./context.ts";
import type { Person } from "./identity/person.ts";

/** Starts the re-encryption of a group in the background; where that is not possible, says what to run instead. */
export async function continueInBackground(
  context: Context,
  { person, group }: { readonly person: Person; readonly group: KnownGroup },
): Promise<void> {
  const command = `conclave reencrypt ${group.name}`;
  if (!context.detach) {
    context.warn(`nothing can run in the background here; run "${command}" yourself`);
    return;
  }
  const { profile } = context.options;
  const log = `${person.home.groupFolder(group.id)}/background.log`;
  const argv = [
    "reencrypt",
    group.name,
    "--no-progress",
    "--no-input",
    ...(profile === undefined ? [] : ["--profile", profile]),
    // From its standard input: neither other users nor its own children can read it there.
    ...(person.passphrase === undefined ? [] : ["--passphrase-file", "-"]),
  ];
  const pid = await context.detach(argv, { input: person.passphrase ?? "", log });
  context.note(
    `re-encryption goes on in the background (process ${pid}); "conclave status ${group.name}" says what is left`,
  );
  context.detail(`its output goes to ${log}`);
}
