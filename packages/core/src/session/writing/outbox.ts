/**
 * The outbox: what this device has decided to write, in order. Rows are made in the transaction that takes a writer's
 * number, and a retry sends the same bytes; so a crash between any two steps writes nothing twice and loses nothing.
 */
import { ConclaveError } from "../../errors.ts";
import type { SqlDatabase } from "../../ports/sql.ts";
import type { EpochId } from "../../records/shapes.ts";
import { type FileKind, noteFile } from "../reading/known-files.ts";
import type { Session } from "../session.ts";

export interface OutboxItem {
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The epoch that it is sealed to, or speaks of. */
  readonly epoch: EpochId;
  readonly kind: FileKind;
}

interface OutboxRow extends OutboxItem {
  readonly id: number;
}

/** Adds items at the end. Call inside the transaction that makes them true locally. */
export function queue(index: SqlDatabase, items: readonly OutboxItem[]): void {
  for (const { key, bytes, epoch, kind } of items) {
    index.run("INSERT INTO outbox(key, bytes, epoch, kind) VALUES(?, ?, ?, ?)", key, bytes, epoch, kind);
  }
}

/** Puts everything that waits, in order; what is done stays done if a later one fails. */
export async function flushOutbox(
  session: Session,
  options: { readonly signal?: AbortSignal; readonly onPut?: (item: OutboxItem) => void } = {},
): Promise<void> {
  const { signal, onPut } = options;
  for (;;) {
    const row = session.index.get<OutboxRow>("SELECT * FROM outbox ORDER BY id LIMIT 1");
    if (row === undefined) return;
    signal?.throwIfAborted();
    await session.store.put(row.key, row.bytes, signal ? { signal } : {});
    session.index.transaction(() => {
      session.index.run("DELETE FROM outbox WHERE id = ?", row.id);
      const { key, epoch, kind, bytes } = row;
      noteFile(session, { key, epoch, kind, size: bytes.length, state: "read" });
    });
    onPut?.(row);
  }
}

/** Takes files of one kind out that wait for an epoch: what is sealed to a key that is over must not go out any more. */
export function withdraw(index: SqlDatabase, { epoch, kind }: Pick<OutboxItem, "epoch" | "kind">): OutboxItem[] {
  const rows = index.all<OutboxRow>("SELECT * FROM outbox WHERE epoch = ? AND kind = ? ORDER BY id", epoch, kind);
  for (const { id } of rows) index.run("DELETE FROM outbox WHERE id = ?", id);
  return rows;
}

/** The limit on what one stored file may hold, as an error for a person. */
export function refuseSize(what: string): never {
  throw new ConclaveError(`${what} is larger than one stored file may be`, { code: "limit" });
}
