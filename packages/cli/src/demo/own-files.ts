import { cp, mkdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What is made from the sources, or brought by others. */
const LEFT_OUT: ReadonlySet<string> = new Set(["node_modules", ".git", "dist"]);

/** A copy of this project's own files, for a demo without a folder of one's own. */
export async function ownFiles(folder: string): Promise<string> {
  const target = join(folder, "conclave");
  await mkdir(target);
  await cp(await projectFolder(), target, { recursive: true, filter: (from) => !LEFT_OUT.has(basename(from)) });
  return target;
}

/** The workspace; of an installed package, the package. */
async function projectFolder(): Promise<string> {
  const workspace = fileURLToPath(new URL("../../../../", import.meta.url));
  try {
    const { name } = JSON.parse(await readFile(join(workspace, "package.json"), "utf8")) as { name?: unknown };
    if (name === "conclave-workspace") return workspace;
  } catch {
    // Not in a checkout.
  }
  return fileURLToPath(new URL("../../", import.meta.url));
}
