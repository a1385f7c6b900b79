/** Deleting a group from its storage, for everybody. SPEC.md §7. */
import { ConclaveError } from "../../errors.ts";
import { CONCLAVE_JSON_KEY } from "../../group/conclave-json.ts";
import { parseDeletionKey, sealDeletion } from "../../group/deletion.ts";
import { EPOCHS_FOLDER } from "../../group/epoch.ts";
import { isGroupKey } from "../../group/group-key.ts";
import { isAtLeast } from "../../group/state.ts";
import { readMeta, writeMeta } from "../../index/meta.ts";
import { listStored } from "../../ports/list-stored.ts";
import type { OpenEpoch } from "../../records/records-file.ts";
import type { EpochId } from "../../records/shapes.ts";
import { catchUp } from "../duties.ts";
import type { WorkOptions } from "../events.ts";
import { claimedAt } from "../reading/claimed-group.ts";
import { deletedBy } from "../reading/deleted.ts";
import type { Shown } from "../reading/shown.ts";
import type { Session } from "../session.ts";
import { requireOpened } from "../writing/publish.ts";

/** What was deleted, and what the provider would not delete. */
export interface Deleted {
  readonly files: number;
  readonly bytes: number;
  /** Keys of files that are still there. */
  readonly refused: readonly string[];
  /** Keys of files that are gone from the folder, and that the provider keeps elsewhere. */
  readonly kept: readonly string[];
}

/** @throws ConclaveError `role-too-low` for whoever is no owner. */
export function requireOwner(session: Session): void {
  const { me } = session.view;
  if (!me || !isAtLeast(me.role, "owner")) {
    throw new ConclaveError("only an owner may delete the group", { code: "role-too-low" }); // check: role
  }
}

/** As `catchUp`, for whoever goes on with a deletion that was broken off. */
export async function catchUpToDelete(
  session: Session,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Shown> {
  const nothing: Shown = { keys: new Set(), known: new Set(), deletions: new Set(), unopened: [], elsewhere: 0 };
  if (readMeta(session.index, "deleting") !== undefined) return nothing;
  return catchUp(session, options).catch((error: unknown) => {
    if (error instanceof ConclaveError && error.code === "deleted") return nothing;
    throw error;
  });
}

/**
 * Deletes every file of the group from its storage, but for those that say who did it. Broken off, it is done again.
 *
 * @throws ConclaveError `role-too-low`; `StoreError` as the store.
 */
export async function deleteGroup(session: Session, options: WorkOptions = {}): Promise<Deleted> {
  requireOwner(session);
  const { signal, onProgress } = options;
  const call = signal ? { signal } : {};
  await requireThisGroup(session);
  // Noted before anything goes: whoever goes on does not start by missing what is gone.
  writeMeta(session.index, "deleting", 1);
  const marks = await leaveMarks(session, signal);
  const found = await filesOfGroup(session, marks, signal);
  const totalBytes = found.reduce((sum, { size }) => sum + size, 0);
  const [refused, kept]: [string[], string[]] = [[], []];
  let [files, bytes] = [0, 0];
  for (const { key, size } of found) {
    signal?.throwIfAborted();
    const result = await session.store.delete(key, call);
    if (result === "refused") refused.push(key);
    else {
      if (result === "detached") kept.push(key);
      files += 1;
      bytes += size;
    }
    onProgress?.({ doneBytes: bytes, totalBytes, doneItems: files, totalItems: found.length });
  }
  return { files, bytes, refused, kept: [...kept, ...(await purgeKept(session, signal))] };
}

/**
 * Whoever goes on with a deletion that was broken off does not read the storage again, and in between somebody may have
 * finished it and made another group there.
 */
async function requireThisGroup({ store, group }: Session): Promise<void> {
  const claimed = await claimedAt(store);
  if (claimed === undefined || claimed === group) return;
  throw new ConclaveError("another group lies on the storage now, and nothing was deleted", { code: "conflict" }); // check: link
}

/** Takes what of the group is deleted and still kept out of trash and history; keys of what stays there. */
async function purgeKept(session: Session, signal?: AbortSignal): Promise<string[]> {
  const { retention } = session.store;
  const call = signal ? { signal } : {};
  const left: string[] = [];
  for await (const each of retention?.kept(call) ?? []) {
    if (isGroupKey(each.key) && (await retention?.purge(each, call)) === "kept") left.push(each.key);
  }
  return left;
}

/** Epochs that a deletion is said in: whoever has slept while the key changed opens none but an older one. */
const MARKED_EPOCHS_MAX = 8;

/** Puts the files that stay, the current epoch's first, where no owner has left one already; gives their keys. */
async function leaveMarks(session: Session, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const marks = await marksThere(session, signal);
  requireOpened(session);
  const epochs = [...session.view.state.epochs].slice(-MARKED_EPOCHS_MAX).reverse();
  for (const { epoch } of epochs) {
    const opened = session.view.opened.get(epoch);
    if (opened && !marks.has(epoch)) marks.set(epoch, await leaveMark(session, opened, signal));
  }
  return new Set(marks.values());
}

/** What owners have left, by epoch. */
async function marksThere(session: Session, signal?: AbortSignal): Promise<Map<EpochId, string>> {
  const marks = new Map<EpochId, string>();
  for await (const { key } of listStored(session.store, EPOCHS_FOLDER, signal ? { signal } : {})) {
    const name = parseDeletionKey(key);
    if (name && !marks.has(name.epoch) && (await deletedBy(session, key, signal))) marks.set(name.epoch, key);
  }
  return marks;
}

async function leaveMark(session: Session, epoch: OpenEpoch, signal?: AbortSignal): Promise<string> {
  const { group, deviceKey: device, view, clock } = session;
  const mark = await sealDeletion(session.crypto, {
    value: { group, device, head: view.state.head, time: clock.now() },
    signingKey: session.device.signingKey,
    epoch,
  });
  await session.store.put(mark.key, mark.bytes, signal ? { signal } : {});
  return mark.key;
}

/** All that a group puts on a storage, contents first; what strangers left beside it is not touched. */
async function filesOfGroup(
  session: Session,
  marks: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<{ readonly key: string; readonly size: number }[]> {
  const found: { key: string; size: number }[] = [];
  for await (const { key, size } of listStored(session.store, "", signal ? { signal } : {})) {
    if (!marks.has(key) && (key === CONCLAVE_JSON_KEY || isGroupKey(key))) found.push({ key, size });
  }
  const rank = (key: string) => (key.includes("/objects/") ? 0 : key.startsWith("epochs/") ? 2 : 1);
  return found.sort((left, right) => rank(left.key) - rank(right.key));
}
