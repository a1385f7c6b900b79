import { findGroup } from "@conclave/node";
import { defineCommand } from "../command.ts";
import { homeOf, withPerson } from "../identity/person.ts";
import { parseGroupName } from "../parsing/place.ts";
import { readHistory, writeHistory } from "../shell/history.ts";
import { Prompt } from "../shell/prompt.ts";

export const shell = defineCommand({
  examples: ["conclave shell family", "conclave shell family < commands.txt"],
  args: ["group?"],
  notes: [
    "A prompt that stands in a folder of a group. upload, download, list, add NAME, remove NAME, members and every other",
    "command are written without the group; paths are relative to the folder, and cd changes it. Names with blanks stand in",
    "quotes; * and ? fit several. Ctrl-C ends what runs, not the prompt; quit or Ctrl-D leaves. The passphrase is asked once.",
  ].join("\n"),

  async run(context, { group }) {
    const home = homeOf(context);
    const name =
      group === undefined ? undefined : (await findGroup(home, parseGroupName(group.replace(/:$/, "")))).name;
    const prompt = new Prompt(context, { home, group: name, history: await readHistory(home) });
    await withPerson({ ...context, unlocked: prompt.unlocked }, async () => undefined);
    try {
      return await prompt.run();
    } finally {
      await writeHistory(home, prompt.history);
    }
  },
});
