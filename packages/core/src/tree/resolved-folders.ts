import type { SqlDatabase } from "../ports/sql.ts";
import { entryIn, type Resolved, resolvePath } from "./listing.ts";

/** What paths of folders lead to, where many are asked for: no way is gone twice. */
export class ResolvedFolders {
  readonly #db: SqlDatabase;
  readonly #known = new Map<string, Resolved | undefined>();

  constructor(db: SqlDatabase) {
    this.#db = db;
    this.#known.set("", resolvePath(db, ""));
  }

  /** As `resolvePath` without altered names. */
  at(path: string): Resolved | undefined {
    const open: string[] = [];
    for (let above = path; !this.#known.has(above); above = above.slice(0, Math.max(above.lastIndexOf("/"), 0)))
      open.push(above);
    for (const each of open.reverse()) {
      const slash = each.lastIndexOf("/");
      const folder = this.#known.get(each.slice(0, Math.max(slash, 0)));
      this.#known.set(each, folder && entryIn(this.#db, { folder, name: each.slice(slash + 1) }));
    }
    return this.#known.get(path);
  }
}
