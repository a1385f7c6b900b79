/** Verifying: everything that the group needs on the storage is looked at again, and nothing is changed. */
import type { ByteBudget } from "../../contents/budget.ts";
import { giveBack } from "../../contents/memory.ts";
import { objectKey, openObject } from "../../contents/object.ts";
import { ConclaveError } from "../../errors.ts";
import { openGrant, parseGrantKey } from "../../group/grant.ts";
import { listStored } from "../../ports/list-stored.ts";
import { getIfThere, STORED_BYTES_MAX, type StoredObject, StoreError } from "../../ports/store.ts";
import { allBlobs, blobsOf, type DeclaredBlob } from "../../tree/blobs.ts";
import { countTree, listFolder } from "../../tree/listing.ts";
import { isTooDeep, TOO_DEEP } from "../../tree/paths.ts";
import type { WorkOptions } from "../events.ts";
import { locationsOf, toPieces } from "../files/blob-sources.ts";
import { purgedContents } from "../let-go.ts";
import type { Problem } from "../problem.ts";
import { requireNotDeleted } from "../reading/deleted.ts";
import { vanished } from "../reading/pins.ts";
import type { Shown } from "../reading/shown.ts";
import type { Session } from "../session.ts";
import { foreignFiles } from "./foreign-files.ts";
import { problemsOf } from "./status.ts";
import { verifyRecords } from "./verify-records.ts";

export interface Verification {
  /** Whether all that is the group's own is there and right. Foreign files do not spoil it. */
  readonly ok: boolean;
  readonly records: number;
  readonly objects: number;
  readonly files: number;
  readonly problems: readonly Problem[];
}

/** Problems that say that something of the group's own is damaged or gone. */
const FATAL: ReadonlySet<Problem["code"]> = new Set(["altered", "missing", "rollback", "unreadable"]);

/**
 * Checks every record, and that every object is there; with `full` opens every object and compares every digest.
 *
 * @param options.shown - What the storage showed when it was read just now, without conclusions drawn.
 * @throws ConclaveError `deleted` if an owner has deleted the group.
 */
export async function verify(
  session: Session,
  options: WorkOptions & { readonly budget: ByteBudget; readonly shown: Shown; readonly full?: boolean },
): Promise<Verification> {
  await requireNotDeleted(session, options.shown, options.signal);
  const problems = new Map<string, Problem>();
  const report = (problem: Problem) =>
    problems.set(`${problem.code} ${problem.key ?? ""} ${problem.path ?? ""} ${problem.detail}`, problem);
  const listed = await listAll(session, options.signal);
  const records = await verifyRecords(session, { ...options, listed, report });
  await verifyGrants(session, { ...options, listed, report });
  for (const problem of await foreignFiles(session, { listed, ...(options.signal ? { signal: options.signal } : {}) }))
    report(problem);
  for (const { key } of vanished(session, options.shown)) {
    report({ code: "rollback", key, detail: "this records file was there before and is gone" });
  }
  const objects = await verifyObjects(session, { ...options, listed, report });
  for (const { kind, path } of listFolder(session.index, "", { recursive: true })) {
    if (kind === "folder" && isTooDeep(path)) report({ code: "unreadable", path, detail: TOO_DEEP });
  }
  const keys = new Set([...problems.values()].map(({ key }) => key));
  for (const problem of problemsOf(session)) {
    const isNews = problem.key === undefined || !keys.has(problem.key);
    if (problem.code !== "altered" && isNews) report(problem);
  }
  const found = [...problems.values()];
  return {
    ok: !found.some(({ code }) => FATAL.has(code)),
    records,
    objects,
    files: countTree(session.index).files,
    problems: found,
  };
}

interface Check extends WorkOptions {
  readonly budget: ByteBudget;
  readonly full?: boolean;
  readonly listed: ReadonlyMap<string, StoredObject>;
  readonly report: (problem: Problem) => void;
}

async function listAll(session: Session, signal?: AbortSignal): Promise<Map<string, StoredObject>> {
  const listed = new Map<string, StoredObject>();
  for await (const stored of listStored(session.store, "", signal ? { signal } : {})) listed.set(stored.key, stored);
  return listed;
}

async function verifyGrants(session: Session, { listed, report, signal }: Check): Promise<void> {
  const known = session.index.all<{ key: string; epoch: string }>(
    "SELECT key, epoch FROM files WHERE kind = 'grant' AND state = 'read'",
  );
  const call = { length: STORED_BYTES_MAX + 1, ...(signal ? { signal } : {}) };
  for (const { key, epoch } of known) {
    const name = parseGrantKey(key);
    if (!name) continue;
    if (!listed.has(key)) {
      if (epoch === session.view.current.epoch)
        report({ code: "missing", key, detail: "the grant of the current epoch is gone" });
      continue;
    }
    try {
      const bytes = await getIfThere(session.store, key, call);
      // Cleared away since it was listed, with its epoch.
      if (!bytes) continue;
      await openGrant(session.crypto, { name, bytes, identities: session.device });
    } catch (error) {
      if (!(error instanceof ConclaveError)) throw error;
      report({ code: "altered", key, detail: error.message });
    }
  }
}

