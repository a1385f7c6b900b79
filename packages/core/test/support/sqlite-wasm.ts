/** SQLite's WASM in memory behind the core's port: what takes the place of `sqlite.ts` where tests run in a browser. */
import sqlite3InitModule from "@sqlite.org/sqlite-wasm";
import type { SqlDatabase } from "../../src/ports/sql.ts";
import { transactionsBy } from "./transactions.ts";

const sqlite3 = await sqlite3InitModule();

export function memoryDatabase(...schemas: readonly string[]): SqlDatabase {
  const sqlite = new sqlite3.oo1.DB(":memory:");
  const db: SqlDatabase = {
    run(sql, ...values) {
      sqlite.exec({ sql, bind: values as never[] });
      return sqlite.changes();
    },
    get(sql, ...values) {
      for (const row of db.each(sql, ...values)) return row as never; // Lets go of the statement, too.
      return undefined;
    },
    all: (sql, ...values) => [...db.each(sql, ...values)] as never,
    *each(sql, ...values) {
      const statement = sqlite.prepare(sql);
      try {
        if (values.length > 0) statement.bind(values as never[]);
        while (statement.step()) yield statement.get({}) as never;
      } finally {
        statement.finalize();
      }
    },
    script: (sql) => void sqlite.exec(sql),
    transaction: transactionsBy((sql) => sqlite.exec(sql)),
    close: () => sqlite.close(),
  };
  for (const schema of schemas) db.script(schema);
  return db;
}
