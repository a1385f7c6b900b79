/**
 * Started as a process of its own by the folder's tests: puts one object and dies, as by `kill -9`, just before the file
 * gets its name.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

fs.promises.rename = async () => {
  process.kill(process.pid, "SIGKILL");
};
syncBuiltinESMExports();

const [path = "", key = ""] = process.argv.slice(2);
const { openFolderStore } = await import("../src/folder.ts");
const store = await openFolderStore({ path, settled: true });
await store.put(key, new Uint8Array(100_000).fill(7));
