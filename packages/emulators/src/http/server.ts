/** The loopback server of a face: it logs, lets mishaps happen, and answers. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Clock } from "../clock.ts";
import type { Fault } from "../faults/fault.ts";
import type { FaultPlan } from "../faults/plan.ts";
import { type Answer, type Call, emptyAnswer, htmlAnswer, readBody } from "./call.ts";
import { preflightAnswer, readableBy } from "./cors.ts";
import type { RequestRecord, WritableRequestLog } from "./request-log.ts";
import { ConnectionCut, cutHard, receive, send } from "./transfer.ts";

/** A provider's way to speak. */
export interface Face {
  /** Finds what a request asks for. */
  route(call: Call): Route;
  /** An error answer in the provider's form; of a status 500 also the one to a request that the face stumbled over. */
  errorAnswer(status: number, reason: string | undefined): Answer;
  /** Makes the access token of a request no good any more. */
  expireToken(call: Call): void;
}

/** What a request asks for, and who does it. Never throws: refusals are answers. */
export interface Route {
  readonly kind: string;
  perform(call: Call): Promise<Answer>;
}

/** How the server behaves. */
export interface ServerOptions {
  readonly clock: Clock;
  readonly face: Face;
  readonly log: WritableRequestLog;
  readonly faults: FaultPlan;
  readonly port: number;
  /** How long each request takes at least, in milliseconds. */
  readonly latencyMs: number;
  /** How much the emulator's `Date` header is ahead of its clock, in milliseconds. */
  readonly skewMs: number;
  /** Key and certificate in PEM, to speak TLS. */
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
  /** Sees every request with its answer. */
  observe(call: Call, answer: Answer): void;
}

/** A server that runs. */
export interface RunningServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const parked = new Map<string, Answer>();
  const other = createServer((request, response) => {
    answerParked(parked, request, response).catch(() => cutHard(request.socket));
  });
  const otherUrl = await listen(other, 0);
  const park = (answer: Answer): string => {
    const path = `/parked/${parked.size + 1}`;
    parked.set(path, answer);
    return otherUrl + path;
  };
  const listener: RequestListener = (request, response) => void serve({ ...options, park }, request, response);
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  const url = await listen(server, options.port);
  return {
    url: options.tls ? url.replace("http:", "https:") : url,
    async close() {
      await Promise.all([server, other].map(stop));
    },
  };
}

async function listen(server: Server, port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(port, "127.0.0.1", resolve);
  await promise;
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}

/** The second origin: it holds answers for whoever was redirected, and refuses strangers' credentials. */
async function answerParked(
  parked: Map<string, Answer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = parked.get(request.url ?? "");
  const refusal = request.headers.authorization
    ? htmlAnswer(400, "Credentials for somebody else were sent.")
    : undefined;
  const shown = preflightAnswer({ method: request.method ?? "", headers: request.headers }) ?? refusal ?? answer;
  await send(response, readableBy(request.headers.origin, shown ?? htmlAnswer(404, "Not found.")), {}, {});
}

interface Serving extends ServerOptions {
  park(answer: Answer): string;
}

async function serve(serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { clock, log, face, faults } = serving;
  const { socket } = request; // The request forgets it once its body was given up.
  const preflight = preflightAnswer({ method: request.method ?? "", headers: request.headers });
  if (preflight) {
    await send(response, preflight, {}, {});
    return;
  }
  const record = log.add(request.method ?? "", request.url ?? "", clock.now());
  const bodyLimit = { afterBytes: Number.POSITIVE_INFINITY };
  try {
    const call: Call = {
      method: request.method ?? "",
      url: urlOf(request),
      headers: request.headers,
      body: receive(request, record, bodyLimit),
      record,
    };
    const route = routeOf(face, call);
    record.kind = route.kind;
    const fault = faults.next(route.kind);
    record.fault = fault?.type;
    if (fault?.type === "reset-request") bodyLimit.afterBytes = fault.afterBytes;
    if (fault?.type === "expire-token") face.expireToken(call);
    if (serving.latencyMs > 0) await clock.sleep(serving.latencyMs);
    if (fault?.type === "delay") await clock.sleep(fault.ms);
    const answer = await perform(serving, route, call, fault);
    await finish(serving, response, record, readableBy(request.headers.origin, answer), fault);
  } catch (error) {
    record.error = error instanceof ConnectionCut ? undefined : error;
    cutHard(socket);
  } finally {
    request.resume();
    record.endedMs = clock.now();
  }
}

