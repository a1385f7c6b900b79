/** One at a time on what concerns a whole home: the list of groups, the identity, tokens. Over processes, and over a crash. */
import type { Home } from "./home.ts";
import { openDatabase } from "./sqlite.ts";

/** SQLite's lock blocks the thread, so within this process turns are taken before it. */
const turns = new Map<string, Promise<unknown>>();

/**
 * Does `work` while no other process, and nobody else in this one, does such work on the same home. A lock of SQLite's:
 * the system takes it back from whoever dies.
 */
export function withHomeLock<Result>(home: Home, work: () => Promise<Result>): Promise<Result> {
  return withLock(home.lock, work);
}

/** As {@link withHomeLock}, by a lock of its own for what may take long: `path` is a database that holds nothing. */
export async function withLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const before = turns.get(path) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(() => locked(path, work));
  turns.set(path, mine);
  try {
    return await mine;
  } finally {
    if (turns.get(path) === mine) turns.delete(path);
  }
}

async function locked<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const database = openDatabase(path);
  try {
    database.script("BEGIN IMMEDIATE");
    return await work();
  } finally {
    database.close();
  }
}
