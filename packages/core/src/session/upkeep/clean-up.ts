/**
 * Clean-up after a re-encryption: what older epochs hold is deleted, each thing only once its successor is safe.
 * SPEC.md §10.
 */
import type { ByteBudget } from "../../contents/budget.ts";
import { objectKey } from "../../contents/object.ts";
import { EPOCHS_FOLDER } from "../../group/epoch.ts";
import { parseGrantKey } from "../../group/grant.ts";
import { listStored } from "../../ports/list-stored.ts";
import type { EpochId } from "../../records/shapes.ts";
import { changesOfBlob, knownPieces } from "../../tree/blobs.ts";
import type { WorkOptions } from "../events.ts";
import { isEditorDevice, locationsOf, toPieces } from "../files/blob-sources.ts";
import { proveWhole } from "../files/prove.ts";
import { lettingGo, purgedContents } from "../let-go.ts";
import { isApart } from "../reading/decided.ts";
import { forgetFile } from "../reading/known-files.ts";
import { forkMs } from "../reading/observed.ts";
import { expected, isVoidForGood } from "../reading/verdicts.ts";
import type { Session } from "../session.ts";
import { doubtVanished, type Lying, takeBackShown, whatLies } from "./what-lies.ts";

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
  if (session.view.state.epochs.get(epoch)) return true;
  if (isApart(session)) return false; // check: epoch
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
  const call = signal ? { signal } : {};
  const kept: string[] = [];
  let objects = 0;
  let bytes = 0;
  const older = olderEpochs(session);
  const lying = await whatLies(session, { older, ...call });
  takeBackShown(session, lying, older);
  doubtVanished(session, lying);
  const unwanted = lettingGo(session);
  const purged = purgedContents(session);
  for (const old of oldObjects(session)) {
    signal?.throwIfAborted();
    if (!isOver(session, old.epoch)) continue; // check: epoch
    if (isGone(session, { old, lying, purged })) {
      noteGone(session, old);
      continue;
    }
    if (!(await isReplaced(session, { old, budget, unwanted, ...call }))) continue;
    const result = await session.store.delete(objectKey(old.epoch, old.object), call);
    if (result === "refused") {
      kept.push(old.object);
      continue;
    }
    noteGone(session, old);
    if (result === "detached") kept.push(old.object);
    objects += 1;
    bytes += old.length;
  }
  for (const epoch of older) if (isOver(session, epoch)) await clearEpoch(session, { epoch, lying, ...call });
  return { deleted: { objects, bytes }, kept };
}

function noteGone({ index }: Session, { epoch, object }: OldObject): void {
  index.run("UPDATE locations SET gone = 1 WHERE epoch = ? AND object = ?", epoch, object);
}

/**
 * Whether an old object counts as gone without a look at what succeeds it: it is not shown, and either nobody declares what
 * is said to be in it, or others have deleted it, as a receipt says or a purge lets them. Whoever does that deletes the
 * records files that place it as well: where one of them is shown, what is not shown may be hidden for the moment.
 */
function isGone(
  session: Session,
  options: { readonly old: OldObject; readonly lying: Lying; readonly purged: ReadonlyMap<string, unknown> },
): boolean {
  const { old, lying, purged } = options;
  if (lying.has(objectKey(old.epoch, old.object))) return false;
  const isUndeclared = (blob: string) => knownPieces(session.index, blob) === undefined;
  if (old.blobs.every(isUndeclared) && expected(session).length === 0) return true;
  const files = session.index.all<{ key: string }>(
    "SELECT DISTINCT key FROM placings WHERE epoch = ? AND object = ?",
    old.epoch,
    old.object,
  );
  if (files.some(({ key }) => lying.has(key))) return false; // check: link
  return old.emptied === 1 || old.blobs.every((blob) => purged.has(blob) || isUndeclared(blob));
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
  if (check.unwanted.has(blob) || isDeclaredInVain(session, blob, check.old.epoch)) return true;
  const pieces = knownPieces(session.index, blob);
  if (pieces === undefined) return false;
  const { epoch } = session.view.current;
  const successors = locationsOf(session, blob).filter(
    (location) => location.epoch === epoch && isEditorDevice(session, location.device),
  ); // check: role
  if (successors.some(({ proven }) => proven === 1)) return true;
  for (const successor of successors) {
    if (await proveWhole(session, { ...check, location: successor, pieces: toPieces(pieces) })) return true; // check: digest
  }
  return false;
}

/**
 * A blob that only changes declare that will never count. One that nobody has declared may be on its way, unless only
 * people who are out say where it lies and no record is expected any more.
 */
function isDeclaredInVain(session: Session, blob: string, epoch: EpochId): boolean {
  const changes = changesOfBlob(session.index, blob);
  if (changes.length > 0) return changes.every((change) => isVoidForGood(session, change, { in: epoch })); // check: cut
  const isOfOutsiders = locationsOf(session, blob).every(({ device }) => !isEditorDevice(session, device));
  return isOfOutsiders && expected(session).length === 0;
}

/** Records, listings and grants of an older epoch; its recipient and notices stay, for those who come late. */
async function clearEpoch(
  session: Session,
  options: { readonly epoch: EpochId; readonly lying: Lying; readonly signal?: AbortSignal },
): Promise<void> {
  const { epoch, lying, signal } = options;
  const left = session.index.get("SELECT 1 FROM locations WHERE epoch = ? AND gone = 0", epoch);
  for (const key of movedRecords(session, epoch)) {
    // What is not shown is deleted, or hidden together with all that it places: then it goes when it is shown again.
    if (lying.has(key) && (await session.store.delete(key, signal ? { signal } : {})) === "refused") continue;
    forgetFile(session.index, key);
  }
  const isFinished =
    !left &&
    session.index.get("SELECT 1 FROM files WHERE epoch = ? AND kind = 'records' AND state = 'read'", epoch) ===
      undefined;
  if (!isFinished) return;
  for await (const { key } of listStored(session.store, `${epoch}/listings`, signal ? { signal } : {}))
    await session.store.delete(key);
  for await (const { key } of listStored(session.store, EPOCHS_FOLDER, signal ? { signal } : {})) {
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
       AND NOT EXISTS (SELECT 1 FROM placings p JOIN locations l USING (blob, epoch, object) WHERE p.key = files.key AND l.gone = 0)
       AND NOT EXISTS (SELECT 1 FROM held h WHERE h.key = files.key
         AND h.digest NOT IN (SELECT digest FROM held WHERE epoch = ?2))`,
      epoch,
      session.view.current.epoch,
    )
    .map(({ key }) => key);
}
