import { closeSync, constants, fstatSync, lstatSync, openSync, read, readSync, type Stats } from "node:fs";
import { promisify } from "node:util";
import type { SourceFile } from "@conclave/core";
import { onOneFile, systemCode } from "./system-error.ts";

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
 * Opens a plain file for reading, never through a link in its last name; the descriptor is the caller's to close.
 *
 * On this thread, as are small reads: of ten thousand small files each call is over sooner than a thread of the pool takes
 * it up, and that halved the time of their upload.
 *
 * @param refuse - Makes the error to throw when no plain file is there; other failures are the system's own errors.
 */
export function openPlain(path: string, refuse: (why: NotPlain, cause?: unknown) => Error): number {
  if (NO_FOLLOW === undefined && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw refuse("is a link"); // check: link
  }
  const descriptor = openOrRefuse(path, refuse);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw refuse("is no plain file");
}

function openOrRefuse(path: string, refuse: (why: NotPlain, cause?: unknown) => Error): number {
  try {
    return openSync(path, constants.O_RDONLY | (NO_FOLLOW ?? 0) | NO_WAIT);
  } catch (cause) {
    const why = whyNotPlain(systemCode(cause));
    throw why === undefined ? cause : refuse(why, cause);
  }
}

function whyNotPlain(code: string | undefined): NotPlain | undefined {
  if (code === "ENOENT" || code === "ENOTDIR") return "is gone";
  if (code === "ELOOP" || code === "EMLINK") return "is a link"; // check: link
  if (code === "ENXIO" || code === "EISDIR") return "is no plain file";
  return undefined;
}

const readAside = promisify(read);
/** Reads up to this size are made on this thread. */
const READ_HERE_MAX: number = 256 * 1024;

async function readSome(descriptor: number, into: Uint8Array, position: number): Promise<number> {
  if (into.length <= READ_HERE_MAX) return readSync(descriptor, into, 0, into.length, position);
  return (await readAside(descriptor, into, 0, into.length, position)).bytesRead;
}

/** Reads as far as the file goes; gives how many bytes that was. */
async function readFully(
  descriptor: number,
  { offset, into }: { readonly offset: number; readonly into: Uint8Array },
): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const bytesRead = await readSome(descriptor, into.subarray(filled), offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** An open plain file as the core reads it. Takes the descriptor over. */
export function sourceFile(descriptor: number): SourceFile {
  return {
    read: (offset, into) => onOneFile(() => readFully(descriptor, { offset, into })),
    state: () =>
      onOneFile(() => {
        const stats = fstatSync(descriptor);
        return { size: stats.size, modified: modifiedOf(stats) };
      }),
    close: async () => closeSync(descriptor),
  };
}
