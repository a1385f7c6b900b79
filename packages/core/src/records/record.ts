import { readLine, type Shape } from "../encoding/strict.ts";
import { ConclaveError } from "../errors.ts";
import { type Change, change } from "./change.ts";
import { type Entry, entry, type Found, found } from "./entry.ts";
import { type Location, location } from "./location.ts";
import { type Receipt, receipt } from "./receipt.ts";
import type { RecordType } from "./signed-line.ts";

/** A record that takes a place in its writer's chain. */
export type NumberedRecord = Found | Entry | Change | Receipt;
/** Any record that may stand in a records file. */
export type AnyRecord = NumberedRecord | Location;

const SHAPES: { readonly [type: string]: Shape<AnyRecord> } = {
  "conclave/v1/found": found,
  "conclave/v1/entry": entry,
  "conclave/v1/change": change,
  "conclave/v1/receipt": receipt,
  "conclave/v1/location": location,
};

/**
 * The type that a line begins with, read off its first bytes alone: every record's first key is `type`.
 * `unsupported` if it is none of this version's, so that nobody skips what a newer version says.
 */
export function recordType(line: Uint8Array): RecordType {
  const start = new TextDecoder().decode(line.subarray(0, 64));
  const type = /^\{"type":"(conclave\/v\d+\/[a-z-]+)"/.exec(start)?.[1];
  if (type === undefined) throw new ConclaveError("line is not a record", { code: "malformed" });
  return type as RecordType;
}

/** Reads one record strictly. Says nothing about its signature or its author's rights. SPEC.md §3, §4. */
export function readRecord(line: Uint8Array): AnyRecord {
  const type = recordType(line);
  const shape = Object.hasOwn(SHAPES, type) ? SHAPES[type] : undefined;
  if (shape === undefined)
    throw new ConclaveError(`record of type ${type} needs a newer version`, { code: "unsupported" }); // check: downgrade
  return readLine(line, shape);
}
