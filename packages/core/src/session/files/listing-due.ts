/**
 * When a listing is written anew: when the last one, whoever put it, is old or leaves much to be read besides. SPEC.md §11.
 *
 * What a listing of somebody else says it covers is believed here: the worst that a false one does is that stock tools have
 * more changes to read.
 */
import { NONCE_BYTES, SEALED_CHUNK_BYTES } from "../../age/chunks.ts";
import { headerBytes, openHeader } from "../../age/header.ts";
import { readLine } from "../../encoding/strict.ts";
import { ConclaveError } from "../../errors.ts";
import { recordOf } from "../../history/stored-record.ts";
import { readMeta, writeMeta } from "../../index/meta.ts";
import { listStored } from "../../ports/list-stored.ts";
import { getIfThere } from "../../ports/store.ts";
import { type ListingStart, listingStart } from "../../records/listing-start.ts";
import type { EpochId } from "../../records/shapes.ts";
import { countTree } from "../../tree/listing.ts";
import type { Session } from "../session.ts";
import { requireCurrent } from "../writing/publish.ts";

const DAY_MS = 24 * 3600 * 1000;
/** A listing is due when the operations since are one part in this many of its rows. */
const DUE_PART = 4;

/** What matters of a listing once it is put. */
export interface Listed {
  readonly epoch: EpochId;
  readonly number: number;
  readonly time: number;
  readonly rows: number;
  /** Sequence of the newest record of the history that it covers. */
  readonly sequence: number;
}

/** Remembers a listing that was put or looked into. */
export function noteListing(session: Session, listed: Listed): void {
  writeMeta(session.index, "listing", JSON.stringify(listed));
}

/** Sequence of the newest change that the tree has seen; 0 before the first. */
export function newestSequence(session: Session): number {
  return session.index.get<{ id: number | null }>("SELECT max(id) AS id FROM tree_change")?.id ?? 0;
}

/** The current epoch's listings as the storage shows them. */
export async function listings(
  session: Session,
  signal?: AbortSignal,
): Promise<{ readonly key: string; readonly number: number; readonly size: number }[]> {
  const found: { key: string; number: number; size: number }[] = [];
  const folder = `${session.view.current.epoch}/listings`;
  for await (const { key, size } of listStored(session.store, folder, signal ? { signal } : {})) {
    const name = parseListingKey(key);
    if (name) found.push({ key, number: name.number, size });
  }
  return found;
}

/** What the name of a listing says. */
export interface ListingName {
  readonly epoch: EpochId;
  readonly number: number;
  readonly digest: string;
}

/** Reads a key; undefined for what is no listing, or has a number that nobody reaches by counting: a stranger may leave anything. */
export function parseListingKey(key: string): ListingName | undefined {
  const [, epoch = "", number, digest = ""] =
    /^([0-9a-f]{64})\/listings\/([1-9][0-9]{0,8})-([0-9a-f]{32})\.age$/.exec(key) ?? [];
  return number === undefined ? undefined : { epoch, number: Number(number), digest };
}

/** Whether the tree has changed enough since the newest listing. */
export async function isListingDue(session: Session, signal?: AbortSignal): Promise<boolean> {
  const known = remembered(session);
  if (known && !isOutdated(session, known)) return false;
  const newest = (await newestListing(session, { above: known?.number ?? 0, ...(signal ? { signal } : {}) })) ?? known;
  if (!newest) return newestSequence(session) > 0;
  if (newest !== known) noteListing(session, newest);
  return isOutdated(session, newest);
}

function remembered(session: Session): Listed | undefined {
  const json = readMeta<string>(session.index, "listing");
  const listed = json === undefined ? undefined : (JSON.parse(json) as Listed);
  return listed?.epoch === session.view.current.epoch ? listed : undefined;
}

function isOutdated(session: Session, last: Listed): boolean {
  const since = (sql: string) => session.index.get<{ count: number }>(sql, last.sequence)?.count ?? 0;
  const operations =
    since("SELECT count(*) AS count FROM tree_version WHERE change > ?") +
    since("SELECT count(*) AS count FROM tree_place WHERE change > ?") +
    since("SELECT count(*) AS count FROM tree_delete WHERE change > ?");
  if (operations === 0) return false;
  const isMoved = since("SELECT count(*) AS count FROM tree_place WHERE change > ? AND again = 1") > 0;
  return isMoved || session.clock.now() - last.time > DAY_MS || operations * DUE_PART >= last.rows;
}

/** The newest listing with a number above the one known, by what its first line says. */
async function newestListing(
  session: Session,
  options: { readonly above: number; readonly signal?: AbortSignal },
): Promise<Listed | undefined> {
  const found = (await listings(session, options.signal)).sort((left, right) => right.number - left.number);
  const [newest] = found;
  if (!newest || newest.number <= options.above) return undefined;
  const start = await readStart(session, newest, options.signal);
  if (!start || start.number !== newest.number) return undefined;
  const covered = start.covers.map((change) => recordOf(session.index, change)?.sequence);
  if (covered.some((sequence) => sequence === undefined)) return undefined;
  const { files, folders } = countTree(session.index);
  const sequence = Math.max(0, ...(covered as number[]));
  const time = Math.min(start.time, session.clock.now());
  return { epoch: start.epoch, number: start.number, time, rows: files + folders, sequence };
}

/** The first line of a listing, out of its first chunk alone; undefined if it is none. */
async function readStart(
  session: Session,
  listing: { readonly key: string; readonly size: number },
  signal?: AbortSignal,
): Promise<ListingStart | undefined> {
  const { identity, suite } = requireCurrent(session);
  const payloadOffset = headerBytes(suite) + NONCE_BYTES;
  const length = payloadOffset + SEALED_CHUNK_BYTES;
  const bytes = await getIfThere(session.store, listing.key, { length, ...(signal ? { signal } : {}) });
  if (!bytes) return undefined;
  try {
    const { fileKey, nonce } = await openHeader({ start: bytes, identities: [identity], suite });
    const last = listing.size <= length;
    const chunks = bytes.slice(payloadOffset);
    const plaintext = await session.crypto.openPayload({ fileKey, nonce, chunks, firstChunk: 0, last });
    return readLine(plaintext.subarray(0, Math.max(0, plaintext.indexOf(0x0a))), listingStart);
  } catch (error) {
    if (error instanceof ConclaveError) return undefined;
    throw error;
  }
}
