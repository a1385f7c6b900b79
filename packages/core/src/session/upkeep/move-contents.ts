/**
 * Moving contents to the current epoch: each blob is fetched, opened and checked whole, sealed with a fresh file key, put,
 * and only then placed by a location. SPEC.md §10.
 */
import type { ByteBudget } from "../../contents/budget.ts";
import { giveBack } from "../../contents/memory.ts";
import { objectKey, openObject, sealObject } from "../../contents/object.ts";
import { type BlobLocation, inPreference } from "../../contents/reader.ts";
import { ConclaveError } from "../../errors.ts";
import { StoreError } from "../../ports/store.ts";
import type { Location } from "../../records/location.ts";
import type { OpenEpoch } from "../../records/records-file.ts";
import { blobOf, changesOfBlob, type DeclaredBlob, knownBlobs } from "../../tree/blobs.ts";
import type { WorkOptions } from "../events.ts";
import { isEditorDevice, type LocationRow, locationsOf, markProven, toPieces } from "../files/blob-sources.ts";
import { lettingGo, purgedContents } from "../let-go.ts";
import type { Problem } from "../problem.ts";
import { isVoidForGood } from "../reading/verdicts.ts";
import type { Session } from "../session.ts";
import { notePut, settlePuts } from "../writing/object-puts.ts";
import { publish, requireCurrent } from "../writing/publish.ts";

/** Locations are committed after so many objects: what a crash can undo. */
const OBJECTS_PER_COMMIT = 4;
/** Objects that are moved at once. */
const MOVES_AT_ONCE = 3;

/** A blob that the current epoch does not hold yet. */
export interface BlobToMove {
  readonly blob: DeclaredBlob;
  readonly from: readonly (LocationRow & BlobLocation)[];
  /** Sealed bytes to move down and up. */
  readonly bytes: number;
}

/** What was moved, and what could not be. */
export interface Moved {
  readonly objects: number;
  readonly bytes: number;
  readonly problems: readonly Problem[];
}

/** Blobs without a location in the current epoch by somebody who may write now; those of people who are out come first. */
export function blobsToMove(session: Session): BlobToMove[] {
  const { epoch } = session.view.current;
  const found: (BlobToMove & { readonly urgent: boolean })[] = [];
  for (const blob of blobsToKeep(session)) {
    const locations = locationsOf(session, blob.blob);
    if (locations.some((location) => location.epoch === epoch && location.trusted)) continue; // check: role
    const urgent = locations.some(({ device }) => !isEditorDevice(session, device));
    found.push({ blob, from: locations, bytes: locations[0]?.length ?? 0, urgent });
  }
  return [...found.filter(({ urgent }) => urgent), ...found.filter(({ urgent }) => !urgent)];
}

/** Blobs that count, or may yet: those of changes that nothing voids for good. */
function* blobsToKeep(session: Session): Generator<DeclaredBlob> {
  const unwanted = lettingGo(session);
  for (const { counting, ...blob } of knownBlobs(session.index)) {
    if (!unwanted.has(blob.blob) && (counting || mayCount(session, blob.blob))) yield blob;
  }
}

function mayCount(session: Session, blob: string): boolean {
  const epochs = new Set(locationsOf(session, blob).map(({ epoch }) => epoch));
  return changesOfBlob(session.index, blob).some((change) =>
    [...epochs].some((epoch) => !isVoidForGood(session, change, { in: epoch })),
  );
}

/**
 * Blobs that an older epoch still holds because what others placed in the current one did not turn out to be them. After a
 * clean-up, which reads all that others have placed.
 */
export function spoiledBlobs(session: Session): BlobToMove[] {
  const { epoch } = session.view.current;
  return [...blobsToKeep(session)].flatMap((blob) => {
    const from = locationsOf(session, blob.blob);
    const isSafe = from.some((location) => location.epoch === epoch && location.trusted && location.proven === 1); // check: digest
    const old = from.find((location) => location.epoch !== epoch);
    return isSafe || !old ? [] : [{ blob, from, bytes: old.length }];
  });
}

