/** The one address on this machine to which the browser brings the provider's answer. RFC 8252, section 7.3. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { CallbackPage } from "./callback-page.ts";

/** A door that is open for one sign-in. */
export interface Loopback {
  /** `http://127.0.0.1:PORT/`, as the provider is told it. */
  readonly redirect: string;
  /** Closes the door, once the answers that are under way were given. */
  close(): Promise<void>;
}

/** How long a browser may take to fetch its answer when the door is being closed, in milliseconds. */
const ANSWER_MS = 2_000;

/**
 * Listens on a free port of the loopback address alone, for requests to itself by exactly that name.
 *
 * @param onAnswer - Is given what the browser brings, and says what the browser shows.
 */
export async function openLoopback(onAnswer: (answer: URLSearchParams) => Promise<CallbackPage>): Promise<Loopback> {
  let host = "";
  const open = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    open.add(response);
    response.once("close", () => open.delete(response));
    answer({ request, host, onAnswer }).then(
      (page) => send(response, page),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, resolve);
  });
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    redirect: `http://${host}/`,
    close: async () => {
      server.close();
      const answered = [...open].map((response) => once(response, "close"));
      await Promise.race([Promise.all(answered), setTimeout(ANSWER_MS, undefined, { ref: false })]);
      // Browsers connect in advance and ask nothing, and whoever else is on this machine may do the same for ever.
      server.closeAllConnections();
    },
  };
}

async function answer(options: {
  readonly request: IncomingMessage;
  readonly host: string;
  readonly onAnswer: (answer: URLSearchParams) => Promise<CallbackPage>;
}): Promise<CallbackPage | number> {
  const { request, host, onAnswer } = options;
  // Another name for this address is a page elsewhere that has its name point here.
  if (request.headers.host !== host) return 421; // check: link
  if (request.method !== "GET") return 405;
  const url = new URL(request.url ?? "/", `http://${host}`);
  return url.pathname === "/" ? onAnswer(url.searchParams) : 404;
}

function send(response: ServerResponse, page: CallbackPage | number): void {
  const { status, html } = typeof page === "number" ? { status: page, html: "" } : page;
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    connection: "close",
  });
  response.end(html);
}
