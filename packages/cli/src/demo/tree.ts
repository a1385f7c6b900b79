/** Looking at folders of files, to see for oneself that the story is true. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** Every file below a folder with its size, by path. Links are left out. */
export async function filesIn(folder: string): Promise<ReadonlyMap<string, number>> {
  const files = new Map<string, number>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(folder, path).split(sep).join("/"), (await stat(path)).size);
  }
  return files;
}

/** How many bytes files have together. */
export function sumOf(files: ReadonlyMap<string, number>): number {
  return [...files.values()].reduce((sum, size) => sum + size, 0);
}

/** The first file that is not the same in two folders; undefined if they are equal. */
export async function firstDifference(left: string, right: string): Promise<string | undefined> {
  const [ours, theirs] = [await filesIn(left), await filesIn(right)];
  for (const [path, size] of ours) {
    if (theirs.get(path) !== size) return path;
    if ((await digestOf(join(left, path))) !== (await digestOf(join(right, path)))) return path;
  }
  return [...theirs.keys()].find((path) => !ours.has(path));
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
