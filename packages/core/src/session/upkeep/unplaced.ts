/**
 * Contents that lie on the storage, where no records file says so any more: whoever comes later would not find them. What this
 * device has placed itself it places anew in passing; what others have, only while it restores what the storage has lost.
 * SPEC.md §10.
 */
import { ByteBudget } from "../../contents/budget.ts";
import type { Location } from "../../records/location.ts";
import { blobOf } from "../../tree/blobs.ts";
import type { WorkOptions } from "../events.ts";
import { locationsOf } from "../files/blob-sources.ts";
import { purgedContents } from "../let-go.ts";
import type { Session } from "../session.ts";
import { publish } from "../writing/publish.ts";
import { blobsToMove, locationDraft, moveContents } from "./move-contents.ts";

/** Most locations in one records file. */
const LOCATIONS_PER_FILE = 4000;
/** Memory for contents that are moved in passing. */
const MOVE_BYTES: number = 80 * 1024 * 1024;

/** States anew where contents lie that no records file places: those of the current epoch stay, others are moved there. */
export async function placeUnplaced(
  session: Session,
  options: WorkOptions & { readonly of: "own" | "all" },
): Promise<void> {
  const unplaced = unplacedBlobs(session, options.of);
  if (unplaced.size === 0) return;
  const here = [...unplaced].flatMap((blob) => stillHere(session, blob) ?? []);
  for (let first = 0; first < here.length; first += LOCATIONS_PER_FILE) {
    const locations = here.slice(first, first + LOCATIONS_PER_FILE);
    await publish(session, { drafts: [], locations, ...(options.signal ? { signal: options.signal } : {}) });
  }
  if (here.length === unplaced.size) return;
  const blobs = blobsToMove(session).filter(({ blob }) => unplaced.has(blob.blob));
  await moveContents(session, { ...options, blobs, budget: new ByteBudget(MOVE_BYTES) });
}

/** Blobs that count, and that the records files known to lie there place nowhere. What is purged may be gone rightly. */
function unplacedBlobs(session: Session, of: "own" | "all"): ReadonlySet<string> {
  const { index, deviceKey } = session;
  const rows = index.all<{ blob: string }>(
    `SELECT DISTINCT blob FROM locations l WHERE gone = 0 AND (?1 IS NULL OR device = ?1)
     AND NOT EXISTS (SELECT 1 FROM placings p WHERE p.blob = l.blob)`,
    of === "own" ? deviceKey : null,
  );
  const counting = rows.map(({ blob }) => blob).filter((blob) => blobOf(index, blob) !== undefined);
  if (counting.length === 0) return new Set();
  const purged = purgedContents(session);
  return new Set(counting.filter((blob) => !purged.has(blob)));
}

/** A blob's location in the current epoch, as this device states it itself. */
function stillHere(session: Session, blob: string): Location | undefined {
  const { epoch } = session.view.current;
  const found = locationsOf(session, blob).find((location) => location.epoch === epoch && location.trusted); // check: role
  return found && locationDraft(session, found);
}
