/**
 * Clean-up after a re-encryption: what older epochs hold is deleted, each thing only once its successor is safe.
 * SPEC.md §10.
 */
import type { ByteBudget } from "../../contents/budget.ts";
import { giveBack } from "../../contents/memory.ts";
import { objectKey, openObject } from "../../contents/object.ts";
import { ConclaveError } from "../../errors.ts";
import { EPOCHS_FOLDER } from "../../group/epoch.ts";
import { parseGrantKey } from "../../group/grant.ts";
import { awaited } from "../../history/awaited.ts";
import { StoreError } from "../../ports/store.ts";
import type { EpochId } from "../../records/shapes.ts";
import { changesOfBlob, knownPieces } from "../../tree/blobs.ts";
import { purgedBlobs } from "../../tree/purges.ts";
import type { WorkOptions } from "../events.ts";
import { isEditorDevice, type LocationRow, locationsOf, markProven, toPieces } from "../files/blob-sources.ts";
import { lettingGo } from "../let-go.ts";
import { forkMs } from "../reading/standing.ts";
import { isVoidForGood } from "../reading/verdicts.ts";
import type { Session } from "../session.ts";

/** An object in an older epoch that records place there and nobody has deleted yet. */
export interface OldObject {
  readonly epoch: EpochId;
  readonly object: string;
  /** Every blob that some record says is in it: one of them at most is. */
  readonly blobs: readonly string[];
  readonly length: number;
  /** 1 if a receipt of somebody who may write says that it was deleted. */
  readonly emptied: number;
}

/** Epochs before the current one on the chosen branch, and those of lost branches: what a re-encryption empties. */
export function olderEpochs(session: Session): EpochId[] {
  return [...session.view.opened.keys()].filter((epoch) => epoch !== session.view.current.epoch);
}

/** All that records have placed in older epochs and that was not deleted. */
export function oldObjects(session: Session): OldObject[] {
  return olderEpochs(session).flatMap((epoch) => {
    const rows = session.index.all<{ object: string; blob: string; length: number; emptied: number }>(
      "SELECT object, blob, length, emptied FROM locations WHERE epoch = ? AND gone = 0",
      epoch,
    );
    const objects = Map.groupBy(rows, ({ object }) => object);
    return [...objects].map(([object, claims]) => ({
      epoch,
      object,
      blobs: [...new Set(claims.map(({ blob }) => blob))],
      length: claims.reduce((most, { length }) => Math.max(most, length), 0),
      emptied: claims.every(({ emptied }) => emptied > 0) ? 1 : 0,
    }));
  });
}

/**
 * Whether an epoch's contents may go: it came before the current one, or its branch has long lost. Till then others may
 * choose otherwise, and so they may as long as this device holds on to a branch that the records alone do not give.
 */
export function isOver(session: Session, epoch: EpochId): boolean {
  const { state, choice } = session.view;
  if (state.epochs.get(epoch)) return true;
  if (choice.forks.some(({ contested, held }) => contested || held !== null)) return false; // check: epoch
  const seen = session.index.get<{ seen: number }>("SELECT seen FROM epochs WHERE epoch = ?", epoch)?.seen;
  return seen !== undefined && session.clock.now() - seen >= forkMs(session);
}

/** What was deleted, and what the store would not delete. */
export interface Cleaned {
  readonly deleted: { readonly objects: number; readonly bytes: number };
  /** Digests of objects that the provider keeps. */
  readonly kept: readonly string[];
}

/**
 * Deletes what older epochs hold. Only for a device that may write, in a group without an open fork, on a storage where
 * what was put is known to be safe.
 */
