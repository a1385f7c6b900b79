/** One request, and the answer to it, as the faces see them. */
import type { IncomingHttpHeaders } from "node:http";
import type { RequestRecord } from "./request-log.ts";

/** No JSON that a client sends is larger. */
const JSON_BYTES_MAX = 1024 * 1024;

/** A request under way. */
export interface Call {
  readonly method: string;
  /** With the origin by which the client reached us. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** The body in the pieces in which it arrives; can be read once. */
  readonly body: AsyncIterable<Uint8Array>;
  /** What the log keeps of it. */
  readonly record: RequestRecord;
}

/** What is answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Uint8Array[];
  /** The body again, where it is JSON. */
  readonly json?: unknown;
}

/** An answer of JSON. */
export function jsonAnswer(status: number, json: unknown, headers: Record<string, string> = {}): Answer {
  const body = [new TextEncoder().encode(`${JSON.stringify(json, null, 1)}\n`)];
  return { status, headers: { "content-type": "application/json; charset=UTF-8", ...headers }, body, json };
}

/** A page. */
export function htmlAnswer(status: number, html: string): Answer {
  return { status, headers: { "content-type": "text/html; charset=UTF-8" }, body: [new TextEncoder().encode(html)] };
}

/** An answer without a body. */
export function emptyAnswer(status: number, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: [] };
}

/** The whole body, in pieces. Throws if it is larger than `bytesMax`. */
export async function readBody(call: Call, bytesMax: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of call.body) {
    sizeBytes += chunk.length;
    if (sizeBytes > bytesMax) throw new TooLarge();
    chunks.push(chunk);
  }
  return chunks;
}

/** The body as text. */
export async function readText(call: Call): Promise<string> {
  return new TextDecoder().decode(Buffer.concat(await readBody(call, JSON_BYTES_MAX)));
}

/** That a body is larger than it may be. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}
