/**
 * Listings: the whole tree in plain JSON lines, so that stock tools can bring every file back. SPEC.md §11.
 *
 * The rows carry the same fields as the operations of changes, so whoever reads a listing reads the changes after it alike.
 */
import { sealFile } from "../../age/file.ts";
import { concatBytes, joinBytes, toUtf8 } from "../../encoding/bytes.ts";
import { nameDigest } from "../../encoding/digest.ts";
import { encodeBase64, writeLine } from "../../encoding/strict.ts";
import type { Crypto } from "../../ports/crypto.ts";
import type { ListingStart } from "../../records/listing-start.ts";
import { padLines } from "../../records/records-file.ts";
import { allBlobs } from "../../tree/blobs.ts";
import { countingFrontier } from "../../tree/counting-frontier.ts";
import { listFolder } from "../../tree/listing.ts";
import { memberNames } from "../people/member-names.ts";
import { requireStill } from "../reading/abreast.ts";
import type { Session } from "../session.ts";
import { requireCurrent } from "../writing/publish.ts";
import { locationsOf, toPieces } from "./blob-sources.ts";
import { isListingDue, listings, newestSequence, noteListing } from "./listing-due.ts";

/** Most bytes of rows in one file of a listing; a large tree takes several. */
const PART_BYTES = 24 * 1024 * 1024;
const LINE_FEED = new Uint8Array([0x0a]);

/** Writes a listing of the tree as it is, if the last one is old enough to matter. */
export async function writeListingIfDue(session: Session, signal?: AbortSignal): Promise<boolean> {
  if (!(await isListingDue(session, signal))) return false;
  await writeListing(session, signal);
  return true;
}

async function writeListing(session: Session, signal?: AbortSignal): Promise<void> {
  const epoch = requireCurrent(session);
  const options = signal ? { signal } : {};
  const sequence = newestSequence(session);
  const older = await listings(session, signal);
  const number = 1 + Math.max(0, ...older.map((each) => each.number));
  let rows = 0;
  let part = 1;
  for (const lines of parts(session)) {
    rows += lines.length;
    const plaintext = await signedPart(session, { epoch: epoch.epoch, number, part: part++, lines });
    const { sealed } = await sealFile(session.crypto, { recipients: [epoch.recipient], suite: epoch.suite, plaintext });
    requireStill(session, epoch.epoch);
    await session.store.put(`${epoch.epoch}/listings/${number}-${nameDigest(sealed)}.age`, sealed, options);
  }
  noteListing(session, { epoch: epoch.epoch, number, time: session.clock.now(), rows, sequence });
  // The one before stays too: a reader who has begun with it can end with it.
  for (const old of older) if (old.number < number - 1) await session.store.delete(old.key, options);
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
  const body = joinBytes([writeLine(first), ...lines].flatMap((line) => [line, LINE_FEED]));
  const message = concatBytes(toUtf8(first.type), new Uint8Array(1), body);
  const signature = await crypto.sign({ signingKey, message });
  return padLines(concatBytes(body, toUtf8(encodeBase64(signature)), LINE_FEED));
}
