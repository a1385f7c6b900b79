import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type GetOptions, StoreError } from "@conclave/core";
import { rangeOf } from "../contract.ts";
import { type Base, isInPlace, placeOf } from "./base.ts";
import { isSystemError } from "./errors.ts";

/** Not following a link that comes into the way now; not waiting for the other end of a pipe that a stranger put there. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Reads an object or a range of it into memory of its own. Whatever is not a plain file at its own place is no object. */
export async function readFrom(base: Base, key: string, options: GetOptions): Promise<Uint8Array<ArrayBuffer>> {
  const path = placeOf(base, key);
  const file = await openInPlace(path, key);
  try {
    const state = await file.stat();
    if (!state.isFile()) throw noObject(key, "something else than a file lies there");
    options.signal?.throwIfAborted();
    return await readRange(file, rangeOf(key, state.size, options));
  } finally {
    await file.close();
  }
}

async function openInPlace(path: string, key: string): Promise<FileHandle> {
  try {
    if (await isInPlace(path)) return await open(path, READ_FLAGS); // check: link
  } catch (error) {
    if (!isSystemError(error, "ELOOP", "EMLINK", "ENOTDIR", "ENXIO")) throw error;
    throw noObject(key, "something else than a file lies there", error);
  }
  throw noObject(key, "a link is in the way, and links are never followed");
}

/** Less than `length` comes back only if the file was cut while it was read. */
async function readRange(file: FileHandle, range: { start: number; length: number }): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(range.length);
  let done = 0;
  while (done < range.length) {
    const { bytesRead } = await file.read(bytes, done, range.length - done, range.start + done);
    if (bytesRead === 0) return bytes.slice(0, done);
    done += bytesRead;
  }
  return bytes;
}

function noObject(key: string, why: string, cause?: unknown): StoreError {
  return new StoreError(`there is no object ${key}: ${why}`, { code: "not-found", cause });
}
