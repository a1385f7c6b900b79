/** Bytes in and out, and where they stop. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { sizeOf, slice } from "../cloud/contents.ts";
import type { Answer } from "./call.ts";
import type { RequestRecord } from "./request-log.ts";

/** That the connection ended before all was said. */
export class ConnectionCut extends Error {
  override readonly name = "ConnectionCut";
}

/** The body of a request in pieces, until the client goes away or `limit` cuts the connection. */
export async function* receive(
  request: IncomingMessage,
  record: RequestRecord,
  limit: { readonly afterBytes: number },
): AsyncGenerator<Uint8Array> {
  try {
    // Who has read enough still answers on the same connection.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      const wanted = Math.min(chunk.length, limit.afterBytes - record.requestBytes);
      record.requestBytes += wanted;
      if (wanted > 0) yield chunk.subarray(0, wanted);
      if (wanted < chunk.length) throw new ConnectionCut();
    }
  } catch (error) {
    throw new ConnectionCut("the client went away", { cause: error });
  }
  if (limit.afterBytes !== Number.POSITIVE_INFINITY) throw new ConnectionCut();
}

/** How an answer's body fails to arrive. */
export interface Cut {
  readonly type?: "reset-response" | "truncate" | "stall";
  readonly afterBytes?: number;
}

/** Sends an answer, or the part of it that arrives. Returns how many bytes of the body were sent. */
export async function send(
  response: ServerResponse,
  answer: Answer,
  headers: Readonly<Record<string, string>>,
  cut: Cut,
): Promise<number> {
  const size = sizeOf(answer.body);
  const sent = Math.min(size, cut.afterBytes ?? size);
  const length = { "content-length": String(size) };
  response.writeHead(answer.status, { ...(answer.status === 304 ? {} : length), ...answer.headers, ...headers });
  response.flushHeaders();
  for (const chunk of slice(answer.body, 0, sent)) await write(response, chunk);
  if (cut.type === "stall") await gone(response);
  else if (cut.type === "reset-response") cutHard(response.socket);
  else if (cut.type === "truncate") response.socket?.end();
  else response.end();
  return sent;
}

async function write(response: ServerResponse, chunk: Uint8Array): Promise<void> {
  if (response.destroyed) throw new ConnectionCut();
  if (response.write(chunk)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("drain", resolve).once("close", resolve);
  await promise;
  response.off("drain", resolve).off("close", resolve);
}

/** Ends a connection as a crash would; under TLS, where Node has no reset, without the farewell that TLS wants. */
export function cutHard(socket: Socket | null): void {
  if (socket && "encrypted" in socket) socket.destroy();
  else socket?.resetAndDestroy();
}

/** Waits until the client gives up. */
async function gone(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("close", resolve);
  await promise;
}
