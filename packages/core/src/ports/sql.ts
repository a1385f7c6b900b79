export type SqlValue = string | number | bigint | null | Uint8Array;

/**
 * SQLite, as the index uses it: synchronous, one connection, statements cached by the adapter by their text.
 *
 * Integers come back as numbers (the schema stores none beyond 2^53), blobs as `Uint8Array`.
 */
export interface SqlDatabase {
  /** Runs one statement; returns how many rows it changed. */
  run(sql: string, ...values: readonly SqlValue[]): number;
  /** First row of a query, or undefined. */
  get<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined;
  /** All rows of a query. */
  all<Row>(sql: string, ...values: readonly SqlValue[]): Row[];
  /** Rows one by one, for results that need not fit in memory. Nothing may be written while it is open. */
  each<Row>(sql: string, ...values: readonly SqlValue[]): IterableIterator<Row>;
  /** Several statements without values, for the schema. */
  script(sql: string): void;
  /** Runs `work` in one immediate transaction; rolls back if it throws. A call inside another joins it. */
  transaction<Result>(work: () => Result): Result;
  close(): void;
}
