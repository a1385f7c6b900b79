import { fromHex, toHex } from "../encoding/hex.ts";
import { ConclaveError } from "../errors.ts";
import type { SqlDatabase } from "../ports/sql.ts";
import type { DeviceKey, RecordDigest, WriterId } from "../records/shapes.ts";
import { type AppliedParts, applyRecord } from "./apply-record.ts";
import { type AppliedRow, appliedRow, CHANGE_CODE, codeOf, type NumberedType } from "./stored-record.ts";

/**
 * Most links (to a previous record or a parent) that the waiting records of one device may have. Whoever names what does
 * not exist fills only their own share.
 */
export const WAITING_LINKS_MAX = 10_000;

/** What the history needs of a numbered record. Its signature, type, group and limits were checked before. */
export interface HistoryRecord {
  readonly digest: RecordDigest;
  readonly type: NumberedType;
  readonly device: DeviceKey;
  readonly writer: WriterId;
  readonly number: number;
  readonly previous: RecordDigest | null;
  /** The newest log entry that its author knew; null of log entries. */
  readonly head: RecordDigest | null;
  /** Changes that this change builds on; empty of other records. */
  readonly parents: readonly RecordDigest[];
  /** Claimed, milliseconds since 1970. */
  readonly time: number;
}

/**
 * Adds a record to the history, in one transaction.
 *
 * It is applied once its previous record and all its parents are, and then so is, one after the other, whatever waited for
 * it: see {@link appliedSince}. Until then it waits, forever if what it names does not exist.
 *
 * @param options.dropped - Told of each record that waited for this one, turned out not to fit it, and is known no more.
 * @returns `applied`, `waiting`, or `known` if it was added before.
 * @throws ConclaveError `malformed` if its number, previous record or parents do not fit; it is not kept then. `limit` if too
 *   much of this device waits already: read the records of others first, then offer it again.
 */
export function addRecord(
  db: SqlDatabase,
  record: HistoryRecord,
  options: { readonly linksMax?: number; readonly dropped?: (digest: RecordDigest) => void } = {},
): "applied" | "waiting" | "known" {
  if ((record.previous === null) !== (record.number === 1))
    refuse(record, "its number does not fit its previous record"); // check: link
  return db.transaction(() => {
    const digest = fromHex(record.digest);
    if (isHeld(db, digest)) return "known";
    const links = linksOf(record);
    for (const link of links) refuseMisfit(db, record, link);
    const device = internDevice(db, record.device);
    const writer = internWriter(db, device, record.writer);
    const needed = links.map((link) => appliedRow(db, link.needed));
    const head = record.head === null ? null : internHead(db, fromHex(record.head));
    const parts = { digest, type: codeOf(record.type), writer, number: record.number, head, time: record.time };
    for (const dropped of dropMisfits(db, parts)) options.dropped?.(toHex(dropped));
    if (needed.includes(undefined)) {
      wait(db, { parts, device, links, missing: needed.filter((row) => row === undefined).length, ...options });
      return "waiting";
    }
    applyRecord(db, parts, splitLinks(links, needed as AppliedRow[]));
    releaseWaiting(db, digest);
    return "applied";
  });
}

/** One record that another one names: as its previous one, or as a parent. */
interface Link {
  readonly needed: Uint8Array;
  readonly parent: boolean;
}

function refuse(record: HistoryRecord, why: string): never {
  throw new ConclaveError(`record ${record.digest} is refused: ${why}`, { code: "malformed" });
}

function linksOf(record: HistoryRecord): Link[] {
  const parents = [...new Set(record.parents)].map((parent) => ({ needed: fromHex(parent), parent: true }));
  return record.previous === null ? parents : [{ needed: fromHex(record.previous), parent: false }, ...parents];
}

function isHeld(db: SqlDatabase, digest: Uint8Array): boolean {
  return (
    appliedRow(db, digest) !== undefined ||
    db.get("SELECT 1 FROM history_waiting WHERE digest = ?", digest) !== undefined
  );
}

/** Type, number, device and writer of a record that is held, applied or not. */
interface HeldRow {
  readonly type: number;
  readonly number: number;
  readonly device: Uint8Array;
  readonly writer: Uint8Array;
}

const HELD = `
SELECT r.type, r.number, d.device, w.writer FROM history_record r
JOIN history_lane l ON l.id = r.lane JOIN history_writer w ON w.id = l.writer JOIN history_device d ON d.id = w.device
WHERE r.digest = ?1
UNION ALL
SELECT r.type, r.number, d.device, w.writer FROM history_waiting r
JOIN history_writer w ON w.id = r.writer JOIN history_device d ON d.id = w.device
WHERE r.digest = ?1`;

function refuseMisfit(db: SqlDatabase, record: HistoryRecord, link: Link): void {
  const held = db.get<HeldRow>(HELD, link.needed);
  if (held === undefined) return;
  if (link.parent) {
    if (held.type !== CHANGE_CODE) refuse(record, "a parent of it is not a change"); // check: link
    return;
  }
  const fits =
    held.number === record.number - 1 && toHex(held.device) === record.device && toHex(held.writer) === record.writer;
  if (!fits) refuse(record, "its previous record is another writer's, or has another number"); // check: link
}

/**
 * Drops what waited for this record and does not fit it, as it would have been refused had it come later: so the order of
 * arrival decides nothing.
 *
 * @returns Their digests.
 */
