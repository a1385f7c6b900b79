/** Of which ends of an epoch somebody has left a whole notice in its folder, as this device knows. */
import type { SqlDatabase } from "../../ports/sql.ts";
import type { EpochId, RecordDigest } from "../../records/shapes.ts";

/** The end of an epoch: an entry that ended it, or that its branch has lost to. */
export interface EpochEnd {
  readonly epoch: EpochId;
  readonly entry: RecordDigest;
}

/** Notes that a whole notice of it lies there, or goes out. */
export function noteNoticed(index: SqlDatabase, { epoch, entry }: EpochEnd): void {
  index.run("INSERT OR IGNORE INTO noticed(epoch, entry) VALUES(?, ?)", epoch, entry);
}

/** Entries of which a whole notice is known to lie in an epoch's folder. */
export function noticedEnds(index: SqlDatabase, epoch: EpochId): RecordDigest[] {
  return index
    .all<{ entry: RecordDigest }>("SELECT entry FROM noticed WHERE epoch = ?", epoch)
    .map(({ entry }) => entry);
}
