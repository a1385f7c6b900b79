/**
 * Listings: the whole tree in plain JSON lines, so that stock tools can bring every file back. SPEC.md §11.
 *
 * The rows carry the same fields as the operations of changes, so whoever reads a listing reads the changes after it alike.
 */
import { sealFile } from "../age/file.ts";
import { concatBytes, toUtf8 } from "../encoding/bytes.ts";
import { nameDigest } from "../encoding/digest.ts";
import { encodeBase64, writeLine } from "../encoding/strict.ts";
import { readMeta, writeMeta } from "../index/meta.ts";
import type { Crypto } from "../ports/crypto.ts";
import { padLines } from "../records/records-file.ts";
import { allBlobs } from "../tree/blobs.ts";
import { countingFrontier } from "../tree/counting-frontier.ts";
import { listFolder } from "../tree/listing.ts";
import { locationsOf, toPieces } from "./blob-sources.ts";
import { memberNames } from "./member-names.ts";
import { requireCurrent } from "./publish.ts";
import type { Session } from "./session.ts";

/** Most bytes of rows in one file of a listing; a large tree takes several. */
const PART_BYTES = 24 * 1024 * 1024;
const DAY_MS = 24 * 3600 * 1000;
/** A listing is due when the operations since are one part in this many of its rows. */
const DUE_PART = 4;
const LINE_FEED = new Uint8Array([0x0a]);

/** What this device remembers of the newest listing that it put. */
interface Listed {
  readonly epoch: string;
  readonly time: number;
  readonly rows: number;
  /** Sequence of the newest record of the history that it covers. */
  readonly sequence: number;
}

/** Writes a listing of the tree as it is, if the last one is old enough to matter. */
export async function writeListingIfDue(session: Session, signal?: AbortSignal): Promise<boolean> {
  if (!isDue(session)) return false;
  await writeListing(session, signal);
  return true;
}

function isDue(session: Session): boolean {
  const last = lastListing(session);
  if (!last || last.epoch !== session.view.current.epoch) return newestSequence(session) > 0;
  const since = (sql: string) => session.index.get<{ count: number }>(sql, last.sequence)?.count ?? 0;
  const operations =
    since("SELECT count(*) AS count FROM tree_version WHERE change > ?") +
    since("SELECT count(*) AS count FROM tree_place WHERE change > ?") +
    since("SELECT count(*) AS count FROM tree_delete WHERE change > ?");
  if (operations === 0) return false;
  const isMoved = since("SELECT count(*) AS count FROM tree_place WHERE change > ? AND again = 1") > 0;
  return isMoved || session.clock.now() - last.time > DAY_MS || operations * DUE_PART >= last.rows;
}

function lastListing(session: Session): Listed | undefined {
  const json = readMeta<string>(session.index, "listing");
  return json === undefined ? undefined : (JSON.parse(json) as Listed);
}

function newestSequence(session: Session): number {
  return session.index.get<{ id: number | null }>("SELECT max(id) AS id FROM tree_change")?.id ?? 0;
}

async function writeListing(session: Session, signal?: AbortSignal): Promise<void> {
  const epoch = requireCurrent(session);
  const options = signal ? { signal } : {};
  const sequence = newestSequence(session);
  const older: { key: string; number: number }[] = [];
  for await (const { key } of session.store.list(`${epoch.epoch}/listings`, options))
    if (numberOf(key) > 0) older.push({ key, number: numberOf(key) });
  const number = 1 + Math.max(0, ...older.map((each) => each.number));
  let rows = 0;
  let part = 1;
  for (const lines of parts(session)) {
    rows += lines.length;
    const plaintext = await signedPart(session, { epoch: epoch.epoch, number, part: part++, lines });
    const { sealed } = await sealFile(session.crypto, { recipients: [epoch.recipient], suite: epoch.suite, plaintext });
    await session.store.put(`${epoch.epoch}/listings/${number}-${nameDigest(sealed)}.age`, sealed, options);
  }
  writeMeta(
    session.index,
    "listing",
    JSON.stringify({ epoch: epoch.epoch, time: session.clock.now(), rows, sequence } satisfies Listed),
  );
  // The one before stays too: a reader who has begun with it can end with it.
  for (const old of older) if (old.number < number - 1) await session.store.delete(old.key, options);
}

/** 0 for what is no listing, or has a number that nobody reaches by counting: a stranger may leave anything. */
function numberOf(key: string): number {
  return Number(/\/listings\/([1-9][0-9]{0,8})-[0-9a-f]{32}\.age$/.exec(key)?.[1] ?? 0);
}

/** Rows in parts that fit one stored file each; at least one part, maybe empty. */
function* parts(session: Session): Generator<Uint8Array[]> {
  let lines: Uint8Array[] = [];
  let bytes = 0;
  for (const row of rowsOf(session)) {
    const line = writeLine(row);
    if (bytes + line.length > PART_BYTES) {
      yield lines;
      lines = [];
      bytes = 0;
    }
    lines.push(line);
    bytes += line.length + 1;
  }
  yield lines;
}

/** Everything that recovery needs: what is where, which pieces make it, and which objects hold them. */
function* rowsOf(session: Session): Generator<object> {
  for (const entry of listFolder(session.index, "", { recursive: true, nameOf: memberNames(session.view.state) })) {
    const { node, path, size, modified, executable, extents, target } = entry;
    if (entry.kind === "folder") yield { op: "place", node, path };
    else if (entry.kind === "link") yield { op: "link", node, target, path };
    else yield { op: "file", node, version: entry.version, size, modified, executable, extents, path };
  }
  for (const { blob, salt, pieces } of allBlobs(session.index)) {
    yield { op: "blob", blob, salt, pieces: toPieces(pieces) };
    for (const { epoch, object, length } of locationsOf(session, blob)) {
      yield { type: "conclave/v1/location", epoch, blob, object, length };
    }
  }
}

/** One part of the session's listing, signed. */
function signedPart(
  session: Session,
  options: {
    readonly epoch: string;
    readonly number: number;
    readonly part: number;
    readonly lines: readonly Uint8Array[];
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const { epoch, number, part, lines } = options;
  const first: ListingStart = {
    type: "conclave/v1/listing",
    group: session.group,
    device: session.deviceKey,
    epoch,
    number,
    part,
    covers: countingFrontier(session.index),
    time: session.clock.now(),
  };
  return signListing(session.crypto, { first, lines, signingKey: session.device.signingKey });
}

/** The first line of a listing's part: which tree it shows. SPEC.md §11. */
export interface ListingStart {
  readonly type: "conclave/v1/listing";
  readonly group: string;
  readonly device: string;
  readonly epoch: string;
  readonly number: number;
  /** From 1. */
  readonly part: number;
  /** The newest changes that it knows. */
  readonly covers: readonly string[];
  readonly time: number;
}

/** A first line that says what it covers, the rows, and a last line with the signature over all before it; padded. */
export async function signListing(
  crypto: Crypto,
  options: {
    readonly first: ListingStart;
    readonly lines: readonly Uint8Array[];
    /** 32 bytes, secret. */
    readonly signingKey: Uint8Array;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const { first, lines, signingKey } = options;
  const body = concatBytes(...[writeLine(first), ...lines].flatMap((line) => [line, LINE_FEED]));
  const message = concatBytes(toUtf8(first.type), new Uint8Array(1), body);
  const signature = await crypto.sign({ signingKey, message });
  return padLines(concatBytes(body, toUtf8(encodeBase64(signature)), LINE_FEED));
}