function dropMisfits(db: SqlDatabase, record: AppliedParts): Uint8Array[] {
  const waiters = db.all<{ id: number; digest: Uint8Array; writer: number; number: number; parent: number }>(
    `SELECT w.id, w.digest, w.writer, w.number, l.parent FROM history_link l JOIN history_waiting w ON w.id = l.waiter
     WHERE l.needed = ?`,
    record.digest,
  );
  const misfits = waiters.filter((waiter) => {
    const fits =
      waiter.parent === 1
        ? record.type === CHANGE_CODE
        : waiter.writer === record.writer && waiter.number === record.number + 1;
    return !fits; // check: link
  });
  for (const { id } of misfits) forgetWaiting(db, id);
  return misfits.map(({ digest }) => digest);
}

/** Takes a record out of the waiting ones, with its links. */
function forgetWaiting(db: SqlDatabase, id: number): void {
  db.run(
    `UPDATE history_device SET links = links - (SELECT count(*) FROM history_link WHERE waiter = ?1)
     WHERE id = (SELECT w.device FROM history_waiting r JOIN history_writer w ON w.id = r.writer WHERE r.id = ?1)`,
    id,
  );
  db.run("DELETE FROM history_link WHERE waiter = ?", id);
  db.run("DELETE FROM history_waiting WHERE id = ?", id);
}

function wait(
  db: SqlDatabase,
  options: {
    readonly parts: AppliedParts;
    readonly device: number;
    readonly links: readonly Link[];
    readonly missing: number;
    readonly linksMax?: number;
  },
): void {
  const { parts, device, links } = options;
  const { links: open } = db.get("SELECT links FROM history_device WHERE id = ?", device) as { links: number };
  if (open + links.length > (options.linksMax ?? WAITING_LINKS_MAX))
    throw new ConclaveError("too many records of one device wait for others", { code: "limit" }); // check: size
  db.run("UPDATE history_device SET links = links + ? WHERE id = ?", links.length, device);
  db.run(
    `INSERT INTO history_waiting (digest, type, writer, number, head, time, missing) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    parts.digest,
    parts.type,
    parts.writer,
    parts.number,
    parts.head,
    parts.time,
    options.missing,
  );
  const { id } = db.get("SELECT id FROM history_waiting WHERE digest = ?", parts.digest) as { id: number };
  for (const link of links)
    db.run("INSERT INTO history_link (needed, waiter, parent) VALUES (?, ?, ?)", link.needed, id, link.parent ? 1 : 0);
}

/** How many links the waiting records of one device have now. */
export function openLinks(db: SqlDatabase, device: DeviceKey): number {
  const sql = "SELECT links FROM history_device WHERE device = ?";
  return db.get<{ links: number }>(sql, fromHex(device))?.links ?? 0;
}

function splitLinks(links: readonly Link[], rows: readonly AppliedRow[]) {
  const previous = links.findIndex((link) => !link.parent);
  return { previous: rows[previous], parents: rows.filter((_, index) => index !== previous) };
}

/** Applies, one after the other, what nothing is missing for any more now that this record is applied. */
function releaseWaiting(db: SqlDatabase, digest: Uint8Array): void {
  const applied = [digest];
  for (let next = applied.pop(); next !== undefined; next = applied.pop()) {
    const waiters = db.all<{ waiter: number }>("SELECT waiter FROM history_link WHERE needed = ?", next);
    for (const { waiter } of waiters) {
      db.run("UPDATE history_waiting SET missing = missing - 1 WHERE id = ?", waiter);
      const row = db.get<AppliedParts & { missing: number }>("SELECT * FROM history_waiting WHERE id = ?", waiter);
      if (row === undefined || row.missing > 0) continue;
      applyWaiting(db, waiter, row);
      applied.push(row.digest);
    }
  }
}

function applyWaiting(db: SqlDatabase, id: number, parts: AppliedParts): void {
  const rows = db.all<{ needed: Uint8Array; parent: number }>(
    "SELECT needed, parent FROM history_link WHERE waiter = ?",
    id,
  );
  const links = rows.map((row) => ({ needed: row.needed, parent: row.parent === 1 }));
  const needed = links.map((link) => appliedRow(db, link.needed) as AppliedRow);
  forgetWaiting(db, id);
  applyRecord(db, parts, splitLinks(links, needed));
}

function internDevice(db: SqlDatabase, device: DeviceKey): number {
  const bytes = fromHex(device);
  const find = () => db.get<{ id: number }>("SELECT id FROM history_device WHERE device = ?", bytes)?.id;
  const known = find();
  if (known !== undefined) return known;
  db.run("INSERT INTO history_device (device) VALUES (?)", bytes);
  return find() as number;
}

function internWriter(db: SqlDatabase, device: number, writer: WriterId): number {
  const bytes = fromHex(writer);
  const find = () =>
    db.get<{ id: number }>("SELECT id FROM history_writer WHERE device = ? AND writer = ?", device, bytes)?.id;
  const known = find();
  if (known !== undefined) return known;
  db.run("INSERT INTO history_writer (device, writer) VALUES (?, ?)", device, bytes);
  return find() as number;
}

function internHead(db: SqlDatabase, digest: Uint8Array): number {
  const find = () => db.get<{ id: number }>("SELECT id FROM history_head WHERE digest = ?", digest)?.id;
  const known = find();
  if (known !== undefined) return known;
  db.run("INSERT INTO history_head (digest) VALUES (?)", digest);
  return find() as number;
}
