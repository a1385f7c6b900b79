/** The core's `SqlDatabase` port on `node:sqlite`. */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { ConclaveError, type SqlDatabase, type SqlValue } from "@conclave/core";
import { systemCode } from "./files/system-error.ts";

/** How long one call waits for another process's transaction, in milliseconds. */
const BUSY_TIMEOUT_MS = 15_000;
/** Statements kept ready for use; the schema's own are far fewer. */
const STATEMENTS_MAX = 256;
/** SQLite's primary result code for a lock held elsewhere, and for a file that is no database. */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/**
 * Opens or makes a database.
 *
 * Write-ahead log, so that readers never wait; every commit reaches the disk before it returns (`synchronous = FULL`): the row
 * that says what is about to be put must survive a power cut, or a number could be used for two different records.
 *
 * @param path - A file, made readable and writable by its owner alone, or `:memory:`.
 * @throws ConclaveError `no-index` for a file that is no database, `conflict` if another process holds it too long.
 */
export function openDatabase(path: string): SqlDatabase {
  if (path !== ":memory:") makePrivateFile(path);
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  try {
    configure(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return new NodeDatabase(database);
}

/**
 * SQLite gives its log and index files the mode of the database, so the mode is set before SQLite sees it. One that is there
 * is left alone: that this process closes it, however it was opened, ends the locks that the process has on it.
 */
function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

function configure(database: DatabaseSync): void {
  untilFree(() => {
    // Two processes that both change the journal's mode do not wait for each other's locks, so this is tried again.
    database.exec("PRAGMA journal_mode = WAL");
  });
  database.exec("PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF");
}

class NodeDatabase implements SqlDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #inTransaction = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  run(sql: string, ...values: readonly SqlValue[]): number {
    return Number(this.#statement(sql).run(...inputs(values)).changes);
  }

  get<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined {
    return this.#statement(sql).get(...inputs(values)) as Row | undefined;
  }

  all<Row>(sql: string, ...values: readonly SqlValue[]): Row[] {
    return this.#statement(sql).all(...inputs(values)) as Row[];
  }

  each<Row>(sql: string, ...values: readonly SqlValue[]): IterableIterator<Row> {
    // A statement of its own: a kept one would start over when the same query runs inside the loop.
    return this.#database.prepare(sql).iterate(...inputs(values)) as IterableIterator<Row>;
  }

  script(sql: string): void {
    this.#database.exec(sql);
  }

  transaction<Result>(work: () => Result): Result {
    if (this.#inTransaction) return work();
    untilFree(() => this.#database.exec("BEGIN IMMEDIATE"));
    this.#inTransaction = true;
    try {
      const result = work();
      if (result instanceof Promise) throw new TypeError("a transaction's work must not be asynchronous");
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk ends the transaction by itself; then there is nothing to roll back.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** A statement by its text; the one that was made first goes when there are too many. */
  #statement(sql: string): StatementSync {
    const kept = this.#statements.get(sql);
    if (kept) return kept;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    if (this.#statements.size > STATEMENTS_MAX) this.#statements.delete(this.#statements.keys().next().value ?? "");
    return statement;
  }
}

function inputs(values: readonly SqlValue[]): SQLInputValue[] {
  return values as SQLInputValue[];
}

/** Tries again while another process holds the lock, where SQLite itself does not wait. */
function untilFree(work: () => void): void {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      const code = resultCode(error);
      if (code === SQLITE_NOTADB || code === SQLITE_CORRUPT) {
        throw new ConclaveError("this machine's database of the group is damaged", { code: "no-index", cause: error });
      }
      if (code !== SQLITE_BUSY) throw error;
      if (performance.now() > deadline) {
        throw new ConclaveError("another process holds the local database", { code: "conflict", cause: error });
      }
      pause(5 + Math.random() * 20);
    }
  }
}

/** SQLite's primary result code of an error, if it is one of SQLite's. */
function resultCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
}

/** Blocks this thread, as a synchronous port must. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
