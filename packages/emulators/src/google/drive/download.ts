/** Bytes out: `alt=media`, whole or in part. */
import { type Contents, slice } from "../../cloud/contents.ts";
import type { Item } from "../../cloud/model.ts";
import type { Answer } from "../../http/call.ts";
import { fileOf } from "./files.ts";
import { GoogleError } from "./google-error.ts";
import { type DriveRequest, flag } from "./request.ts";

/** `files.get` with `alt=media`. */
export function download(request: DriveRequest): Answer {
  const item = fileOf(request);
  const head = item.revisions.at(-1);
  if (!head) {
    const why = "Only files with binary content can be downloaded. Use Export with Docs Editors files.";
    throw new GoogleError(403, "fileNotDownloadable", why, "alt");
  }
  const isOwner = item.ownerId === request.viewer.userId;
  if (item.isAbusive && !(isOwner && flag(request, "acknowledgeAbuse"))) {
    const why = "This file has been identified as malware or spam and cannot be downloaded.";
    throw new GoogleError(403, "cannotDownloadAbusiveFile", why);
  }
  return media(request, item, head.contents);
}

/** An answer with a file's bytes, or those of them that `Range` names. */
export function media({ call }: DriveRequest, item: Item, { chunks, sizeBytes }: Contents): Answer {
  const headers = { "content-type": item.mimeType, "cache-control": "private, max-age=0, must-revalidate" };
  const range = parseRange(call.headers.range, sizeBytes);
  if (range === undefined) return { status: 200, headers, body: chunks };
  if (range === "unsatisfiable") {
    const body = [new TextEncoder().encode("Request range not satisfiable")];
    return { status: 416, headers: { "content-type": "text/html", "content-range": `bytes */${sizeBytes}` }, body };
  }
  const { start, end } = range;
  const where = { "content-range": `bytes ${start}-${end - 1}/${sizeBytes}` };
  return { status: 206, headers: { ...headers, ...where }, body: slice(chunks, start, end) };
}

/** The one range that is asked for; what is no such range is ignored, as RFC 9110, section 14.2 says. */
function parseRange(
  text: string | undefined,
  size: number,
): { start: number; end: number } | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(text ?? "") ?? [];
  if (first === undefined || last === undefined || first + last === "") return undefined;
  if (first === "")
    return Number(last) === 0 ? "unsatisfiable" : { start: Math.max(size - Number(last), 0), end: size };
  if (last !== "" && Number(last) < Number(first)) return undefined;
  if (Number(first) >= size) return "unsatisfiable";
  return { start: Number(first), end: last === "" ? size : Math.min(Number(last) + 1, size) };
}
