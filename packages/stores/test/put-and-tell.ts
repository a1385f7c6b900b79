/**
 * Started as a process of its own by the folder's tests: puts objects at once and writes down, one step a line, what was
 * made, flushed and renamed on the disk, in the order in which the steps ended (of flushes of a folder: began).
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { relative } from "node:path";

const [base = "", told = "", ...keys] = process.argv.slice(2);
const { mkdir, open, rename } = fs.promises;
const steps: string[] = [];

function shown(path: unknown): string {
  const below = relative(base, String(path));
  return below.endsWith(".tmp") ? "UNFINISHED" : below === "" ? "." : below;
}

fs.promises.mkdir = (async (path: string, mode: number) => {
  await mkdir(path, mode);
  steps.push(`made ${shown(path)}`);
}) as typeof mkdir;
fs.promises.rename = async (from, to) => {
  await rename(from, to);
  steps.push(`renamed ${shown(from)} to ${shown(to)}`);
};
fs.promises.open = async (path, flags, mode) => {
  const file = await open(path, flags, mode);
  const { sync, datasync } = file;
  file.sync = () => {
    steps.push(`flushed ${shown(path)}`);
    return sync.call(file);
  };
  file.datasync = async () => {
    await datasync.call(file);
    steps.push(`flushed ${shown(path)}`);
  };
  return file;
};
syncBuiltinESMExports();

const { folderStore } = await import("../src/folder.ts");
const store = folderStore({ path: base, settled: true });
await Promise.all(keys.map((key) => store.put(key, new Uint8Array(1_000))));
fs.writeFileSync(told, `${steps.join("\n")}\n`);
