import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SqlDatabase } from "../../src/ports/sql.ts";
import { transactionsBy } from "./transactions.ts";

/** SQLite in memory behind the core's port, for tests. */
export function memoryDatabase(...schemas: readonly string[]): SqlDatabase {
  const sqlite = new DatabaseSync(":memory:");
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = sqlite.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const db: SqlDatabase = {
    run: (sql, ...values) => Number(prepared(sql).run(...(values as never[])).changes),
    get: (sql, ...values) => prepared(sql).get(...(values as never[])) as never,
    all: (sql, ...values) => prepared(sql).all(...(values as never[])) as never,
    each: (sql, ...values) => prepared(sql).iterate(...(values as never[])) as never,
    script: (sql) => sqlite.exec(sql),
    transaction: transactionsBy((sql) => sqlite.exec(sql)),
    close: () => sqlite.close(),
  };
  for (const schema of schemas) db.script(schema);
  return db;
}
