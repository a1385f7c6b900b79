/** Reading `<epoch>/records/`: what is new there is fetched, verified and taken in; what does not fit is noted. */
import { ConclaveError, type ConclaveErrorCode, MisfitError } from "../../errors.ts";
import { countEntries } from "../../index/log-store.ts";
import { listStored } from "../../ports/list-stored.ts";
import { getIfThere, STORED_BYTES_MAX, type StoredObject, StoreError } from "../../ports/store.ts";
import {
  type OpenEpoch,
  openRecordLines,
  openRecords,
  parseRecordsKey,
  type RecordsFile,
  type RecordsName,
} from "../../records/records-file.ts";
import type { Session } from "../session.ts";
import { everListed } from "../view.ts";
import { type FileState, forgetUnlisted, type KnownFile, noteFile, worthTrying } from "./known-files.ts";
import { keepEntries, type Taken, takeReadFile } from "./take.ts";
import { keepNewerEntries } from "./update-needed.ts";

/** Most files of one epoch that one poll fetches in vain: the next begins with those that were never tried. */
const MISFITS_MAX = 1000;

/** Most entries that do not count beyond which those of people whom no log lists are not kept. */
const STRANGERS_ENTRIES_MAX = 100;

/** What reading one epoch's records found. */
export interface RecordsListing {
  /** Keys that lie there now. */
  readonly keys: ReadonlySet<string>;
  /** Whether anything new was taken in. */
  readonly news: boolean;
}

interface Candidate {
  readonly stored: StoredObject;
  readonly name: RecordsName;
}

/** Lists one epoch's records and takes in what is new. */
export async function readRecords(session: Session, epoch: OpenEpoch, signal?: AbortSignal): Promise<RecordsListing> {
  const keys = new Set<string>();
  const found: Candidate[] = [];
  for await (const stored of listStored(session.store, `${epoch.epoch}/records`, signal ? { signal } : {})) {
    keys.add(stored.key);
    const name = parseRecordsKey(stored.key);
    if (name) found.push({ stored, name });
  }
  forgetUnlisted(session, { kind: "records", epoch: epoch.epoch, listed: keys });
  // A writer's files in their order, so that little has to wait for what comes before it.
  found.sort((left, right) => left.name.first - right.name.first || left.name.count - right.name.count);
  let read = 0;
  let misfits = 0;
  for (const each of worthTrying(session, found)) {
    if (misfits >= MISFITS_MAX) break; // check: size
    if (await readOne(session, { ...each, epoch }, signal)) read += 1;
    else misfits += 1;
  }
  return { keys, news: read > 0 };
}

/** @returns Whether it was taken in. */
async function readOne(
  session: Session,
  options: Candidate & { readonly epoch: OpenEpoch },
  signal?: AbortSignal,
): Promise<boolean> {
  const { stored, name, epoch } = options;
  const note = (state: FileState, more: Pick<KnownFile, "detail" | "fits" | "device"> = {}): void =>
    noteFile(session, { key: stored.key, size: stored.size, epoch: epoch.epoch, kind: "records", state, ...more });
  if (stored.size > STORED_BYTES_MAX) {
    note("foreign", { detail: "larger than any records file", fits: false }); // check: size
    return false;
  }
  try {
    const bytes = await session.store.get(stored.key, { length: STORED_BYTES_MAX + 1, ...(signal ? { signal } : {}) });
    const file = await openRecords(session.crypto, { name, bytes, epoch, group: session.group });
    if (!isByListedDevice(session, file)) {
      await keepEntries(session, file.records.slice(0, strangersRoom(session)));
      note("waiting", { detail: "signed by nobody whom the log lists" }); // check: role
      return false;
    }
    return await takeIn(session, { file, key: stored.key, epoch: epoch.epoch, note });
  } catch (error) {
    // Deleted since it was listed: whoever re-encrypts has put its records elsewhere first.
    if (error instanceof StoreError && error.code === "not-found") return false;
    if (!(error instanceof ConclaveError)) throw error;
    if (error.code === "unsupported") await keepNewer(session, options, signal);
    note(STATES[error.code] ?? "foreign", { detail: error.message, fits: !(error instanceof MisfitError) });
    return false;
  }
}

/** How many more entries of people whom no log lists are kept, so that they are told of with the reason. */
function strangersRoom({ index, view }: Session): number {
  return Math.max(0, STRANGERS_ENTRIES_MAX - (countEntries(index) - view.log.nodes.size)); // check: size
}

/** Takes in what was verified; false where too much of its device waits for other records already. */
async function takeIn(
  session: Session,
  options: Taken & {
    readonly file: RecordsFile;
    readonly note: (state: FileState, more?: Pick<KnownFile, "detail" | "device">) => void;
  },
): Promise<boolean> {
  const { file, key, epoch, note } = options;
  await keepEntries(session, file.records);
  try {
    session.index.transaction(() => {
      note("read", { detail: takeReadFile(session, file, { epoch, key }) });
    });
    return true;
  } catch (error) {
    if (!(error instanceof ConclaveError) || error.code !== "limit") throw error;
    note("crowded", { detail: error.message, device: file.records[0]?.record.device });
    return false;
  }
}

/** What a newer version wrote is not read, but whether an admin did something there must be known. */
async function keepNewer(
  session: Session,
  options: { readonly stored: StoredObject; readonly name: RecordsName; readonly epoch: OpenEpoch },
  signal?: AbortSignal,
): Promise<void> {
  const { stored, name, epoch } = options;
  const call = { length: STORED_BYTES_MAX + 1, ...(signal ? { signal } : {}) };
  const bytes = await getIfThere(session.store, stored.key, call);
  if (bytes) await keepNewerEntries(session, await openRecordLines(session.crypto, { name, bytes, epoch }));
}

/** Bytes that do not fit their name or seal may be half a file; what is well sealed and malformed stays so. */
const STATES: { readonly [Code in ConclaveErrorCode]?: FileState } = {
  corrupt: "altered",
  unsupported: "unsupported",
};

/**
 * Whether some branch of the log has ever listed the device: the seal alone proves nothing, because an epoch's recipient is
 * public, and a stranger's records must not fill anybody's index.
 */
export function isByListedDevice(session: Session, file: RecordsFile): boolean {
  const listed = everListed(session.view.log);
  return [...file.records, ...file.locations].every(({ record }) => listed.has(record.device));
}
