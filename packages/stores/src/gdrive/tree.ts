/**
 * What lies in the folder, as far as this device has been told: so that a listing costs what has changed, and a key becomes
 * the ids that Drive wants. Nothing is ever taken from here but names, sizes and ids.
 */
import type { SqlDatabase } from "@conclave/core";
import type { DriveChange, DriveFile } from "./answers.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS drive_state(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS drive_files(
  id TEXT PRIMARY KEY,
  parent TEXT NOT NULL,
  name TEXT NOT NULL,
  folder INTEGER NOT NULL,        -- 1 for a folder
  listed INTEGER NOT NULL,        -- 1 if all that lies in this folder was listed, and the feed of changes goes on from there
  size INTEGER NOT NULL,
  created INTEGER NOT NULL,       -- milliseconds since 1970, by Drive's clock
  sha256 TEXT,
  owned INTEGER NOT NULL,         -- 1 if the account that is signed in owns it
  round INTEGER NOT NULL          -- the listing that has shown it last
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS drive_children ON drive_files(parent, name);
`;

/** One file as it is remembered. */
export interface FileRow {
  readonly id: string;
  readonly parent: string;
  readonly name: string;
  readonly folder: number;
  readonly size: number;
  readonly created: number;
  readonly sha256: string | null;
  readonly owned: number;
}

/** What is remembered about the folder as a whole. */
type StateName =
  | "root" // Its id.
  | "drive" // The shared drive it lies in; empty in My Drive.
  | "token" // Where the feed of changes was read to.
  | "round" // How many full listings there have been.
  | "listed"; // When the last full listing was begun, milliseconds since 1970; empty once no further one is due.

export class DriveTree {
  readonly #db: SqlDatabase;
  readonly root: string;

  /** @param db - Nobody else's tables begin with `drive_`. Another folder's are cleared. */
  constructor(db: SqlDatabase, root: string) {
    this.#db = db;
    this.root = root;
    db.script(SCHEMA);
    if (this.state("root") !== root) this.clear();
  }

  transaction<Result>(work: () => Result): Result {
    return this.#db.transaction(work);
  }

  state(name: StateName): string | undefined {
    return this.#db.get<{ value: string }>("SELECT value FROM drive_state WHERE name = ?", name)?.value;
  }

  setState(name: StateName, value: string): void {
    this.#db.run(
      "INSERT INTO drive_state(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
      name,
      value,
    );
  }

  /** Forgets everything but which folder it is. */
  clear(): void {
    this.transaction(() => {
      this.#db.run("DELETE FROM drive_state");
      this.#db.run("DELETE FROM drive_files");
      this.setState("root", this.root);
    });
  }

  /** Begins a full listing: every folder is to be listed again. */
  beginRound(): number {
    return this.transaction(() => {
      const round = this.round + 1;
      this.setState("round", String(round));
      this.#db.run("UPDATE drive_files SET listed = 0 WHERE folder = 1");
      this.#db.run(
        `INSERT INTO drive_files(id, parent, name, folder, listed, size, created, owned, round)
         VALUES(?1, '', '', 1, 0, 0, 0, 0, ?2) ON CONFLICT(id) DO UPDATE SET listed = 0`,
        this.root,
        round,
      );
      return round;
    });
  }

  get round(): number {
    return Number(this.state("round") ?? 0);
  }

  unlistedFolders(count: number): string[] {
    return this.#db
      .all<{ id: string }>("SELECT id FROM drive_files WHERE folder = 1 AND listed = 0 LIMIT ?", count)
      .map(({ id }) => id);
  }

  /**
   * Notes that a folder was listed to its end.
   *
   * @param keepSince - What was made since then stays though the listing did not show it: listings are late.
   */
  folderListed(id: string, keepSince: number): void {
    const gone = this.#db.all<{ id: string }>(
      "SELECT id FROM drive_files WHERE parent = ? AND round < ? AND created < ?",
      id,
      this.round,
      keepSince,
    );
    for (const row of gone) this.drop(row.id);
    this.#db.run("UPDATE drive_files SET listed = 1 WHERE id = ?", id);
  }

  /**
   * Takes in what Drive says of a file: it may be new, moved, or not ours at all.
   *
   * @param isOwn - It was just made by us, so a folder is empty.
   */
  take(file: DriveFile, isOwn = false): void {
    if (file.id === this.root) return;
    const parent = file.parents.find((id) => this.#isFolder(id));
    if (parent === undefined || file.trashed || !(file.isFolder || file.isPlain)) {
      this.drop(file.id);
      return;
    }
    this.#db.run(
      `INSERT INTO drive_files(id, parent, name, folder, listed, size, created, sha256, owned, round)
       VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT(id) DO UPDATE SET parent = excluded.parent, name = excluded.name, size = excluded.size,
         sha256 = excluded.sha256, owned = excluded.owned, round = excluded.round`,
      file.id,
      parent,
      file.name,
      file.isFolder ? 1 : 0,
      isOwn ? 1 : 0,
      file.size,
      file.created,
      file.sha256 ?? null,
      file.ownedByMe ? 1 : 0,
      this.round,
    );
  }

  takeChange({ id, file }: DriveChange): void {
    if (file === undefined) this.drop(id);
    else this.take(file);
  }

  holds(id: string): boolean {
    return this.#db.get("SELECT 1 FROM drive_files WHERE id = ?", id) !== undefined;
  }

  #isFolder(id: string): boolean {
    return this.#db.get("SELECT 1 FROM drive_files WHERE id = ? AND folder = 1", id) !== undefined;
  }

  /** Forgets a file, or a folder with all that is remembered below it. */
  drop(id: string): void {
    if (id === this.root) return;
    this.#db.run(
      `WITH RECURSIVE below(id) AS (SELECT ?1 UNION SELECT f.id FROM drive_files f JOIN below ON f.parent = below.id)
       DELETE FROM drive_files WHERE id IN (SELECT id FROM below)`,
      id,
    );
  }

  /** All folders at a path, for two devices may have made one at the same moment: the oldest first. */
  foldersAt(path: string): string[] {
    let ids = [this.root];
    for (const name of path === "" ? [] : path.split("/")) {
      ids = ids
        .flatMap((parent) => this.#named(parent, name))
        .filter(({ folder }) => folder === 1)
        .sort(byAge)
        .map(({ id }) => id);
    }
    return ids;
  }

  /** All files of a key, the oldest first. */
  filesAt(key: string): FileRow[] {
    const slash = key.lastIndexOf("/");
    return this.foldersAt(key.slice(0, Math.max(slash, 0)))
      .flatMap((parent) => this.#named(parent, key.slice(slash + 1)))
      .filter(({ folder }) => folder === 0)
      .sort(byAge);
  }

  #named(parent: string, name: string): FileRow[] {
    return this.#db.all<FileRow>("SELECT * FROM drive_files WHERE parent = ? AND name = ?", parent, name);
  }

  /** What lies directly in these folders, taken together. */
  childrenOf(folders: readonly string[]): FileRow[] {
    return folders
      .flatMap((parent) => this.#db.all<FileRow>("SELECT * FROM drive_files WHERE parent = ?", parent))
      .sort(byAge);
  }
}

/** The order in which files and folders of one name count, the same for everybody. */
function byAge(left: FileRow, right: FileRow): number {
  return left.created - right.created || (left.id < right.id ? -1 : 1);
}
