/**
 * Older epochs whose identities somebody needs who comes in now. Whoever is given more than that could open what was deleted
 * before: so it is asked of what lies in the current epoch, whoever has put it there, and not of this device's own work alone.
 * SPEC.md §7.
 */
import { listedDevices } from "../../group/state.ts";
import type { EpochId } from "../../records/shapes.ts";
import { changesOfBlob, knownPieces } from "../../tree/blobs.ts";
import { purgedBlobs } from "../../tree/purges.ts";
import { isEditorDevice } from "../files/blob-sources.ts";
import { isVoidForGood, mayMatter } from "../reading/verdicts.ts";
import type { Session } from "../session.ts";

/** Epochs that this device can open and that hold what the current one is not known to hold. */
export function neededEpochs(session: Session): EpochId[] {
  const { opened, current } = session.view;
  const finished = new Set(
    session.index.all<{ epoch: EpochId }>("SELECT epoch FROM epochs WHERE finished = 1").map(({ epoch }) => epoch),
  );
  const older = [...opened.keys()].filter((epoch) => epoch !== current.epoch && !finished.has(epoch));
  return older.filter((epoch) => hasRecordsLeft(session, epoch) || hasContentsLeft(session, epoch)); // check: epoch
}

/** Whether a record of somebody who is in lies there alone, or a change that counts or may yet. */
function hasRecordsLeft(session: Session, epoch: EpochId): boolean {
  const { index, view } = session;
  const left = index.each<{ digest: string; device: string; type: string }>(
    `SELECT digest, device, type FROM lines WHERE digest IN (SELECT digest FROM held WHERE epoch = ?1)
     AND digest NOT IN (SELECT digest FROM held WHERE epoch = ?2)`,
    epoch,
    view.current.epoch,
  );
  for (const record of left) if (mayMatter(session, record)) return true;
  return false;
}

/** Whether a blob that is wanted lies there, and no editor says that the current epoch has it. */
function hasContentsLeft(session: Session, epoch: EpochId): boolean {
  const { index, view } = session;
  const editors = listedDevices(view.state).flatMap(({ device: { verifyingKey } }) =>
    isEditorDevice(session, verifyingKey) ? [verifyingKey] : [],
  );
  const left = index.all<{ blob: string }>(
    `SELECT DISTINCT blob FROM locations l WHERE epoch = ?1 AND gone = 0 AND NOT EXISTS (
       SELECT 1 FROM locations c WHERE c.blob = l.blob AND c.epoch = ?2 AND c.device IN (SELECT value FROM json_each(?3))
     )`,
    epoch,
    view.current.epoch,
    JSON.stringify(editors),
  );
  if (left.length === 0) return false;
  const purged = purgedBlobs(index);
  return left.some(({ blob }) => !purged.has(blob) && isWanted(session, blob));
}

/** Declared, by a change that counts or may yet. What nobody declares is moved once somebody does. */
function isWanted(session: Session, blob: string): boolean {
  const changes = changesOfBlob(session.index, blob);
  return knownPieces(session.index, blob) !== undefined && changes.some((change) => !isVoidForGood(session, change));
}
