import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../src/sqlite.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conclave-sql-"));
  path = join(folder, "index.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true }));

function opened(schema = "CREATE TABLE items (id INTEGER PRIMARY KEY, value ANY) STRICT") {
  const database = openDatabase(path);
  database.script(schema);
  return database;
}

describe("a database", () => {
  it("gives back text, numbers, blobs and null as they were put", () => {
    const database = opened();
    for (const value of ["a", 1.5, 2 ** 53 - 1, null, new Uint8Array([1, 2])]) {
      database.run("INSERT INTO items (value) VALUES (?)", value);
    }
    expect(database.all<{ value: unknown }>("SELECT value FROM items ORDER BY id").map(({ value }) => value)).toEqual([
      "a",
      1.5,
      2 ** 53 - 1,
      null,
      new Uint8Array([1, 2]),
    ]);
    expect(database.get("SELECT * FROM items WHERE id = ?", 99)).toBeUndefined();
    expect(database.run("UPDATE items SET value = 0")).toBe(5);
    database.close();
  });

  it("is readable by its owner alone, its log too", () => {
    const database = opened();
    database.run("INSERT INTO items (value) VALUES (1)");
    for (const name of readdirSync(folder))
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
    expect(readdirSync(folder)).toContain("index.sqlite-wal");
    database.close();
  });

  it("writes through to the disk at each commit, and keeps foreign keys", () => {
    const database = opened("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a REFERENCES a)");
    expect(database.get("PRAGMA synchronous")).toEqual({ synchronous: 2 });
    expect(database.get("PRAGMA journal_mode")).toEqual({ journal_mode: "wal" });
    expect(() => database.run("INSERT INTO b VALUES (1)")).toThrow(/FOREIGN KEY/);
    database.close();
  });

  it("walks rows while the same query runs inside the walk", () => {
    const database = opened();
    for (let value = 0; value < 5; value++) database.run("INSERT INTO items (value) VALUES (?)", value);
    const seen: number[] = [];
    for (const { value } of database.each<{ value: number }>("SELECT value FROM items ORDER BY id")) {
      seen.push(value + database.all("SELECT value FROM items ORDER BY id").length);
    }
    expect(seen).toEqual([5, 6, 7, 8, 9]);
    database.close();
  });

  it("goes on beyond the number of statements that it keeps", () => {
    const database = opened();
    for (let index = 0; index < 600; index++) expect(database.get(`SELECT ${index} AS n`)).toEqual({ n: index });
    expect(database.get("SELECT 0 AS n")).toEqual({ n: 0 });
    database.close();
  });

  it("that is none is called damaged", () => {
    writeFileSync(path, "this is no database, but long enough to look at".repeat(100));
    expect(() => openDatabase(path)).toThrow(expect.objectContaining({ code: "no-index" }));
  });

  it("that this process opens once more is still locked against whoever wants it alone", () => {
    const databases = [opened(), openDatabase(path)];
    const alone = `const database = new (require("node:sqlite").DatabaseSync)(${JSON.stringify(path)});
      database.exec("PRAGMA locking_mode = EXCLUSIVE; SELECT * FROM items");`;
    const { status, stderr } = spawnSync(process.execPath, ["-e", alone], { encoding: "utf8" });
    expect([status, stderr]).toEqual([1, expect.stringContaining("database is locked")]);
    databases[0]?.run("INSERT INTO items (value) VALUES (1)");
    for (const database of databases) database.close();
  });

  it("can lie in memory", () => {
    const database = openDatabase(":memory:");
    database.script("CREATE TABLE a (b)");
    expect(database.run("INSERT INTO a VALUES (1)")).toBe(1);
    database.close();
  });
});

describe("a transaction", () => {
  it("is undone as a whole when its work throws", () => {
    const database = opened();
    const work = () =>
      database.transaction(() => {
        database.run("INSERT INTO items (value) VALUES (1)");
        database.transaction(() => database.run("INSERT INTO items (value) VALUES (2)"));
        throw new Error("stop");
      });
    expect(work).toThrow("stop");
    expect(database.all("SELECT * FROM items")).toEqual([]);
    expect(database.transaction(() => database.run("INSERT INTO items (value) VALUES (3)"))).toBe(1);
    expect(database.all("SELECT * FROM items")).toHaveLength(1);
    database.close();
  });

  it("takes a call inside it as a part of itself", () => {
    const database = opened();
    database.transaction(() => {
      database.transaction(() => database.run("INSERT INTO items (value) VALUES (1)"));
      const other = openDatabase(path);
      expect(other.all("SELECT * FROM items")).toEqual([]);
      other.close();
    });
    expect(database.all("SELECT * FROM items")).toHaveLength(1);
    database.close();
  });

  it("refuses asynchronous work, and undoes it", () => {
    const database = opened();
    const work = () =>
      database.transaction(() => {
        database.run("INSERT INTO items (value) VALUES (1)");
        return Promise.resolve();
      });
    expect(work).toThrow(TypeError);
    expect(database.all("SELECT * FROM items")).toEqual([]);
    database.close();
  });
});

const childFile = fileURLToPath(new URL("./support/counting-child.ts", import.meta.url));

function child(...args: string[]): ChildProcess {
  return fork(childFile, [path, ...args], { execArgv: ["--conditions=@conclave/source"] });
}

describe("two processes on one database", () => {
  it("never draw one number twice, and lose none", { timeout: 60_000 }, async () => {
    const children = [child("60"), child("60"), child("60")];
    const exits = await Promise.all(children.map((each) => once(each, "exit")));
    expect(exits.map(([code]) => code)).toEqual([0, 0, 0]);
    const database = openDatabase(path);
    const numbers = database.all<{ number: number }>("SELECT number FROM drawn ORDER BY number");
    expect(numbers.map(({ number }) => number)).toEqual(Array.from({ length: 180 }, (_, index) => index + 1));
    expect(database.get("SELECT count(DISTINCT process) AS n FROM drawn")).toEqual({ n: 3 });
    database.close();
  });

  it("leave nothing half done when one is killed in the middle", { timeout: 60_000 }, async () => {
    const killed = child("1000000");
    const early = once(killed, "exit").then(([code]) => Promise.reject(new Error(`the process ended with ${code}`)));
    await Promise.race([once(killed, "message"), early]);
    early.catch(() => undefined);
    killed.kill("SIGKILL");
    await once(killed, "exit");
    const database = openDatabase(path);
    const { n, newest } = database.get<{ n: number; newest: number }>(
      "SELECT count(*) AS n, max(number) AS newest FROM drawn",
    ) ?? { n: 0, newest: -1 };
    expect(n).toBeGreaterThan(0);
    expect(newest).toBe(n);
    expect(database.get("SELECT value FROM counter")).toEqual({ value: newest });
    expect(database.get("PRAGMA integrity_check")).toEqual({ integrity_check: "ok" });
    database.close();
  });
});