export async function cleanUp(
  session: Session,
  options: WorkOptions & { readonly budget: ByteBudget },
): Promise<Cleaned> {
  const { signal, budget } = options;
  const kept: string[] = [];
  let objects = 0;
  let bytes = 0;
  const listed = await listedObjects(session, olderEpochs(session), signal);
  await doubtVanished(session, signal);
  const unwanted = lettingGo(session);
  const purged = purgedBlobs(session.index);
  for (const old of oldObjects(session)) {
    signal?.throwIfAborted();
    if (!isOver(session, old.epoch)) continue; // check: epoch
    const isListed = listed.has(objectKey(old.epoch, old.object));
    if (
      !isListed &&
      (old.emptied === 1 ||
        old.blobs.every((blob) => purged.has(blob) || knownPieces(session.index, blob) === undefined))
    ) {
      session.index.run("UPDATE locations SET gone = 1 WHERE epoch = ? AND object = ?", old.epoch, old.object);
      continue;
    }
    if (!(await isReplaced(session, { old, budget, unwanted, ...(signal ? { signal } : {}) }))) continue;
    const result = await session.store.delete(objectKey(old.epoch, old.object), signal ? { signal } : {});
    if (result === "refused") {
      kept.push(old.object);
      continue;
    }
    session.index.run("UPDATE locations SET gone = 1 WHERE epoch = ? AND object = ?", old.epoch, old.object);
    if (result === "detached") kept.push(old.object);
    objects += 1;
    bytes += old.length;
  }
  for (const epoch of olderEpochs(session)) if (isOver(session, epoch)) await clearEpoch(session, epoch, signal);
  return { deleted: { objects, bytes }, kept };
}

/** Keys of objects that lie in these epochs, as the storage says. */
async function listedObjects(
  session: Session,
  epochs: readonly EpochId[],
  signal?: AbortSignal,
): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for (const epoch of epochs) {
    for await (const { key } of session.store.list(`${epoch}/objects`, signal ? { signal } : {})) keys.add(key);
  }
  return keys;
}

/**
 * Those who followed a branch that lost may have emptied the epoch that is current: what this device has put there, and
 * the storage does not list, has to be read again before anything is deleted for it.
 */
async function doubtVanished(session: Session, signal?: AbortSignal): Promise<void> {
  const { current, state } = session.view;
  const onBranch = new Set([...state.epochs].map(({ epoch }) => epoch));
  if (olderEpochs(session).every((epoch) => onBranch.has(epoch))) return;
  const listed = await listedObjects(session, [current.epoch], signal);
  const sql = "SELECT DISTINCT object FROM locations WHERE epoch = ? AND gone = 0 AND proven = 1";
  const objects = session.index.all<{ object: string }>(sql, current.epoch).map(({ object }) => object);
  for (const object of objects.filter((each) => !listed.has(objectKey(current.epoch, each)))) {
    session.index.run("UPDATE locations SET proven = 0 WHERE epoch = ? AND object = ?", current.epoch, object);
  }
}

/** An old object that is to go. */
interface Check {
  readonly old: OldObject;
  /** Blobs that are let go. */
  readonly unwanted: ReadonlySet<string>;
  readonly budget: ByteBudget;
  readonly signal?: AbortSignal;
}

/** Whether nothing is lost with an old object, whichever of the blobs that it is said to hold it holds. */
export async function isReplaced(session: Session, check: Check): Promise<boolean> {
  for (const blob of check.old.blobs) if (!(await hasSuccessor(session, blob, check))) return false;
  return true;
}

/**
 * Whether a blob is safe without its old object: a copy in the current epoch that this device has put or fully read, placed
 * by somebody who may write now; or no change that counts, or may yet count, declares it; or it was purged and is let go.
 */
async function hasSuccessor(session: Session, blob: string, check: Check): Promise<boolean> {
  if (check.unwanted.has(blob) || isDeclaredInVain(session, blob)) return true;
  const pieces = knownPieces(session.index, blob);
  if (pieces === undefined) return false;
  const { epoch } = session.view.current;
  const successors = locationsOf(session, blob).filter(
    (location) => location.epoch === epoch && isEditorDevice(session, location.device),
  ); // check: role
  if (successors.some(({ proven }) => proven === 1)) return true;
  for (const successor of successors) {
    if (await isWhole(session, { ...check, successor, pieces: toPieces(pieces) })) return true; // check: digest
  }
  return false;
}

