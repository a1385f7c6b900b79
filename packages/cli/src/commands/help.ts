import { defineCommand } from "../command.ts";

export const help = defineCommand({
  examples: ["conclave help", "conclave help upload", "conclave help --man upload | man -l -"],
  args: ["command?..."],
  options: { man: { summary: "as a manual page, in the language of man(7)" } },

  async run({ out, help: helpOf, manual }, { command, man }) {
    const text = man ? await manual(command) : await helpOf(command);
    out.result({ help: text }, (lines) => {
      for (const line of text.trimEnd().split("\n")) lines.line(line);
    });
  },
});
