/**
 * What is deleted and the provider still keeps: where only its owner can delete a file, who cleans up can but take it out
 * of the folder, and the owner's own device ends it when it next runs. SPEC.md §10.
 */
import { ByteBudget } from "../../contents/budget.ts";
import { objectKey } from "../../contents/object.ts";
import { isGroupKey } from "../../group/group-key.ts";
import { isAtLeast } from "../../group/state.ts";
import { readMeta, writeMeta } from "../../index/meta.ts";
import type { EpochId } from "../../records/shapes.ts";
import type { WorkOptions } from "../events.ts";
import { lettingGo } from "../let-go.ts";
import { isSettled } from "../reading/settled.ts";
import type { Session } from "../session.ts";
import { cleanUp, isOver, isReplaced, olderEpochs } from "./clean-up.ts";

type ClearOptions = WorkOptions & { readonly budget: ByteBudget };

/**
 * Deletes for good what this account put into older epochs and somebody has taken out of the folder: each object only once
 * its contents are safe elsewhere, as in any clean-up, and records, grants and listings only of an epoch that this device
 * itself has found finished. Whoever takes out what is still needed has hidden it, and not destroyed it.
 */
export async function clearKept(session: Session, options: ClearOptions): Promise<void> {
  const { retention } = session.store;
  if (!retention) return;
  const call = options.signal ? { signal: options.signal } : {};
  for await (const kept of retention.kept(call)) {
    const epoch = olderEpochs(session).find((each) => kept.key.includes(each));
    if (epoch === undefined || !isGroupKey(kept.key) || !isOver(session, epoch)) continue; // check: epoch
    if (await mayGo(session, { key: kept.key, epoch }, options)) await retention.purge(kept, call); // check: epoch
  }
}

async function mayGo(
  session: Session,
  { key, epoch }: { readonly key: string; readonly epoch: EpochId },
  options: ClearOptions,
): Promise<boolean> {
  const rows = session.index.all<{ object: string; blob: string; length: number }>(
    "SELECT object, blob, length FROM locations WHERE epoch = ?",
    epoch,
  );
  const claims = rows.filter(({ object }) => objectKey(epoch, object) === key);
  const [first] = claims;
  if (first === undefined) return isFinished(session, epoch);
  const { object, length } = first;
  const old = { epoch, object, length, blobs: [...new Set(claims.map(({ blob }) => blob))], emptied: 0 };
  return isReplaced(session, { ...options, old, unwanted: lettingGo(session) });
}

function isFinished(session: Session, epoch: EpochId): boolean {
  return session.index.get("SELECT 1 FROM epochs WHERE epoch = ? AND finished = 1", epoch) !== undefined;
}

/** Memory for successors that are read whole before what they replace goes. */
const CLEAR_BYTES: number = 80 * 1024 * 1024;

/**
 * Once for each receipt that names what its author could not delete: what of it is this account's own goes now. It waits
 * for the storage's lag as any clean-up does.
 */
export async function clearAfterReceipt(session: Session, options: { readonly signal?: AbortSignal }): Promise<void> {
  const { me, choice } = session.view;
  // Where the provider keeps nothing, nothing is to be cleared.
  if (!me || !session.store.retention) return;
  if (!isAtLeast(me.role, "editor") || choice.contested) return; // check: role
  if ((readMeta<number>(session.index, "keepers") ?? 0) === 0 || !isSettled(session)) return;
  const work = { ...options, budget: new ByteBudget(CLEAR_BYTES) };
  await cleanUp(session, work);
  await clearKept(session, work);
  writeMeta(session.index, "keepers", 0);
}
