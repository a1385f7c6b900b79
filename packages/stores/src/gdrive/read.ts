/** Reading a file or a range of it, however the server takes to ranges. */
import { type GetOptions, STORED_BYTES_MAX, StoreError } from "@conclave/core";
import { rangeOf } from "../contract.ts";
import type { Settled } from "../http/resilient.ts";
import type { CallContext } from "./calls.ts";
import type { DriveClient } from "./client.ts";

/** Reads what a call asks for; undefined if there is no such file. */
export async function readFile(
  client: DriveClient,
  file: { readonly id: string; readonly key: string; readonly size: number; readonly acknowledgesAbuse: boolean },
  options: GetOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { offset = 0, length = Number.MAX_SAFE_INTEGER } = options;
  const context = { doing: `read ${file.key}`, signal: options.signal };
  if (offset > 0 && offset >= file.size) {
    // Nothing lies there; the first byte is asked for all the same, so that a file which is gone is noticed.
    const begin = await readFile(client, file, { ...options, offset: 0, length: 1 });
    return begin?.slice(0, 0);
  }
  // One byte more than any object has, so that one which is larger is noticed.
  const wanted = Math.min(Math.max(length, 1), STORED_BYTES_MAX + 1);
  const isAll = offset === 0 && length > STORED_BYTES_MAX;
  const range = isAll ? undefined : `bytes=${offset}-${offset + wanted - 1}`;
  for (let tries = 0; tries < SHORT_TRIES_MAX; tries++) {
    const ask = { range, bytesMax: STORED_BYTES_MAX + 1, acknowledgesAbuse: file.acknowledgesAbuse };
    const answer = await client.download(file.id, ask, context);
    if (answer.status === 404) return undefined;
    if (answer.status === 416) return new Uint8Array();
    const read = cut(answer, { ...file, offset, wanted, length });
    if (read !== undefined) return read;
  }
  throw short(context);
}

/** Tries of a range that comes back shorter than it is. */
const SHORT_TRIES_MAX = 4;

interface Ask {
  readonly key: string;
  /** Of the whole file, as it was listed. */
  readonly size: number;
  readonly offset: number;
  readonly wanted: number;
  readonly length: number;
}

/** The bytes that were asked for, out of what came; undefined if too little came. */
function cut({ status, headers, bytes }: Settled, ask: Ask): Uint8Array<ArrayBuffer> | undefined {
  if (status !== 206) {
    // All of it came, whatever was asked for.
    const { start, length } = rangeOf(ask.key, bytes.length, { offset: ask.offset, length: ask.length });
    return length === bytes.length ? bytes : bytes.slice(start, start + length);
  }
  const { first, last, total } = partOf(headers) ?? {
    first: ask.offset,
    last: ask.offset + bytes.length - 1,
    total: ask.size,
  };
  const due = Math.min(ask.wanted, total - ask.offset);
  if (first !== ask.offset || last - first + 1 !== bytes.length || bytes.length < due) return undefined; // check: cut
  const { length } = rangeOf(ask.key, total, { offset: ask.offset, length: ask.length });
  return length === bytes.length ? bytes : bytes.slice(0, length);
}

/** Which part of the file an answer says that it is. Undefined if it does not say, or a browser hides it from a page. */
function partOf(
  headers: Headers,
): { readonly first: number; readonly last: number; readonly total: number } | undefined {
  const said = headers.get("content-range");
  if (said === null) return undefined;
  const [first = Number.NaN, last = Number.NaN, total = Number.NaN] =
    /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(said)?.slice(1).map(Number) ?? [];
  return { first, last, total };
}

function short({ doing }: CallContext): StoreError {
  return new StoreError(`cannot ${doing}: Google Drive keeps answering with other bytes than were asked for`, {
    code: "unavailable",
  });
}
