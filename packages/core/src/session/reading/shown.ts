import type { EpochId } from "../../records/shapes.ts";

/** What the storage showed in one refresh. */
export interface Shown {
  /** Every key of a grant or records file that lies there now. */
  readonly keys: ReadonlySet<string>;
  /** Every key of a records file that had been read before anything was listed: what another process reads since is not missed. */
  readonly known: ReadonlySet<string>;
  /** Keys of files that say that the group was deleted, by whomever. */
  readonly deletions: ReadonlySet<string>;
  /** Epochs that lie there and that this device cannot open. */
  readonly unopened: readonly EpochId[];
  /** How many records lie, by their files' names, in epochs that ended the current one on a lost branch, unreadable here. */
  readonly elsewhere: number;
}
