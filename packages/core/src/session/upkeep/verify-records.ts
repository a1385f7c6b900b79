/** Verifying records files: each is fetched and opened again, and what does not fit is named as ours or as nobody's. */
import { ConclaveError } from "../../errors.ts";
import { writerTag } from "../../group/writer-tag.ts";
import { getIfThere, STORED_BYTES_MAX, type StoredObject } from "../../ports/store.ts";
import { openRecords, parseRecordsKey, type RecordsFile, type RecordsName } from "../../records/records-file.ts";
import type { WriterId } from "../../records/shapes.ts";
import type { Problem } from "../problem.ts";
import { isByListedDevice } from "../reading/read-records.ts";
import type { Session } from "../session.ts";

/** Most records files that this device never read which are named: a stranger may drop any number. */
const UNREAD_MAX = 100;

/**
 * Reports every records file that does not fit, of epochs that this device can open.
 *
 * @returns How many records lie there.
 */
export async function verifyRecords(
  session: Session,
  options: {
    readonly listed: ReadonlyMap<string, StoredObject>;
    readonly report: (problem: Problem) => void;
    readonly signal?: AbortSignal;
  },
): Promise<number> {
  const { listed, report, signal } = options;
  let records = 0;
  let unread = 0;
  for (const stored of listed.values()) {
    const wasRead = isRead(session, stored.key);
    if (!wasRead && unread > UNREAD_MAX) continue; // check: size
    const found = await openStored(session, stored, signal);
    records += found?.file?.records.length ?? 0;
    if (!found?.problem) continue;
    if (wasRead || unread++ < UNREAD_MAX) report(found.problem);
  }
  if (unread > UNREAD_MAX) {
    report({
      code: "foreign",
      detail: `there are more than ${UNREAD_MAX} files among the records that were never read`,
    });
  }
  return records;
}

/** Opens a stored file if it is one of records; undefined if it is none, or gone since it was listed. */
async function openStored(
  session: Session,
  { key, size }: StoredObject,
  signal?: AbortSignal,
): Promise<{ readonly file?: RecordsFile; readonly problem?: Problem } | undefined> {
  const name = parseRecordsKey(key);
  const epoch = name && session.view.opened.get(name.epoch);
  if (!name || !epoch) return undefined;
  try {
    if (size > STORED_BYTES_MAX) throw new ConclaveError("larger than any records file", { code: "limit" }); // check: size
    const call = { length: STORED_BYTES_MAX + 1, ...(signal ? { signal } : {}) };
    const bytes = await getIfThere(session.store, key, call);
    if (!bytes) return undefined;
    const file = await openRecords(session.crypto, { name, bytes, epoch, group: session.group });
    if (isByListedDevice(session, file)) return tryAgain(session, key) ? { file, problem: fitsAgain(key) } : { file };
    return { problem: { code: "foreign", key, detail: "signed by nobody whom the log lists" } };
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    return { problem: { code: isOurs(session, key, name) ? "altered" : "foreign", key, detail: error.message } };
  }
}

/** What did not fit when it was last looked at, and does, is looked at by the next poll, whatever pause it was in. */
function tryAgain(session: Session, key: string): boolean {
  return session.index.run("DELETE FROM files WHERE key = ? AND state = 'altered'", key) > 0;
}

function fitsAgain(key: string): Problem {
  return { code: "awaited", key, detail: "this file did not fit, and does now: the next command takes it in" };
}

function isRead(session: Session, key: string): boolean {
  return session.index.get("SELECT 1 FROM files WHERE key = ? AND state = 'read'", key) !== undefined;
}

/**
 * Whether a file that does not fit is, or may be, one of the group's that is damaged: it was read before; or its name is one
 * that a member's writer gives, for records that are not known here. Names can be seen and copied by anybody: so a copy
 * whose records are all known, whatever it holds, is nobody's.
 */
function isOurs(session: Session, key: string, name: RecordsName): boolean {
  return isRead(session, key) || lacksRecordsOf(session, name);
}

function lacksRecordsOf(session: Session, name: RecordsName): boolean {
  const writer = writerOf(session, name);
  if (writer === undefined) return false;
  // For each device: another member's may sign under the same writer, which makes none of these records known.
  const sql = `SELECT count(DISTINCT CASE WHEN number >= ?2 AND number < ?3 THEN number END) AS n FROM lines
    WHERE writer = ?1 GROUP BY device`;
  const known = session.index.all<{ n: number }>(sql, writer, name.first, name.first + name.count);
  return known.some(({ n }) => n < name.count);
}

/** The writer whose tag a name bears: only who holds the epoch's identity can draw one that was never seen. */
function writerOf(session: Session, { epoch, tag }: RecordsName): WriterId | undefined {
  const identity = session.view.opened.get(epoch)?.identity ?? "";
  const writers = session.index.all<{ writer: WriterId }>("SELECT DISTINCT writer FROM lines");
  return writers.map(({ writer }) => writer).find((writer) => writerTag(identity, writer) === tag);
}