/**
 * A blob that only changes declare that will never count. One that nobody has declared may be on its way, unless only
 * people who are out say where it lies and no record is awaited any more.
 */
function isDeclaredInVain(session: Session, blob: string): boolean {
  const changes = changesOfBlob(session.index, blob);
  if (changes.length > 0) return changes.every((change) => isVoidForGood(session, change)); // check: cut
  const isOfOutsiders = locationsOf(session, blob).every(({ device }) => !isEditorDevice(session, device));
  return isOfOutsiders && awaited(session.index).length === 0;
}

async function isWhole(
  session: Session,
  options: {
    readonly successor: LocationRow;
    readonly pieces: ReturnType<typeof toPieces>;
    readonly budget: ByteBudget;
    readonly signal?: AbortSignal;
  },
): Promise<boolean> {
  const { successor, pieces, budget, signal } = options;
  const opened = session.view.opened.get(successor.epoch);
  if (!opened) return false;
  const grant = await budget.acquire((session.crypto.inPlace ? 1 : 2) * successor.length, signal);
  try {
    const key = objectKey(successor.epoch, successor.object);
    const sealed = await session.store.get(key, { length: successor.length + 1, ...(signal ? { signal } : {}) });
    const archive = await openObject(session.crypto, {
      sealed,
      object: successor.object,
      pieces,
      identity: opened.identity,
      suite: opened.suite,
    });
    giveBack(archive);
    markProven(session, successor);
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code !== "not-found") throw error;
    if (!(error instanceof ConclaveError || error instanceof StoreError)) throw error;
    return false;
  } finally {
    grant.release();
  }
}

/** Records, listings and grants of an older epoch; its recipient and notices stay, for those who come late. */
async function clearEpoch(session: Session, epoch: EpochId, signal?: AbortSignal): Promise<void> {
  const left = session.index.get("SELECT 1 FROM locations WHERE epoch = ? AND gone = 0", epoch);
  for (const key of movedRecords(session, epoch)) {
    if ((await session.store.delete(key, signal ? { signal } : {})) === "refused") continue;
    session.index.transaction(() => {
      session.index.run("DELETE FROM files WHERE key = ?", key);
      session.index.run("DELETE FROM held WHERE key = ?", key);
    });
  }
  const isFinished =
    !left &&
    session.index.get("SELECT 1 FROM files WHERE epoch = ? AND kind = 'records' AND state = 'read'", epoch) ===
      undefined;
  if (!isFinished) return;
  for await (const { key } of session.store.list(`${epoch}/listings`, signal ? { signal } : {}))
    await session.store.delete(key);
  for await (const { key } of session.store.list(EPOCHS_FOLDER, signal ? { signal } : {})) {
    if (parseGrantKey(key)?.epoch === epoch) await session.store.delete(key);
  }
  session.index.run(
    "INSERT INTO epochs(epoch, seen, finished) VALUES(?, ?, 1) ON CONFLICT(epoch) DO UPDATE SET finished = 1",
    epoch,
    session.clock.now(),
  );
}

/** Records files all of whose records the current epoch holds, and all of whose objects are gone. */
function movedRecords(session: Session, epoch: EpochId): string[] {
  return session.index
    .all<{ key: string }>(
      `SELECT key FROM files WHERE epoch = ?1 AND kind = 'records' AND state = 'read'
       AND NOT EXISTS (SELECT 1 FROM locations l WHERE l.key = files.key AND l.gone = 0)
       AND NOT EXISTS (SELECT 1 FROM held h WHERE h.key = files.key
         AND h.digest NOT IN (SELECT digest FROM held WHERE epoch = ?2))`,
      epoch,
      session.view.current.epoch,
    )
    .map(({ key }) => key);
}