/** Moves blobs; what cannot be read anywhere is reported and left, and holds up nothing else. */
export async function moveContents(
  session: Session,
  options: WorkOptions & { readonly budget: ByteBudget; readonly blobs: readonly BlobToMove[] },
): Promise<Moved> {
  const { blobs, signal, onProgress } = options;
  const epoch = requireCurrent(session);
  const totalBytes = blobs.reduce((sum, { bytes }) => sum + bytes, 0);
  const problems: Problem[] = [];
  let done: Location[] = [];
  let objects = 0;
  let bytes = 0;
  const commit = async () => {
    const locations = done;
    done = [];
    if (locations.length > 0) await placeObjects(session, locations, signal);
  };
  const queue = blobs.values();
  // Commits follow one another, so that the outbox is filled and flushed by one worker at a time.
  let committing = Promise.resolve();
  const worker = async () => {
    for (const each of queue) {
      signal?.throwIfAborted();
      const moved = await moveOne(session, { ...options, each, epoch, problems });
      if (!moved) continue;
      done.push(moved);
      objects += 1;
      bytes += moved.length;
      onProgress?.({ doneBytes: bytes, totalBytes, doneItems: objects, totalItems: blobs.length });
      if (done.length < OBJECTS_PER_COMMIT) continue;
      committing = committing.then(commit);
      await committing;
    }
  };
  const results = await Promise.allSettled(Array.from({ length: MOVES_AT_ONCE }, worker));
  await committing.catch(() => {});
  await commit();
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return { objects, bytes, problems };
}

/** Signs and publishes where objects of this device lie. */
export async function placeObjects(
  session: Session,
  locations: readonly Location[],
  signal?: AbortSignal,
): Promise<void> {
  await publish(session, {
    drafts: [],
    locations,
    together: () => {
      settlePuts(session, locations);
      for (const location of locations) markProven(session, location);
    },
    ...(signal ? { signal } : {}),
  });
}

/** A location as this device states it now. */
export function locationDraft(
  session: Session,
  where: { readonly blob: string; readonly epoch: string; readonly object: string; readonly length: number },
): Location {
  return {
    type: "conclave/v1/location",
    group: session.group,
    device: session.deviceKey,
    head: session.view.state.head,
    epoch: where.epoch,
    blob: where.blob,
    object: where.object,
    length: where.length,
    time: session.clock.now(),
  };
}

async function moveOne(
  session: Session,
  options: WorkOptions & {
    readonly budget: ByteBudget;
    readonly each: BlobToMove;
    readonly epoch: OpenEpoch;
    readonly problems: Problem[];
  },
): Promise<Location | undefined> {
  const { each, epoch, budget, problems, signal } = options;
  const grant = await budget.acquire((session.crypto.inPlace ? 1 : 2) * Math.max(each.bytes, 1), signal);
  try {
    const archive = await openAnywhere(session, { each, ...(signal ? { signal } : {}) });
    if (archive instanceof ConclaveError) {
      // Another device may have let it go already; and what does not count yet, nobody misses.
      if (archive.code === "missing" && purgedContents(session).has(each.blob.blob)) return undefined;
      if (blobOf(session.index, each.blob.blob) === undefined) return undefined;
      problems.push({ code: archive.code === "missing" ? "missing" : "altered", detail: archive.message });
      return undefined;
    }
    const { object, length, sealed } = await sealObject(session.crypto, {
      archive,
      recipient: epoch.recipient,
      suite: epoch.suite,
    });
    const key = objectKey(epoch.epoch, object);
    notePut(session, key);
    await session.store.put(key, sealed, signal ? { signal } : {});
    giveBack(sealed);
    return locationDraft(session, { blob: each.blob.blob, epoch: epoch.epoch, object, length });
  } finally {
    grant.release();
  }
}

/** The archive from the first location that holds it whole. */
async function openAnywhere(
  session: Session,
  options: { readonly each: BlobToMove; readonly signal?: AbortSignal },
): Promise<Uint8Array<ArrayBuffer> | ConclaveError> {
  const { each, signal } = options;
  let failure = new ConclaveError(`blob ${each.blob.blob} lies nowhere that this device can read`, { code: "missing" });
  // All of them in the end: what is not found here is found nowhere.
  for (const location of new Set([...inPreference(each.from), ...each.from])) {
    const opened = session.view.opened.get(location.epoch);
    if (!opened) continue;
    try {
      const sealed = await session.store.get(objectKey(location.epoch, location.object), {
        length: location.length + 1,
        ...(signal ? { signal } : {}),
      });
      const pieces = toPieces(each.blob.pieces);
      return await openObject(session.crypto, {
        sealed,
        object: location.object,
        pieces,
        identity: opened.identity,
        suite: opened.suite,
      });
    } catch (error) {
      if (error instanceof StoreError && error.code === "not-found") continue;
      if (!(error instanceof ConclaveError)) throw error;
      failure = error;
    }
  }
  return failure;
}
