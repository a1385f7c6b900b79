/** Lists in pages. */
import { invalid } from "./google-error.ts";
import { type DriveRequest, whole } from "./request.ts";

/** One page of a list, and where the next one begins. */
export interface Page<Entry> {
  readonly entries: readonly Entry[];
  readonly nextPageToken: string | undefined;
}

/** The page that the request asks for. Pages may be shorter than asked for: `limits.pageSizeMax` sees to that. */
export function page<Entry>(
  request: DriveRequest,
  all: readonly Entry[],
  size: { max: number; missing: number },
): Page<Entry> {
  const start = parseToken(request.query.get("pageToken"));
  const wanted = whole(request, "pageSize", { min: 1, ...size });
  const end = start + Math.min(wanted, request.google.limits.pageSizeMax);
  return { entries: all.slice(start, end), nextPageToken: end < all.length ? `~${end}` : undefined };
}

function parseToken(token: string | null): number {
  if (token === null || token === "") return 0;
  if (!/^~\d+$/.test(token)) throw invalid("pageToken", "Invalid Value");
  return Number(token.slice(1));
}

/** As a part of an answer: a last page has no token. */
export function pageToken({ nextPageToken }: Page<unknown>): object {
  return nextPageToken === undefined ? {} : { nextPageToken };
}
