/** Reading `<epoch>/records/`: what is new there is fetched, verified and taken in; what does not fit is noted. */
import { ConclaveError, type ConclaveErrorCode } from "../../errors.ts";
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
import { type KnownFile, noteReading } from "../writing/outbox.ts";
import { keepEntries, takeReadFile } from "./take.ts";
import { keepNewerEntries } from "./update-needed.ts";

/** Most tries of a file that does not fit: a sync client may still be writing it, a stranger's never will. */
const TRIES_MAX = 20;

/** What reading one epoch's records found. */
export interface RecordsListing {
  /** Keys that lie there now. */
  readonly keys: ReadonlySet<string>;
  /** Whether anything new was taken in. */
  readonly news: boolean;
}

/** Lists one epoch's records and takes in what is new. */
export async function readRecords(session: Session, epoch: OpenEpoch, signal?: AbortSignal): Promise<RecordsListing> {
  const keys = new Set<string>();
  const fresh: { readonly stored: StoredObject; readonly name: RecordsName }[] = [];
  for await (const stored of session.store.list(`${epoch.epoch}/records`, signal ? { signal } : {})) {
    keys.add(stored.key);
    const name = parseRecordsKey(stored.key);
    if (name && isWorthReading(session, stored)) fresh.push({ stored, name });
  }
  // A writer's files in their order, so that little has to wait for what comes before it.
  fresh.sort((left, right) => left.name.first - right.name.first || left.name.count - right.name.count);
  let news = false;
  for (const each of fresh) news = (await readOne(session, { ...each, epoch }, signal)) || news;
  return { keys, news };
}

function isWorthReading(session: Session, stored: StoredObject): boolean {
  const known = session.index.get<{ state: KnownFile["state"]; size: number; tried: number; entries: number | null }>(
    "SELECT state, size, tried, entries FROM files WHERE key = ?",
    stored.key,
  );
  if (known === undefined) return true;
  if (known.state === "read") return false;
  // What waits for an entry is read again when one has come, and what needs a newer version when that runs.
  if (known.state === "waiting") return known.entries !== session.view.log.nodes.size;
  return known.state === "unsupported" || known.size !== stored.size || known.tried < TRIES_MAX;
}

async function readOne(
  session: Session,
  options: { readonly stored: StoredObject; readonly name: RecordsName; readonly epoch: OpenEpoch },
  signal?: AbortSignal,
): Promise<boolean> {
  const { stored, name, epoch } = options;
  const note = (state: KnownFile["state"], detail?: string) =>
    noteReading(session, { stored, epoch: epoch.epoch, kind: "records", state, detail });
  if (stored.size > STORED_BYTES_MAX) return note("foreign", "larger than any records file"); // check: size
  try {
    const bytes = await session.store.get(stored.key, { length: STORED_BYTES_MAX + 1, ...(signal ? { signal } : {}) });
    const file = await openRecords(session.crypto, { name, bytes, epoch, group: session.group });
    await keepEntries(session, file.records);
    if (!isByListedDevice(session, file)) return note("waiting", "signed by nobody whom the log lists"); // check: role
    session.index.transaction(() => {
      takeReadFile(session, file, { epoch: epoch.epoch, key: stored.key });
      note("read");
    });
    return true;
  } catch (error) {
    // Deleted since it was listed: whoever re-encrypts has put its records elsewhere first.
    if (error instanceof StoreError && error.code === "not-found") return false;
    if (!(error instanceof ConclaveError)) throw error;
    if (error.code === "unsupported") await keepNewer(session, options, signal);
    note(STATES[error.code] ?? "foreign", error.message);
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
const STATES: { readonly [Code in ConclaveErrorCode]?: KnownFile["state"] } = {
  corrupt: "altered",
  unsupported: "unsupported",
  limit: "waiting",
};

/**
 * Whether some branch of the log has ever listed the device: the seal alone proves nothing, because an epoch's recipient is
 * public, and a stranger's records must not fill anybody's index.
 */
function isByListedDevice(session: Session, file: RecordsFile): boolean {
  const listed = everListed(session.view.log);
  return [...file.records, ...file.locations].every(({ record }) => listed.has(record.device));
}
