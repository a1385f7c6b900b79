/** A process that draws numbers from a database that others draw from too. Arguments: the database, how many. */
import { openDatabase } from "../../src/sqlite.ts";

const [path = "", count = "0"] = process.argv.slice(2);
const database = openDatabase(path);
database.transaction(() => {
  database.script("CREATE TABLE IF NOT EXISTS counter (value INTEGER)");
  database.script("CREATE TABLE IF NOT EXISTS drawn (number INTEGER, process INTEGER)");
  if (!database.get("SELECT * FROM counter")) database.run("INSERT INTO counter VALUES (0)");
});
for (let index = 0; index < Number(count); index++) {
  database.transaction(() => {
    const { value } = database.get<{ value: number }>("SELECT value FROM counter") ?? { value: -1 };
    database.run("INSERT INTO drawn VALUES (?, ?)", value + 1, process.pid);
    database.run("UPDATE counter SET value = ?", value + 1);
  });
  // Waited for: a loop that never pauses would keep the message in this process.
  if (index === 20) await new Promise((sent) => process.send?.("going", sent));
}
database.close();
process.disconnect?.();
