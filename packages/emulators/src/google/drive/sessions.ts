/** Resumable uploads: a session takes bytes in several requests, and tells how many it holds. */
import { slice } from "../../cloud/contents.ts";
import { type Answer, type Call, emptyAnswer } from "../../http/call.ts";
import type { GoogleState, UploadSession } from "../state.ts";
import { GoogleError, invalid } from "./google-error.ts";
import { type Metadata, toMetadata } from "./metadata.ts";
import { type DriveRequest, readJson } from "./request.ts";

/** What is kept of a request that breaks off, and what all but the last must be a multiple of. */
const GRAIN_BYTES = 256 * 1024;
const SESSION_LIFE_MS = 7 * 24 * 3_600_000;

/** Opens a session. `keep` makes the file once all bytes are there. */
export async function startSession(
  request: DriveRequest,
  keep: (metadata: Metadata, type: string | undefined, chunks: readonly Uint8Array[]) => Answer,
): Promise<Answer> {
  const { google, call } = request;
  const metadata = toMetadata(await readJson(request));
  const { "x-upload-content-length": length, "x-upload-content-type": type } = call.headers;
  const id = `ABg${google.random.id(80)}`;
  google.sessions.set(id, {
    id,
    startedMs: google.cloud.clock.now(),
    sizeBytes: length === undefined ? undefined : Number(length),
    finish: (chunks) => keep(metadata, type === undefined ? undefined : String(type), chunks),
    chunks: [],
    heldBytes: 0,
    result: undefined,
  });
  const url = new URL(call.url);
  url.searchParams.set("upload_id", id);
  return emptyAnswer(200, { location: url.href, "x-guploader-uploadid": id });
}

/** One request to a session: more bytes, or only the question how many it holds. */
export async function continueSession(google: GoogleState, call: Call): Promise<Answer> {
  const session = findSession(google, call);
  if (call.method === "DELETE") {
    google.sessions.delete(session.id);
    return emptyAnswer(499);
  }
  if (session.result) return session.result;
  const range = parseRange(call);
  if (range.isQuestion) return finishIfWhole(session, range.total);
  await take(session, call, range);
  return finishIfWhole(session, range.total);
}

function findSession({ sessions, cloud }: GoogleState, call: Call): UploadSession {
  const session = sessions.get(call.url.searchParams.get("upload_id") ?? "");
  if (session && session.startedMs + SESSION_LIFE_MS > cloud.clock.now()) return session;
  throw new GoogleError(404, "notFound", "The upload session was not found.");
}

/** What `Content-Range` says of a request. */
interface ContentRange {
  readonly start: number;
  /** One past the last byte; undefined where the request does not say. */
  readonly end: number | undefined;
  /** The size of the file; undefined where it is not known yet. */
  readonly total: number | undefined;
  readonly isQuestion: boolean;
}

function parseRange({ headers }: Call): ContentRange {
  const text = headers["content-range"];
  if (text === undefined) {
    const length = headers["content-length"];
    const end = length === undefined ? undefined : Number(length);
    return { start: 0, end, total: end, isQuestion: false };
  }
  const [, span, first, last, size] = /^bytes (\*|(\d+)-(\d+))\/(\d+|\*)$/.exec(text) ?? [];
  if (span === undefined) throw invalid("Content-Range", `Failed to parse Content-Range header: ${text}`);
  const total = size === "*" ? undefined : Number(size);
  if (span === "*") return { start: 0, end: undefined, total, isQuestion: true };
  return { start: Number(first), end: Number(last) + 1, total, isQuestion: false };
}

async function take(session: UploadSession, call: Call, range: ContentRange): Promise<void> {
  requireFit(session, call, range);
  let skip = session.heldBytes - range.start;
  try {
    for await (const chunk of call.body) {
      const fresh = chunk.subarray(Math.min(Math.max(skip, 0), chunk.length));
      skip -= chunk.length;
      if (fresh.length > 0) session.chunks.push(fresh);
      session.heldBytes += fresh.length;
    }
  } catch (error) {
    keepWholeGrains(session);
    throw error;
  }
}

function requireFit(session: UploadSession, call: Call, { start, end, total }: ContentRange): void {
  if (start > session.heldBytes) {
    const offset = `the upload offset is ${start} byte(s), which exceeds already uploaded size of ${session.heldBytes} byte(s).`;
    throw new GoogleError(400, "badRequest", `Invalid request. According to the Content-Range header, ${offset}`);
  }
  const expected = session.sizeBytes ?? total;
  if (total !== undefined && expected !== total)
    throw invalid("Content-Range", "The size differs from what was declared.");
  if (end === undefined) return;
  if (
    Number(call.headers["content-length"] ?? end - start) !== end - start ||
    (expected !== undefined && end > expected)
  ) {
    throw invalid("Content-Range", "Content-Range and the length of the body do not agree.");
  }
  if ((end - start) % GRAIN_BYTES !== 0 && end !== total) {
    throw invalid("Content-Range", `All chunks but the last must be multiples of ${GRAIN_BYTES} bytes.`);
  }
}

/** As Google does: of what broke off, only whole pieces of 256 KiB stay. */
function keepWholeGrains(session: UploadSession): void {
  session.heldBytes -= session.heldBytes % GRAIN_BYTES;
  session.chunks = slice(session.chunks, 0, session.heldBytes);
}

function finishIfWhole(session: UploadSession, total: number | undefined): Answer {
  const size = total ?? session.sizeBytes;
  const isEnded = total !== undefined && session.heldBytes === size;
  if (!isEnded) {
    const held = session.heldBytes === 0 ? {} : { range: `bytes=0-${session.heldBytes - 1}` };
    return emptyAnswer(308, held);
  }
  session.result = session.finish(session.chunks);
  session.chunks = [];
  return session.result;
}
