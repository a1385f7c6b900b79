import type { SqlDatabase } from "../../src/ports/sql.ts";

/** Transactions as the port wants them, of whatever runs a statement: one inside another joins it. */
export function transactionsBy(exec: (sql: string) => unknown): SqlDatabase["transaction"] {
  let depth = 0;
  return (work) => {
    if (depth > 0) return work();
    exec("BEGIN IMMEDIATE");
    depth++;
    try {
      const result = work();
      exec("COMMIT");
      return result;
    } catch (error) {
      exec("ROLLBACK");
      throw error;
    } finally {
      depth--;
    }
  };
}
