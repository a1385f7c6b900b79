/** Where blobs lie, as the reader of contents needs it: from the index's locations, the best first. */

import type { ByteBudget } from "../../contents/budget.ts";
import { type BlobLocation, type BlobSource, ContentReader } from "../../contents/reader.ts";
import { isAtLeast, memberOfDevice } from "../../group/state.ts";
import type { Pieces } from "../../records/change.ts";
import type { DeviceKey, EpochId } from "../../records/shapes.ts";
import { piecesOf } from "../../tree/blobs.ts";
import type { Session } from "../session.ts";

/** One row of the index's locations. */
export interface LocationRow {
  readonly blob: string;
  readonly epoch: EpochId;
  readonly object: string;
  readonly length: number;
  readonly device: DeviceKey;
  readonly proven: number;
}

/** Whether a device's owner may write now, so that its locations may be relied on. */
export function isEditorDevice(session: Session, device: DeviceKey): boolean {
  const member = memberOfDevice(session.view.state, device);
  return member !== undefined && isAtLeast(member.role, "editor"); // check: role
}

/** A blob's locations that were not deleted: newest epoch first. */
export function locationsOf(session: Session, blob: string): (LocationRow & BlobLocation)[] {
  const rows = session.index.all<LocationRow>(
    "SELECT blob, epoch, object, length, device, proven FROM locations WHERE blob = ? AND gone = 0",
    blob,
  );
  const age = epochAges(session);
  return rows
    .map((row) => ({ ...row, trusted: isEditorDevice(session, row.device) }))
    .sort((left, right) => (age.get(right.epoch) ?? -1) - (age.get(left.epoch) ?? -1) || right.proven - left.proven);
}

/** Notes that this device has put, or read whole, what a location says: this blob in this object. */
export function markProven(
  session: Pick<Session, "index">,
  where: { readonly blob: string; readonly epoch: EpochId; readonly object: string },
): void {
  session.index.run(
    "UPDATE locations SET proven = 1 WHERE blob = ? AND epoch = ? AND object = ?",
    where.blob,
    where.epoch,
    where.object,
  );
}

/** Each epoch's place on the chosen branch; epochs of lost branches have none. */
export function epochAges(session: Session): ReadonlyMap<EpochId, number> {
  return new Map([...session.view.state.epochs].map(({ epoch }, index) => [epoch, index]));
}

/** A declared blob with its locations; undefined if no counting change declares it. */
export function sourceOf(session: Session, blob: string): BlobSource | undefined {
  const pieces = piecesOf(session.index, blob);
  if (pieces === undefined) return undefined;
  return { blob, pieces: toPieces(pieces), locations: locationsOf(session, blob) };
}

/** Pieces in the form in which declarations carry them. */
export function toPieces(pieces: readonly { readonly digest: string; readonly sizeBytes: number }[]): Pieces {
  return pieces.map(({ digest, sizeBytes }) => [digest, sizeBytes] as const);
}

/** A reader for the session as it stands; make a new one after a refresh. */
export function contentReader(session: Session, budget: ByteBudget): ContentReader {
  const { store, crypto, view } = session;
  const identities = new Map([...view.opened].map(([epoch, { identity }]) => [epoch, identity]));
  return new ContentReader({ store, crypto, suite: view.state.suite, identities, budget });
}
