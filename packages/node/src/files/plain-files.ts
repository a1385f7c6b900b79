/** Plain files that lie on a storage already, to be taken into a group and then, if a person wants it, deleted there. */
import { lstat, readFile, realpath, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  CONCLAVE_JSON_BYTES_MAX,
  CONCLAVE_JSON_KEY,
  ConclaveError,
  claimedGroup,
  type PlainFiles,
  type SourceEntry,
} from "@conclave/core";
import { parseStoreAddress } from "@conclave/stores";
import { modifiedOf } from "./opened-file.ts";
import { openSource } from "./source.ts";

/**
 * Opens the plain files in a folder.
 *
 * @param address - Of a store, as people give it.
 * @param folder - What a relative path is relative to.
 * @throws ConclaveError `conflict` if a group lies there, above it or below it: its files are no plain files; `unsupported`
 *   for other kinds of storage; `not-found`.
 */
export async function openPlainFolder(address: string, { folder }: { readonly folder: string }): Promise<PlainFiles> {
  const url = parseStoreAddress(address, { folder });
  if (!url.startsWith("file:")) {
    throw new ConclaveError("plain files can be taken in from a folder or from Google Drive only as yet", {
      code: "unsupported",
    });
  }
  const path = fileURLToPath(url);
  const source = await openSource(path.endsWith("/") ? path : `${path}/`);
  const top = await realpath(path);
  for (let above = top; ; above = dirname(above)) {
    await refuseGroup(above);
    if (above === dirname(above)) break;
  }
  return {
    walk: (options) => source.walk(options),
    open: (file) => source.open(file),
    deleteFile: (entry) => deleteFile(top, entry),
    deleteFolder: (below) => deleteFolder(join(top, below)),
  };
}

/** @throws ConclaveError `conflict` if a group's storage is this folder. */
export async function refuseGroup(folder: string): Promise<void> {
  const file = join(folder, CONCLAVE_JSON_KEY);
  const stats = await lstat(file).catch(() => undefined);
  if (!stats?.isFile() || stats.size > CONCLAVE_JSON_BYTES_MAX) return;
  if (claimedGroup(await readFile(file)) === undefined) return;
  throw new ConclaveError(`${folder} holds a Conclave group`, { code: "conflict" });
}

async function deleteFile(top: string, entry: SourceEntry): Promise<"deleted" | "changed" | "refused"> {
  const file = join(top, entry.path);
  // Through no link that was put in a folder's place meanwhile.
  if ((await realpath(dirname(file)).catch(() => undefined)) !== dirname(file)) return "changed"; // check: link
  const stats = await lstat(file).catch(() => undefined);
  if (!stats?.isFile() || stats.size !== entry.size || modifiedOf(stats) !== entry.modified) return "changed";
  await unlink(file);
  return "deleted";
}

async function deleteFolder(folder: string): Promise<boolean> {
  if ((await realpath(folder).catch(() => undefined)) !== folder) return false; // check: link
  return rmdir(folder).then(
    () => true,
    () => false,
  );
}
