/**
 * Freshness: what this device has held on the storage must stay there, or be explained. SPEC.md §12.
 *
 * From the current epoch nobody ever deletes records, so there a missing file means that the storage was put back, or has lost
 * something; but for those who followed a branch that lost meanwhile, and moved its records on. Files of an older epoch vanish
 * rightly, once a re-encryption has put their records into a newer one: there it means so once these should be seen.
 */
import { writeMeta } from "../../index/meta.ts";
import { listStored } from "../../ports/list-stored.ts";
import { parseRecordsKey } from "../../records/records-file.ts";
import type { DeviceKey, EpochId } from "../../records/shapes.ts";
import { isEditorDevice } from "../files/blob-sources.ts";
import type { Session } from "../session.ts";
import { isApart } from "./decided.ts";
import { forgetFile } from "./known-files.ts";
import { overdue } from "./lacking.ts";
import type { Shown } from "./shown.ts";

/** A records file that was read and is not there any more, with what it held that nothing else there holds. */
export interface Vanished {
  readonly key: string;
  readonly records: number;
}

/** What has vanished without an explanation: from the current epoch at once, from older ones once it is overdue. */
export function vanished(session: Session, shown: Shown): Vanished[] {
  const long = new Set(overdue(session).flatMap(({ kind, what }) => (kind === "file" ? [what] : [])));
  return [...vanishedNow(session, shown), ...lostBefore(session, shown).filter(({ key }) => long.has(key))];
}

function vanishedNow(session: Session, shown: Shown): Vanished[] {
  const missing = notShown(session, { shown, epoch: session.view.current.epoch })
    .map(({ key }) => ({ key, records: unheldRecords(session, key, shown) }))
    .filter(({ key, records }) => records > 0 || (!hasRecords(session, key) && isUnplaced(session, key, shown)));
  return isMovedOn(session, missing, shown) ? [] : missing;
}

/**
 * Files of older epochs that are gone, with records that nothing which lies there holds: whoever empties such an epoch has put
 * them into the current one first. So it is only where this device can read that, on a branch that nobody leaves.
 */
export function lostBefore(session: Session, shown: Shown): Vanished[] {
  const { state, current, opened } = session.view;
  if (isApart(session) || !opened.has(current.epoch) || epochsEndedUnseen(session).length > 0) return [];
  const older = [...state.epochs].map(({ epoch }) => epoch).filter((epoch) => epoch !== current.epoch);
  return older
    .flatMap((epoch) => notShown(session, { shown, epoch }))
    .map(({ key }) => ({ key, records: unheldRecords(session, key, shown) }))
    .filter(({ records }) => records > 0);
}

/** Every records file that was read. */
export function readFiles({ index }: Session): Set<string> {
  const rows = index.all<{ key: string }>("SELECT key FROM files WHERE kind = 'records' AND state = 'read'");
  return new Set(rows.map(({ key }) => key));
}

/** Records files of one epoch that were read and are not there any more. */
function notShown(
  session: Session,
  { shown, epoch }: { readonly shown: Shown; readonly epoch: EpochId },
): { readonly key: string }[] {
  const rows = session.index.all<{ key: string }>(
    "SELECT key FROM files WHERE epoch = ? AND kind = 'records' AND state = 'read'",
    epoch,
  );
  return rows.filter(({ key }) => shown.known.has(key) && !shown.keys.has(key));
}

/**
 * Forgets that an epoch holds what was moved to where this device can read it: out of older ones by whoever re-encrypts; out of
 * the current one by those who followed a branch that lost, and then it is sealed anew before their epoch is emptied in turn.
 * SPEC.md §10.
 */
export function forgetMoved(session: Session, shown: Shown): void {
  session.index.transaction(() => {
    for (const { key } of [...session.view.opened.keys()].flatMap((epoch) => notShown(session, { shown, epoch }))) {
      if (!hasRecords(session, key) || unheldRecords(session, key, shown) > 0) continue;
      forgetFile(session.index, key);
    }
  });
}

/**
 * Whether those who followed a branch that lost may have moved what is missing into an epoch that this device cannot open:
 * they delete a record here only once it lies there, so as many must lie there. Locations are not moved but stated anew.
 */
