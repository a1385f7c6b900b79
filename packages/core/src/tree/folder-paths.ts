import type { SqlDatabase } from "../ports/sql.ts";
import { ROOT_ID } from "./nodes.ts";
import { isTooDeep } from "./paths.ts";

/** Paths of folders by their numbers, each followed once. */
export class FolderPaths {
  readonly #db: SqlDatabase;
  readonly #paths = new Map<number, string | undefined>([[ROOT_ID, ""]]);

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  /** By the names that were given to it and the folders above it; undefined of one that is too deep. */
  pathOf(folder: number): string | undefined {
    const open: { readonly id: number; readonly name: string }[] = [];
    let id = folder;
    while (!this.#paths.has(id)) {
      const row = this.#db.get<{ parent: number; name: string }>("SELECT parent, name FROM tree_node WHERE id = ?", id);
      if (row === undefined) throw new Error(`no node ${id}`);
      open.push({ id, name: row.name });
      id = row.parent;
    }
    let path = this.#paths.get(id);
    for (const { id: below, name } of open.reverse()) {
      path = path === "" ? name : path && `${path}/${name}`;
      if (path !== undefined && isTooDeep(path)) path = undefined;
      this.#paths.set(below, path);
    }
    return path;
  }
}
