/**
 * The outbox: what this device has decided to write, in order. Rows are made in the transaction that takes a writer's
 * number, and a retry sends the same bytes; so a crash between any two steps writes nothing twice and loses nothing.
 */
import { ConclaveError } from "../../errors.ts";
import type { SqlDatabase } from "../../ports/sql.ts";
import type { StoredObject } from "../../ports/store.ts";
import type { EpochId } from "../../records/shapes.ts";
import type { Session } from "../session.ts";

/** What a stored file is, as far as the outbox and the poll treat kinds differently. */
export type FileKind = "recipient" | "grant" | "records" | "notice" | "listing" | "request" | "plain";

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
      noteFile(session.index, { ...row, size: row.bytes.length, state: "read" });
    });
    onPut?.(row);
  }
}

/** What this device knows of one key on the storage. */
export interface KnownFile {
  readonly key: string;
  readonly epoch: EpochId;
  readonly kind: FileKind;
  readonly size: number;
  readonly state: "read" | "waiting" | "foreign" | "altered" | "unsupported";
  /** How many entries of the log counted when it was last looked at. */
  readonly entries?: number;
  readonly detail?: string;
}

/** Notes what came of a key. */
export function noteFile(index: SqlDatabase, file: KnownFile): void {
  index.run(
    `INSERT INTO files(key, epoch, kind, size, state, detail, entries) VALUES(?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT(key) DO UPDATE SET size = excluded.size, state = excluded.state, detail = excluded.detail,
       entries = excluded.entries, tried = tried + 1`,
    file.key,
    file.epoch,
    file.kind,
    file.size,
    file.state,
    file.detail ?? null,
    file.entries ?? null,
  );
}

/**
 * Notes what came of reading one stored file, at the log as it is now.
 *
 * @returns Whether it was read.
 */
export function noteReading(
  session: Session,
  reading: {
    readonly stored: Pick<StoredObject, "key" | "size">;
    readonly epoch: EpochId;
    readonly kind: FileKind;
    readonly state: KnownFile["state"];
    readonly detail?: string | undefined;
  },
): boolean {
  const { stored, epoch, kind, state, detail } = reading;
  const file: KnownFile = {
    key: stored.key,
    epoch,
    kind,
    size: stored.size,
    state,
    entries: session.view.log.nodes.size,
  };
  noteFile(session.index, detail === undefined ? file : { ...file, detail });
  return state === "read";
}

/** What waits in the outbox for an epoch that ended must not go there any more. */
export function waitingFor(index: SqlDatabase, epoch: EpochId): OutboxRow[] {
  return index.all<OutboxRow>("SELECT * FROM outbox WHERE epoch = ? AND kind = 'records' ORDER BY id", epoch);
}

/** The limit on what one stored file may hold, as an error for a person. */
export function refuseSize(what: string): never {
  throw new ConclaveError(`${what} is larger than one stored file may be`, { code: "limit" });
}
