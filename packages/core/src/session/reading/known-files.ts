/**
 * What this device knows of the files that it has met on the storage, and which of them are worth another try. SPEC.md §2.
 *
 * What does not fit may be half a file that a sync client still writes, or one that the storage alters for a while. Nobody
 * who shows other bytes for some polls may thereby make a device give a true file up: it is tried ever more seldom, and never
 * given up while it is listed.
 */
import { openLinks, WAITING_LINKS_MAX } from "../../history/add-record.ts";
import type { SqlDatabase } from "../../ports/sql.ts";
import type { StoredObject } from "../../ports/store.ts";
import type { DeviceKey, EpochId } from "../../records/shapes.ts";
import type { Session } from "../session.ts";

/** Most tries in a row of a file that does not fit, and that keeps its size. Then pauses follow, each as long as all before it. */
const TRIES_MAX = 20;
const DAY_MS = 24 * 3600 * 1000;

/** What a stored file is, as far as the outbox and the poll treat kinds differently. */
export type FileKind = "recipient" | "grant" | "records" | "notice" | "listing" | "request" | "plain";

/** What came of reading a file. */
export type FileState = "read" | "waiting" | "crowded" | "unsupported" | "altered" | "foreign";

/** One file, as it was met. */
export interface KnownFile {
  readonly key: string;
  readonly epoch: EpochId;
  readonly kind: FileKind;
  readonly size: number;
  readonly state: FileState;
  /** Whose records it holds, where they wait for room. */
  readonly device?: DeviceKey | undefined;
  readonly detail?: string | undefined;
  /** Whether its bytes had the digest in its name, so that no others will ever come. Default true. */
  readonly fits?: boolean;
}

/** Notes what came of a key, at the log as it is now. */
export function noteFile(session: Pick<Session, "index" | "clock" | "view">, file: KnownFile): void {
  const { key, epoch, kind, size, state, device = null, detail = null, fits = true } = file;
  session.index.run(
    `INSERT INTO files(key, epoch, kind, size, state, device, detail, entries, fits, tried, first, last)
     VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?10, ?10)
     ON CONFLICT(key) DO UPDATE SET size = excluded.size, state = excluded.state, device = excluded.device,
       detail = excluded.detail, entries = excluded.entries, fits = excluded.fits, last = excluded.last,
       tried = CASE WHEN files.size = excluded.size THEN files.tried + 1 ELSE 1 END,
       first = CASE WHEN files.size = excluded.size AND files.first <= excluded.last THEN files.first ELSE excluded.first END`,
    key,
    epoch,
    kind,
    size,
    state,
    device,
    detail,
    session.view.log.nodes.size,
    fits ? 1 : 0,
    session.clock.now(),
  );
}

/** Forgets a records file that was read and lies there no more, and what it held. */
export function forgetFile(index: SqlDatabase, key: string): void {
  index.transaction(() => {
    for (const table of ["held", "placings", "files"]) index.run(`DELETE FROM ${table} WHERE key = ?`, key);
  });
}

interface TriedFile {
  readonly state: FileState;
  readonly size: number;
  readonly device: DeviceKey | null;
  readonly entries: number;
  readonly fits: number;
  readonly tried: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Of what was listed, all that is to be fetched, because nobody has looked at it or what came of it may be otherwise by now:
 * first what was never tried, so that what does not fit stands in the way of nothing.
 */
export function worthTrying<Found extends { readonly stored: Pick<StoredObject, "key" | "size"> }>(
  session: Session,
  listed: readonly Found[],
): Found[] {
  const tries = listed.map((each) => ({ each, tries: triesOf(session, each.stored) }));
  const worth = tries.filter((each): each is { each: Found; tries: number } => each.tries !== undefined);
  return worth.sort((left, right) => left.tries - right.tries).map(({ each }) => each);
}

/** How often a file was tried in vain; undefined if it is not to be tried now. */
function triesOf(session: Session, stored: Pick<StoredObject, "key" | "size">): number | undefined {
  const known = session.index.get<TriedFile>(
    "SELECT state, size, device, entries, fits, tried, first, last FROM files WHERE key = ?",
    stored.key,
  );
  if (known === undefined) return 0;
  return isWorthTrying(session, { known, stored }) ? known.tried : undefined;
}

function isWorthTrying(
  session: Session,
  { known, stored }: { readonly known: TriedFile; readonly stored: Pick<StoredObject, "size"> },
): boolean {
  if (known.state === "read") return false;
  if (known.state === "waiting") return known.entries !== session.view.log.nodes.size;
  if (known.state === "crowded") return hasRoom(session.index, known.device ?? "");
  if (known.size !== stored.size) return true;
  if (known.fits === 1 && known.state !== "unsupported") return false;
  return known.tried < TRIES_MAX || isRested(known, session.clock.now());
}

/** Whether the pause since the last try is as long as all tries took, or a day; a clock that went back has no say. */
function isRested({ first, last }: TriedFile, now: number): boolean {
  return now < last || now - last >= Math.min(last - first, DAY_MS);
}

/** Whether most of what waited of a device has been taken in since. */
function hasRoom(index: SqlDatabase, device: DeviceKey): boolean {
  return openLinks(index, device) <= WAITING_LINKS_MAX / 2;
}

/**
 * Forgets what came of files of one kind that are not listed any more and were not taken in: so nobody is warned of what is
 * gone, and the index holds no more of a stranger's names than the storage lists.
 *
 * @param where.epoch - The epoch whose folder was listed; all epochs if undefined.
 */
export function forgetUnlisted(
  session: Session,
  where: { readonly kind: FileKind; readonly epoch?: EpochId; readonly listed: ReadonlySet<string> },
): void {
  const { kind, epoch = null, listed } = where;
  const known = session.index.all<{ key: string }>(
    "SELECT key FROM files WHERE kind = ?1 AND (?2 IS NULL OR epoch = ?2) AND state <> 'read'",
    kind,
    epoch,
  );
  const gone = known.filter(({ key }) => !listed.has(key));
  if (gone.length === 0) return;
  session.index.transaction(() => {
    for (const { key } of gone) session.index.run("DELETE FROM files WHERE key = ?", key);
  });
}
