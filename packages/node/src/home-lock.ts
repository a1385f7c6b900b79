/** One at a time on what concerns a whole home: the list of groups, the identity. Over processes, and over a crash. */
import type { Home } from "./home.ts";
import { openDatabase } from "./sqlite.ts";

/** SQLite's lock blocks the thread, so within this process turns are taken before it. */
const turns = new Map<string, Promise<unknown>>();

/**
 * Does `work` while no other process, and nobody else in this one, does such work on the same home. A lock of SQLite's:
 * the system takes it back from whoever dies.
 */
export async function withHomeLock<Result>(home: Home, work: () => Promise<Result>): Promise<Result> {
  const before = turns.get(home.lock) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(() => locked(home, work));
  turns.set(home.lock, mine);
  try {
    return await mine;
  } finally {
    if (turns.get(home.lock) === mine) turns.delete(home.lock);
  }
}

async function locked<Result>(home: Home, work: () => Promise<Result>): Promise<Result> {
  const database = openDatabase(home.lock);
  try {
    database.script("BEGIN IMMEDIATE");
    return await work();
  } finally {
    database.close();
  }
}
