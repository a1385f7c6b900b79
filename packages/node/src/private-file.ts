/** Small files for the user alone: whole or not there, whenever the machine stops. */
import { type FileHandle, link, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode } from "./files/system-error.ts";
import { forget, sweepUnfinished, unfinishedName } from "./files/unfinished.ts";

/** What systems say of a disk that knows no links, FAT or exFAT: memory sticks, on which people keep their kits. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** Writes or replaces a file at once, mode 0600. */
export async function replacePrivateFile(path: string, bytes: Uint8Array): Promise<void> {
  await viaTemporary(path, bytes, (temporary) => rename(temporary, path));
}

/**
 * Writes a file at once, mode 0600; rejects with the system's `EEXIST` if there is one. Two at once: one wins, whole. On a
 * disk without links what is written there is seen while it grows, and a machine that stops leaves it unfinished.
 */
export async function createPrivateFile(path: string, bytes: Uint8Array): Promise<void> {
  await viaTemporary(path, bytes, async (temporary) => {
    try {
      // A link, unlike a renaming, never replaces what is there.
      await link(temporary, path);
    } catch (error) {
      if (!NO_LINKS.has(systemCode(error))) throw error;
      await writeInPlace(path, bytes);
    }
    await unlink(temporary);
  });
}

async function writeInPlace(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  try {
    await fill(file, bytes);
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  }
}

async function viaTemporary(path: string, bytes: Uint8Array, publish: (temporary: string) => Promise<void>) {
  const folder = dirname(path);
  const name = unfinishedName();
  const temporary = join(folder, name);
  // What a killed run left here holds what that run was writing: keys in clear, or the words of a kit.
  await sweepUnfinished((each) => join(folder, each)).catch(() => undefined);
  try {
    await writeDurably(temporary, bytes);
    await publish(temporary);
    await syncFolder(folder);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  } finally {
    forget(name);
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await fill(file, bytes);
}

async function fill(file: FileHandle, bytes: Uint8Array): Promise<void> {
  await file.writeFile(bytes);
  await file.sync();
}

/** The name itself must survive a power cut. Not every system can do this with a folder (Windows cannot). */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
