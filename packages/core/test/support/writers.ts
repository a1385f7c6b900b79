import { toUtf8 } from "../../src/encoding/bytes.ts";
import { sha256Hex } from "../../src/encoding/digest.ts";
import type { HistoryRecord } from "../../src/history/add-record.ts";
import { addRecord } from "../../src/history/add-record.ts";
import { HISTORY_SCHEMA } from "../../src/history/schema.ts";
import { appliedSince } from "../../src/history/stored-record.ts";
import type { SqlDatabase } from "../../src/ports/sql.ts";
import type { Operation } from "../../src/records/change.ts";
import { applyChange } from "../../src/tree/apply-change.ts";
import { TREE_SCHEMA } from "../../src/tree/schema.ts";
import { memoryDatabase } from "./sqlite.ts";

/** A change as tests make it: what the history needs of it, its operations, and whether it counts. */
export interface MadeChange extends HistoryRecord {
  readonly operations: readonly Operation[];
  readonly counts: boolean;
}

/** 64 hexadecimal characters drawn from a word: a device, a digest that nothing has. */
export function hexOf(word: string): string {
  return sha256Hex(toUtf8(word));
}

/** A node's id drawn from a word. */
export function nodeOf(letter: "d" | "f" | "l", word: string): string {
  return `${letter}${hexOf(word).slice(0, 32)}`;
}

/** A writer that signs one change after the other; digests follow from what is in them, as those of lines do. */
export class Writer {
  readonly device: string;
  readonly writer: string;
  last: HistoryRecord | undefined;

  constructor(name: string, options: { readonly device?: string; readonly after?: HistoryRecord } = {}) {
    this.device = options.after?.device ?? hexOf(`device ${options.device ?? name}`);
    this.writer = options.after?.writer ?? hexOf(`writer ${name}`).slice(0, 32);
    this.last = options.after;
  }

  /** The next change of this writer's chain. */
  change(
    operations: readonly Operation[],
    options: {
      readonly parents?: readonly { readonly digest: string }[];
      readonly counts?: boolean;
      readonly time?: number;
      readonly salt?: string;
    } = {},
  ): MadeChange {
    const made = this.record({
      ...options,
      type: "conclave/v1/change",
      salt: JSON.stringify([operations, options.salt]),
    });
    return { ...made, operations, counts: options.counts ?? true };
  }

  /** The next record of this writer's chain, of any type. */
  record(
    options: {
      readonly type?: HistoryRecord["type"];
      readonly parents?: readonly { readonly digest: string }[];
      readonly time?: number;
      readonly salt?: string;
    } = {},
  ): HistoryRecord {
    const body = {
      type: options.type ?? "conclave/v1/receipt",
      device: this.device,
      writer: this.writer,
      number: (this.last?.number ?? 0) + 1,
      previous: this.last?.digest ?? null,
      head: hexOf("head"),
      parents: (options.parents ?? []).map(({ digest }) => digest),
      time: options.time ?? 0,
    };
    const record = { ...body, digest: hexOf(JSON.stringify([body, options.salt ?? ""])) };
    this.last = record;
    return record;
  }
}

/** An empty index of history and tree. */
export function emptyIndex(): SqlDatabase {
  return memoryDatabase(HISTORY_SCHEMA, TREE_SCHEMA);
}

/** Takes changes in as a client does: in the order of arrival to the history, in its order of application to the tree. */
export function take(db: SqlDatabase, changes: readonly MadeChange[]): void {
  const byDigest = new Map(changes.map((change) => [change.digest, change]));
  const { sequence } = db.get("SELECT coalesce(max(id), 0) AS sequence FROM history_record") as { sequence: number };
  for (const change of changes) addRecord(db, change);
  for (const { digest } of appliedSince(db, sequence)) {
    const change = byDigest.get(digest);
    if (change !== undefined) applyChange(db, change);
  }
}

export function placeAt(node: string, parent: string, name: string, from: string | null = null): Operation {
  return { op: "place", node, parent, name, from, path: name };
}

export function fileOf(
  node: string,
  content: string,
  replaces: readonly { readonly digest: string }[] = [],
): Operation {
  return {
    op: "file",
    node,
    replaces: replaces.map(({ digest }) => digest),
    size: content.length,
    modified: 0,
    executable: false,
    // Tests name contents by a blob that nobody declares.
    extents: content === "" ? [] : [[hexOf(`blob ${content}`), 0, 1]],
    path: "somewhere",
  };
}

export function deleteOf(node: string): Operation {
  return { op: "delete", node, path: "somewhere" };
}
