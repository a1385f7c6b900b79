/** Re-encryption: everything the group holds moves to the current epoch, and then out of the older ones. SPEC.md §10. */
import type { ByteBudget } from "../../contents/budget.ts";
import { ConclaveError } from "../../errors.ts";
import { isAtLeast } from "../../group/state.ts";
import type { Receipt } from "../../records/receipt.ts";
import type { WorkOptions } from "../events.ts";
import { writeListingIfDue } from "../files/listing.ts";
import type { Problem } from "../problem.ts";
import { requireConfirmed } from "../reading/confirmed.ts";
import { requireDecided } from "../reading/decided.ts";
import { isSettled } from "../reading/settled.ts";
import type { Session } from "../session.ts";
import { flushOutbox } from "../writing/outbox.ts";
import { publish } from "../writing/publish.ts";
import { countMissing, resealRecords } from "../writing/reseal.ts";
import { cleanUp, oldObjects } from "./clean-up.ts";
import { clearKept } from "./clear-kept.ts";
import { blobsToMove, type Moved, moveContents, spoiledBlobs } from "./move-contents.ts";

/** Objects and their sealed bytes. */
export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

export interface Reencryption {
  readonly reencrypted: Amount;
  /** What older epochs still hold. */
  readonly remaining: Amount;
  /** Digests of objects that the provider keeps although they were deleted. */
  readonly kept: readonly string[];
  readonly problems: readonly Problem[];
}

/** What is left: blobs to move, or moved ones whose old objects still lie there. */
export function remaining(session: Session): Amount {
  const old = oldObjects(session).filter(({ emptied }) => emptied === 0);
  return { objects: old.length, bytes: old.reduce((sum, { length }) => sum + length, 0) };
}

/** Whether anything is left to seal anew or to move. */
export function isReencryptionLeft(session: Session): boolean {
  return countMissing(session) > 0 || remaining(session).objects > 0;
}

/**
 * Goes on with whatever is left, from wherever anybody has stopped.
 *
 * @param options.settled - The person says that what lies in the folder has reached the storage.
 * @throws ConclaveError `role-too-low` for viewers, `stale-epoch` without a grant; `StoreError` as the store.
 */
export async function reencrypt(
  session: Session,
  options: WorkOptions & { readonly budget: ByteBudget; readonly settled?: boolean },
): Promise<Reencryption> {
  const { signal, settled = false } = options;
  requireConfirmed(session);
  if (!session.view.me || !isAtLeast(session.view.me.role, "editor")) {
    throw new ConclaveError("re-encrypting needs an editor, an admin or an owner", { code: "role-too-low" }); // check: role
  }
  requireDecided(session);
  const work = signal ? { signal } : {};
  const resealed = countMissing(session) > 0 ? await resealRecords(session, work) : 0;
  let moved = await moveContents(session, { ...options, blobs: blobsToMove(session) });
  // What says where everything lies now must be out before anything older goes.
  await flushOutbox(session, work);
  const before = remaining(session);
  let kept: readonly string[] = [];
  if (isSettled(session, settled) && !isOpen(session)) {
    kept = (await cleanUp(session, options)).kept;
    const spoiled = spoiledBlobs(session);
    if (spoiled.length > 0) {
      moved = sum(moved, await moveContents(session, { ...options, blobs: spoiled }));
      kept = [...new Set([...kept, ...(await cleanUp(session, options)).kept])];
    }
    await clearKept(session, options);
  }
  const left = remaining(session);
  const hasWorked = resealed > 0 || moved.objects > 0 || left.objects < before.objects;
  if (hasWorked) {
    await writeListingIfDue(session, signal);
    await publishReceipt(session, { reencrypted: moved, remaining: left, kept, ...work });
  }
  return {
    reencrypted: { objects: moved.objects, bytes: moved.bytes },
    remaining: left,
    kept,
    problems: moved.problems,
  };
}

/** Whether a fork is met that neither the records nor this device's person has decided. */
function isOpen({ view }: Session): boolean {
  return view.choice.forks.some(({ contested, held }) => contested && held === null);
}

function sum(left: Moved, right: Moved): Moved {
  const problems = [...left.problems, ...right.problems];
  return { objects: left.objects + right.objects, bytes: left.bytes + right.bytes, problems };
}

/** Most objects that a receipt names. */
const KEPT_MAX = 10_000;

async function publishReceipt(
  session: Session,
  options: {
    readonly reencrypted: Amount;
    readonly remaining: Amount;
    readonly kept: readonly string[];
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const { reencrypted, remaining: left, kept, signal } = options;
  const { epoch } = session.view.current;
  await publish(session, {
    drafts: [
      ({ group, device, writer, number, previous, head, time }): Receipt => ({
        type: "conclave/v1/receipt",
        group,
        device,
        writer,
        number,
        previous,
        head,
        epoch,
        reencrypted: { objects: reencrypted.objects, bytes: reencrypted.bytes },
        remaining: { objects: left.objects, bytes: left.bytes },
        unclaimed: 0,
        kept: kept.slice(0, KEPT_MAX),
        time,
      }),
    ],
    ...(signal ? { signal } : {}),
  });
}
