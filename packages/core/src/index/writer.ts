import { toHex } from "../encoding/hex.ts";
import type { Crypto } from "../ports/crypto.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { RecordDigest, WriterId } from "../records/shapes.ts";
import { readMeta, writeMeta } from "./meta.ts";

/** Where this copy of the state stands in its own chain of records. */
export interface WriterState {
  readonly writer: WriterId;
  /** Number of its newest record; 0 before the first. */
  readonly number: number;
  readonly previous: RecordDigest | null;
}

/** The state of this index's writer; a new index has none before {@link drawWriter}. */
export function readWriter(index: SqlDatabase): WriterState {
  return {
    writer: readMeta<string>(index, "writer") ?? "",
    number: readMeta<number>(index, "number") ?? 0,
    previous: readMeta<string>(index, "previous") ?? null,
  };
}

export function writeWriter(index: SqlDatabase, state: WriterState): void {
  writeMeta(index, "writer", state.writer);
  writeMeta(index, "number", state.number);
  writeMeta(index, "previous", state.previous);
}

/**
 * Starts a new chain. Also the way out when this state turns out to be a copy, or older than what the storage holds of it:
 * nothing is ever written twice under one number by going on from old state.
 */
export function drawWriter(options: { readonly index: SqlDatabase; readonly crypto: Crypto }): void {
  writeWriter(options.index, { writer: toHex(options.crypto.randomBytes(16)), number: 0, previous: null });
}
