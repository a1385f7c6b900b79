/**
 * Objects on their way: each name is noted before its object is put, so that after a crash what no record of this device
 * refers to is deleted again, by this device alone.
 */
import { objectKey } from "../../contents/object.ts";
import { requireStill } from "../reading/abreast.ts";
import type { Session } from "../session.ts";

/**
 * Notes an object's key, durably, before it is put.
 *
 * @throws ConclaveError `overtaken` if its epoch is over.
 */
export function notePut(session: Session, key: string): void {
  const [epoch = ""] = key.split("/");
  requireStill(session, epoch);
  session.index.run("INSERT OR IGNORE INTO puts(key, run) VALUES(?, ?)", key, session.runs.current);
}

/** Forgets notes of objects that a location now refers to. Call in the transaction that takes the locations in. */
export function settlePuts(
  session: Session,
  objects: readonly { readonly epoch: string; readonly object: string }[],
): void {
  for (const { epoch, object } of objects)
    session.index.run("DELETE FROM puts WHERE key = ?", objectKey(epoch, object));
}

/** Deletes objects that a run which is over has put and no record refers to. */
export async function clearStrayPuts(session: Session, signal?: AbortSignal): Promise<void> {
  const notes = session.index.all<{ key: string; run: string }>("SELECT key, run FROM puts");
  for (const { key, run } of notes) {
    if (run === session.runs.current || session.runs.isAlive(run)) continue;
    const [epoch = "", , name = ""] = key.split("/");
    const isReferred = session.index.get(
      "SELECT 1 FROM locations WHERE epoch = ? AND object = ?",
      epoch,
      name.replace(/\.age$/, ""),
    );
    if (!isReferred) await session.store.delete(key, signal ? { signal } : {});
    session.index.run("DELETE FROM puts WHERE key = ?", key);
  }
}
