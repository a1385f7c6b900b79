import { defineCommand } from "../command.ts";

export const help = defineCommand({
  examples: ["conclave help", "conclave help upload"],
  args: ["command?..."],

  async run({ out, help: helpOf }, { command }) {
    const text = await helpOf(command);
    out.result({ help: text }, (lines) => {
      for (const line of text.trimEnd().split("\n")) lines.line(line);
    });
  },
});
