import { toHex } from "../encoding/hex.ts";
import type { SqlDatabase } from "../ports/sql.ts";

/** What orders concurrent changes: the logical clock, then the digest. The last one wins. */
export interface Stamp {
  readonly clock: number;
  /** The change's digest, in hexadecimal. */
  readonly digest: string;
}

/** Below zero if `left` comes before `right`. */
export function compareStamps(left: Stamp, right: Stamp): number {
  if (left.clock !== right.clock) return left.clock - right.clock;
  return left.digest < right.digest ? -1 : left.digest === right.digest ? 0 : 1;
}

/** Reads stamps of applied changes by their number, each once. */
export class Stamps {
  readonly #db: SqlDatabase;
  readonly #known = new Map<number, Stamp>();

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  of(change: number): Stamp {
    let stamp = this.#known.get(change);
    if (stamp === undefined) {
      const row = this.#db.get<{ clock: number; digest: Uint8Array }>(
        "SELECT clock, digest FROM history_record WHERE id = ?",
        change,
      );
      if (row === undefined) throw new Error(`no change ${change}`);
      stamp = { clock: row.clock, digest: toHex(row.digest) };
      this.#known.set(change, stamp);
    }
    return stamp;
  }

  /** Whether `change` comes after `other`; anything comes after none. */
  isAfter(change: number, other: number | null): boolean {
    return other === null || compareStamps(this.of(change), this.of(other)) > 0;
  }
}