function isMovedOn(session: Session, missing: readonly Vanished[], shown: Shown): boolean {
  if (epochsEndedUnseen(session).length === 0) return false;
  return missing.reduce((sum, { records }) => sum + records, 0) <= shown.elsewhere; // check: rollback
}

/**
 * Epochs that came after the current one on branches that lost, and that this device cannot open. Where it does not follow
 * what others may follow, the current epoch is a lost one for them: then every epoch of theirs.
 */
function epochsEndedUnseen(session: Session): EpochId[] {
  const { current, log, opened, state: own } = session.view;
  const apart = isApart(session);
  const after = [...log.nodes.values()].flatMap(({ state }) => {
    const epoch = state.epochs.at(-1)?.epoch ?? "";
    if (epoch === current.epoch) return [];
    // Each epoch is the newest one at the entry that starts it.
    const isAfter = state.epochs.get(current.epoch) !== undefined;
    return isAfter || (apart && !own.epochs.get(epoch)) ? [epoch] : [];
  });
  return [...new Set(after)].filter((epoch) => !opened.has(epoch));
}

/** How many records those epochs' files say that they hold. */
export async function countElsewhere(session: Session, signal?: AbortSignal): Promise<number> {
  let records = 0;
  for (const epoch of epochsEndedUnseen(session)) records += await countRecords(session, { epoch, signal });
  return records;
}

/** How many records the files of an epoch that cannot be opened say that they hold: their names are all that can be read. */
export async function countRecords(
  { store }: Pick<Session, "store">,
  { epoch, signal }: { readonly epoch: EpochId; readonly signal: AbortSignal | undefined },
): Promise<number> {
  let records = 0;
  for await (const { key } of listStored(store, `${epoch}/records`, signal ? { signal } : {})) {
    records += parseRecordsKey(key)?.count ?? 0;
  }
  return records;
}

function hasRecords(session: Session, key: string): boolean {
  return session.index.get("SELECT 1 FROM held WHERE key = ?", key) !== undefined;
}

/** How many of a file's records no other file that lies there holds: several devices may re-seal the same ones. */
function unheldRecords(session: Session, key: string, shown: Shown): number {
  const others = session.index.all<{ digest: string; other: string | null }>(
    `SELECT mine.digest, other.key AS other FROM held mine
     LEFT JOIN held other ON other.digest = mine.digest AND other.key <> mine.key
     WHERE mine.key = ?`,
    key,
  );
  const held = new Set(
    others.filter(({ other }) => other !== null && shown.keys.has(other)).map(({ digest }) => digest),
  );
  return new Set(others.map(({ digest }) => digest).filter((digest) => !held.has(digest))).size;
}

/**
 * Whether a file of locations alone placed a blob that no other file that lies there places. What those placed who may not
 * write does not matter: anybody who was ever listed can leave such a file, and take it away.
 */
function isUnplaced(session: Session, key: string, shown: Shown): boolean {
  const others = session.index.all<{ blob: string; device: DeviceKey; other: string | null }>(
    `SELECT mine.blob, location.device, other.key AS other FROM placings mine
     JOIN locations location ON location.blob = mine.blob AND location.epoch = mine.epoch AND location.object = mine.object
     LEFT JOIN placings other ON other.blob = mine.blob AND other.key <> mine.key
     WHERE mine.key = ?`,
    key,
  );
  const placed = new Set(others.filter(({ other }) => other !== null && shown.keys.has(other)).map(({ blob }) => blob));
  return others.some(({ blob, device }) => !placed.has(blob) && isEditorDevice(session, device)); // check: role
}

/**
 * Forgets that vanished files were held, once the person goes on from what the storage shows: what they held then counts as
 * missing there, and is put back by the duties, whoever's it is, be it in a later run.
 */
export function forgetVanished(session: Session, shown: Shown): void {
  session.index.transaction(() => {
    writeMeta(session.index, "restoring", 1);
    for (const { key } of vanished(session, shown)) {
      forgetFile(session.index, key);
    }
  });
}
