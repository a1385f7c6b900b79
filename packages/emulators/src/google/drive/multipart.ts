/** `multipart/related`, RFC 2387, as Drive takes it: JSON first, then bytes. */
import { GoogleError } from "./google-error.ts";

/** The two parts. */
interface Related {
  readonly json: string;
  readonly contentType: string | undefined;
  readonly bytes: readonly Uint8Array[];
}

function malformed(): GoogleError {
  return new GoogleError(400, "badContent", "Malformed multipart body.");
}

/** Takes a body apart. */
export function parseRelated(contentType: string, chunks: readonly Uint8Array[]): Related {
  const [, quoted, plain] =
    /^multipart\/(?:related|mixed)\s*;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw malformed();
  const parts = split(Buffer.concat([Buffer.from("\r\n"), ...chunks]), Buffer.from(`\r\n--${boundary}`));
  const [metadata, bytes] = parts.map(parsePart);
  if (!metadata || !bytes || parts.length !== 2) throw malformed();
  return { json: metadata.body.toString(), contentType: bytes.contentType, bytes: [bytes.body] };
}

/** What stands between the delimiters. */
function split(body: Buffer, delimiter: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = body.indexOf(delimiter);
  while (start >= 0) {
    const from = start + delimiter.length;
    if (body.subarray(from, from + 2).toString() === "--") return parts;
    start = body.indexOf(delimiter, from);
    if (start >= 0) parts.push(body.subarray(from, start));
  }
  throw malformed();
}

function parsePart(part: Buffer): { readonly contentType: string | undefined; readonly body: Buffer } {
  const lineEnd = part.indexOf("\r\n");
  const headEnd = part.indexOf("\r\n\r\n");
  if (lineEnd < 0 || headEnd < 0) throw malformed();
  const [, contentType] = /^content-type:\s*(.+?)\s*$/im.exec(part.subarray(lineEnd, headEnd).toString()) ?? [];
  return { contentType, body: part.subarray(headEnd + 4) };
}