async function verifyObjects(session: Session, check: Check): Promise<number> {
  const { listed, report, full = false, signal, onProgress } = check;
  // What is purged may be gone already.
  const purged = purgedContents(session);
  const blobs = [...allBlobs(session.index)].filter(({ blob }) => !purged.has(blob));
  let paths: Map<string, string[]> | undefined;
  const pathsOf = (blob: string) => {
    paths ??= pathsByBlob(session);
    return paths.get(blob) ?? [];
  };
  const complain = (blob: string, problem: Problem) => {
    const affected = pathsOf(blob);
    if (affected.length === 0) report(problem);
    for (const path of affected) report({ ...problem, path });
  };
  let count = 0;
  for (const blob of blobs) {
    signal?.throwIfAborted();
    const found: Problem[] = [];
    // Where somebody says that it lies who may not write: that matters only while nobody else says where.
    const doubtful: Problem[] = [];
    let isReadable = false;
    const locations = locationsOf(session, blob.blob);
    const isListed = locations.some(({ epoch, object }) => listed.has(objectKey(epoch, object)));
    for (const { epoch, object, length, trusted } of locations) {
      const key = objectKey(epoch, object);
      // What was moved has an old location still, which is none to ask for each time.
      const isAwaited = !isListed || epoch === session.view.current.epoch;
      const stored = listed.get(key) ?? (isAwaited ? await putSince(session, { key, length, signal }) : undefined);
      const problem = await problemOf(session, {
        ...check,
        key,
        length,
        object,
        epoch,
        blob,
        stored,
        full,
      });
      if (!problem) isReadable = true;
      else if (trusted) found.push(problem);
      else doubtful.push(problem);
    }
    if (isReadable) count += 1;
    else if (found.length + doubtful.length === 0)
      found.push({ code: "unreadable", detail: `no record says where blob ${blob.blob} lies` });
    // What another location still holds is damaged, not lost; both are said, the paths only where a file is affected.
    for (const problem of isReadable ? found : [...found, ...doubtful]) {
      if (!isReadable) complain(blob.blob, problem);
      else if (isAmiss(session, problem)) report(problem);
    }
    onProgress?.({ doneBytes: count, totalBytes: blobs.length, doneItems: count, totalItems: blobs.length });
  }
  return count;
}

/**
 * What was put since the storage was listed: another process of this home puts an object, and notes it in the index that both
 * use, while this one reads. Of its size only whether it is the one expected shows, as no more than its end is asked for.
 */
async function putSince(
  session: Session,
  { key, length, signal }: { readonly key: string; readonly length: number; readonly signal: AbortSignal | undefined },
): Promise<Pick<StoredObject, "size"> | undefined> {
  const offset = Math.max(0, length - 1);
  const end = await getIfThere(session.store, key, { offset, length: 2, ...(signal ? { signal } : {}) });
  return end && { size: offset + end.length };
}

/** What is gone from an older epoch while another location holds it has been moved: that is what a re-encryption does. */
function isAmiss(session: Session, { code, key }: Problem): boolean {
  return code !== "missing" || key?.startsWith(`${session.view.current.epoch}/`) === true;
}

async function problemOf(
  session: Session,
  options: {
    readonly key: string;
    readonly length: number;
    readonly object: string;
    readonly epoch: string;
    readonly blob: DeclaredBlob;
    readonly stored: Pick<StoredObject, "size"> | undefined;
    readonly full: boolean;
    readonly budget: ByteBudget;
    readonly signal?: AbortSignal;
  },
): Promise<Problem | undefined> {
  const { key, length, object, blob, stored, full, budget, signal } = options;
  if (!stored) return { code: "missing", key, detail: "an object that records place here is not there" };
  if (stored.size !== length)
    return { code: "altered", key, detail: `an object of ${length} bytes has ${stored.size}, as the storage says` };
  const opened = session.view.opened.get(options.epoch);
  if (!full || !opened) return undefined;
  const grant = await budget.acquire((session.crypto.inPlace ? 1 : 2) * length, signal);
  try {
    const sealed = await session.store.get(key, { length: length + 1, ...(signal ? { signal } : {}) });
    const archive = await openObject(session.crypto, {
      sealed,
      object,
      pieces: toPieces(blob.pieces),
      identity: opened.identity,
      suite: opened.suite,
    });
    giveBack(archive);
    return undefined;
  } catch (error) {
    if (error instanceof StoreError && error.code === "not-found")
      return { code: "missing", key, detail: "an object is gone" };
    if (!(error instanceof ConclaveError)) throw error;
    return { code: "altered", key, detail: error.message };
  } finally {
    grant.release();
  }
}

function pathsByBlob(session: Session): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  for (const entry of listFolder(session.index, "", { recursive: true })) {
    for (const blob of blobsOf(entry.extents)) {
      const known = paths.get(blob);
      if (known) known.push(entry.path);
      else paths.set(blob, [entry.path]);
    }
  }
  return paths;
}
