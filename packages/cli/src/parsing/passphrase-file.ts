import { type FileHandle, open } from "node:fs/promises";
import { usage } from "../command-error.ts";

const PASSPHRASE_BYTES_MAX = 4096;

/** A passphrase as a file held it. */
export interface FilePassphrase {
  readonly passphrase: string;
  /** Whether other users of this machine may read the file. */
  readonly isExposed: boolean;
}

/**
 * Reads a passphrase: the file's whole text but for one line feed at its end.
 *
 * @throws CommandError `usage` if it is empty, not UTF-8, or over 4,096 bytes; else the system's own error.
 */
export async function readPassphraseFile(path: string): Promise<FilePassphrase> {
  const handle = await open(path);
  try {
    const stats = await handle.stat();
    const bytes = await readAll(handle, path);
    return { passphrase: decode(bytes, path), isExposed: stats.isFile() && (stats.mode & 0o077) !== 0 };
  } finally {
    await handle.close();
  }
}

/** Reads a passphrase from standard input, to its end; else as {@link readPassphraseFile}. */
export async function readPassphraseInput(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    length += bytes.length;
    if (length > PASSPHRASE_BYTES_MAX) throw usage("standard input is too long to be a passphrase"); // check: size
    parts.push(bytes);
  }
  return decode(Buffer.concat(parts), "standard input");
}

/** A pipe as well as a file, so by reading on and not by its size. */
async function readAll(handle: FileHandle, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(PASSPHRASE_BYTES_MAX + 1);
  let length = 0;
  for (let read = 1; read > 0 && length < bytes.length; length += read) {
    read = (await handle.read(bytes, length, bytes.length - length, null)).bytesRead;
  }
  if (length > PASSPHRASE_BYTES_MAX) throw usage(`${path} is too long to hold a passphrase`); // check: size
  return bytes.subarray(0, length);
}

function decode(bytes: Uint8Array, path: string): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usage(`the passphrase in ${path} is not text in UTF-8`); // No cause: it might quote the passphrase.
  }
  const passphrase = text.replace(/\r?\n$/, "");
  if (passphrase === "") throw usage(`${path} holds no passphrase`);
  return passphrase;
}
