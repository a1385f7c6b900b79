import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import type { SourceFile } from "@conclave/core";
import { systemCode } from "./system-error.ts";

/** Windows has neither flag; there the link is looked for first. */
const NO_FOLLOW: number | undefined = constants.O_NOFOLLOW;
/** Without it, opening a fifo that was put in a file's place waits for a writer that never comes. */
const NO_WAIT: number = constants.O_NONBLOCK ?? 0;

/** Why a path cannot be opened as a plain file, in the words of an error message. */
export type NotPlain = "is gone" | "is a link" | "is no plain file";

/** Modification time in whole milliseconds. Rounded: systems keep 0.123 s as 0.122999…. */
export function modifiedOf(stats: Stats): number {
  return Math.round(stats.mtimeMs);
}

/**
 * Opens a plain file for reading, never through a link in its last name.
 *
 * @param refuse - Makes the error to throw when no plain file is there; other failures are the system's own errors.
 */
export async function openPlain(path: string, refuse: (why: NotPlain, cause?: unknown) => Error): Promise<FileHandle> {
  if (NO_FOLLOW === undefined && (await lstat(path).catch(() => undefined))?.isSymbolicLink()) {
    throw refuse("is a link"); // check: link
  }
  const handle = await open(path, constants.O_RDONLY | (NO_FOLLOW ?? 0) | NO_WAIT).catch((cause: unknown) => {
    const why = whyNotPlain(systemCode(cause));
    throw why === undefined ? cause : refuse(why, cause);
  });
  const stats = await handle.stat();
  if (stats.isFile()) return handle;
  await handle.close();
  throw refuse("is no plain file");
}

function whyNotPlain(code: string | undefined): NotPlain | undefined {
  if (code === "ENOENT" || code === "ENOTDIR") return "is gone";
  if (code === "ELOOP" || code === "EMLINK") return "is a link"; // check: link
  if (code === "ENXIO" || code === "EISDIR") return "is no plain file";
  return undefined;
}

/** An open plain file as the core reads it. Takes the handle over. */
export function sourceFile(handle: FileHandle): SourceFile {
  return {
    async read(offset, into) {
      let filled = 0;
      while (filled < into.length) {
        const { bytesRead } = await handle.read(into, filled, into.length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    async state() {
      const stats = await handle.stat();
      return { size: stats.size, modified: modifiedOf(stats) };
    },
    close: () => handle.close(),
  };
}
