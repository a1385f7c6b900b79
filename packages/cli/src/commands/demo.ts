import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { defineCommand } from "../command.ts";
import { ownFiles } from "../demo/own-files.ts";
import { tell } from "../demo/story.ts";
import { escapeText } from "../escape.ts";

export const demo = defineCommand({
  examples: ["conclave demo", "conclave demo ~/photos"],
  args: ["folder?"],
  notes:
    "Works in a temporary place, which is deleted at the end; FOLDER is only read. Default: this project's own files.",

  async run(context, { folder: given }) {
    const { out } = context;
    const folder = await realpath(await mkdtemp(join(tmpdir(), "conclave-demo-")));
    const line = async (text: string): Promise<void> => {
      if (!context.options.json) await out.bytes(new TextEncoder().encode(`${escapeText(text)}\n`));
    };
    try {
      const source = given === undefined ? await ownFiles(folder) : await realpath(resolve(context.cwd, given));
      const outcome = await tell(context, { folder, source, line });
      await line("All of it went as told.");
      if (context.options.json) out.result(outcome, () => undefined);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});
