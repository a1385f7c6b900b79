/**
 * What the storage shows of contents before anything is deleted. It may show less than lies there, and again what was gone:
 * so what is shown counts, and what is not shown proves little. SPEC.md §10.
 */
import { objectKey } from "../../contents/object.ts";
import { listStored } from "../../ports/list-stored.ts";
import type { EpochId } from "../../records/shapes.ts";
import type { Session } from "../session.ts";

/** Lengths in bytes of the objects and records files that are shown, by key. */
export type Lying = ReadonlyMap<string, number>;

/** Objects and records files of older epochs, and the current one's objects where anything older may go for their sake. */
export async function whatLies(
  session: Session,
  options: { readonly older: readonly EpochId[]; readonly signal?: AbortSignal },
): Promise<Lying> {
  const call = options.signal ? { signal: options.signal } : {};
  const folders = options.older.flatMap((epoch) => [`${epoch}/objects`, `${epoch}/records`]);
  if (folders.length > 0) folders.push(`${session.view.current.epoch}/objects`);
  const lying = new Map<string, number>();
  for (const folder of folders) {
    for await (const { key, size } of listStored(session.store, folder, call)) lying.set(key, size);
  }
  return lying;
}

interface Placed {
  readonly epoch: EpochId;
  readonly object: string;
  readonly length: number;
}

/**
 * An old object that was gone, or that a receipt calls so, and is shown: it is there again, and its epoch not finished.
 * Somebody may have hidden it for a while, or put it back.
 */
export function takeBackShown({ index }: Session, lying: Lying, older: readonly EpochId[]): void {
  index.transaction(() => {
    for (const epoch of older) {
      const rows = index.all<Placed>(
        "SELECT DISTINCT epoch, object, length FROM locations WHERE epoch = ? AND (gone = 1 OR emptied = 1)",
        epoch,
      );
      const shown = rows.filter(({ object }) => lying.has(objectKey(epoch, object)));
      for (const { object } of shown)
        index.run("UPDATE locations SET gone = 0, emptied = 0 WHERE epoch = ? AND object = ?", epoch, object);
      if (shown.length > 0) index.run("UPDATE epochs SET finished = 0 WHERE epoch = ?", epoch);
    }
  });
}

/**
 * What this device has put into the current epoch, or read whole there, and is not shown with its length, has to be read
 * again before anything is deleted for it: the storage may have lost or cut it, or somebody deleted it.
 */
export function doubtVanished({ index, view }: Session, lying: Lying): void {
  const { epoch } = view.current;
  const rows = index.all<Placed>(
    "SELECT DISTINCT epoch, object, length FROM locations WHERE epoch = ? AND gone = 0 AND proven = 1",
    epoch,
  );
  for (const { object, length } of rows) {
    if (lying.get(objectKey(epoch, object)) === length) continue; // check: size
    index.run("UPDATE locations SET proven = 0 WHERE epoch = ? AND object = ?", epoch, object);
  }
}
