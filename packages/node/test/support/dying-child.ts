/** A process that is killed just before or just after a file gets its name. Arguments: the file, its text, when. */
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const [path = "", text = "", when = "before"] = process.argv.slice(2);
const link = promises.link;
promises.link = async (from, to) => {
  if (when === "after") await link(from, to);
  process.kill(process.pid, "SIGKILL");
};
syncBuiltinESMExports();
const { createPrivateFile } = await import("../../src/private-file.ts");
await createPrivateFile(path, new TextEncoder().encode(text));