/** With the origin by which the client reached us, if it says one that can be. */
function urlOf({ url, headers, socket }: IncomingMessage): URL {
  const scheme = "encrypted" in socket && socket.encrypted === true ? "https" : "http";
  const path = url?.startsWith("/") ? url : "/";
  return URL.parse(`${scheme}://${headers.host}${path}`) ?? new URL(`${scheme}://127.0.0.1${path}`);
}

/** What a request asks for; one that the face cannot even read is answered like one that it stumbles over. */
function routeOf(face: Face, call: Call): Route {
  try {
    return face.route(call);
  } catch (error) {
    return { kind: "unknown", perform: () => Promise.reject(error) };
  }
}

async function perform(serving: Serving, route: Route, call: Call, fault: Fault | undefined): Promise<Answer> {
  switch (fault?.type) {
    case "error":
      return withRetryAfter(serving.face.errorAnswer(fault.status, fault.reason), fault.retryAfterSeconds);
    case "html":
      return htmlAnswer(fault.status, "<!DOCTYPE html><title>Error</title><p>Something went wrong on the way.</p>");
    case "redirect-plain":
      return emptyAnswer(302, { location: `http://plain.invalid${call.url.pathname}${call.url.search}` });
    case "redirect-origin":
      return emptyAnswer(302, { location: serving.park(await answerTo(serving, route, call)) });
    case "ignore-range":
      return answerTo(serving, route, { ...call, headers: { ...call.headers, range: undefined } });
    case "duplicate":
      return performTwice(serving, route, call);
    default:
      return answerTo(serving, route, call);
  }
}

async function answerTo({ observe, face }: Serving, route: Route, call: Call): Promise<Answer> {
  const answer = await route.perform(call).catch((error: unknown) => {
    if (error instanceof ConnectionCut) throw error;
    // A bug of ours, or a request that nobody thought of: said as the provider says it, and kept for whoever looks.
    call.record.error = error;
    return face.errorAnswer(500, undefined);
  });
  observe(call, answer);
  return answer;
}

function withRetryAfter(answer: Answer, seconds: number | undefined): Answer {
  if (seconds === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, "retry-after": String(seconds) } };
}

/** A network that delivers a request again, as one does after an answer that got lost below HTTP. */
async function performTwice(serving: Serving, route: Route, call: Call): Promise<Answer> {
  const chunks = await readBody(call, Number.POSITIVE_INFINITY);
  const again = (): Call => ({ ...call, body: replay(chunks) });
  await answerTo(serving, route, again());
  return answerTo(serving, route, again());
}

async function* replay(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function finish(
  { clock, skewMs }: Serving,
  response: ServerResponse,
  record: RequestRecord,
  answer: Answer,
  fault: Fault | undefined,
): Promise<void> {
  if (fault?.type === "lost-answer") throw new ConnectionCut();
  const waitSeconds = Number(answer.headers["retry-after"] ?? Number.NaN);
  if (!Number.isNaN(waitSeconds)) record.waitUntilMs = clock.now() + waitSeconds * 1000;
  record.status = answer.status;
  const date = new Date(clock.now() + skewMs).toUTCString();
  const cut = fault && "afterBytes" in fault && fault.type !== "reset-request" ? fault : {};
  record.responseBytes = await send(response, answer, { date }, cut);
}
