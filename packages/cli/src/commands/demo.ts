import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { defineCommand } from "../command.ts";
import { driveGround } from "../demo/drive-ground.ts";
import { folderGround } from "../demo/ground.ts";
import { ownFiles } from "../demo/own-files.ts";
import { tell } from "../demo/story.ts";
import { escapeText } from "../terminal/escape.ts";

export const demo = defineCommand({
  examples: ["conclave demo", "conclave demo ~/photos", "conclave demo --store gdrive"],
  args: ["folder?"],
  options: {
    store: {
      choices: ["folder", "gdrive"],
      default: "folder",
      summary: "where the group lies: a folder, or a Google Drive that is emulated on this machine",
    },
  },
  notes:
    "Works in a temporary place, which is deleted at the end; FOLDER is only read. Default: this project's own files.",

  async run(context, { folder: given, store }) {
    const { out } = context;
    const folder = await realpath(await mkdtemp(join(tmpdir(), "conclave-demo-")));
    const line = async (text: string): Promise<void> => {
      if (!context.options.json) await out.bytes(new TextEncoder().encode(`${escapeText(text)}\n`));
    };
    try {
      const source = given === undefined ? await ownFiles(folder) : await realpath(resolve(context.cwd, given));
      await using ground = store === "gdrive" ? await driveGround(folder) : folderGround(folder);
      const outcome = await tell(context, { folder, source, ground, line });
      await line("All of it went as told.");
      if (context.options.json) out.result(outcome, () => undefined);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});
