/** One try of one request: redirects by hand, a deadline by progress, a limit on the answer, nothing half passed on. */

/** What went wrong below HTTP. `again` says that a later try may go better. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly again: boolean;

  constructor(message: string, options: { readonly again: boolean; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.again = options.again;
  }
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A request as it goes out, but for the token. */
export interface Outgoing {
  readonly method: Method;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  /** Most bytes that the answer may have. */
  readonly bytesMax: number;
  readonly signal?: AbortSignal | undefined;
}

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface AttemptOptions {
  readonly fetch: typeof fetch;
  /** Sent to the origin of the request's own URL, and to nobody else. */
  readonly token: string | undefined;
  /** How long nothing may move, in milliseconds. */
  readonly stallMs: number;
  /** Told of each part of an answer that arrives. */
  readonly onMove?: (() => void) | undefined;
}

const REDIRECTS_MAX = 5;
/** The slowest line that a large body is waited for on, bytes a second: `fetch` does not tell how far it has sent. */
const SEND_BYTES_PER_SECOND = 16 * 1024;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a request once, and reads the answer to its end.
 *
 * @throws {@link TransportError}; the signal's reason.
 */
export async function attempt(outgoing: Outgoing, options: AttemptOptions): Promise<Answer> {
  const { signal } = outgoing;
  signal?.throwIfAborted();
  const stall = new AbortController();
  const watch = watchdog(stall, options.stallMs);
  try {
    watch.feed((sizeOf(outgoing.body) / SEND_BYTES_PER_SECOND) * 1000);
    const response = await follow(outgoing, { ...options, signal: joined(stall.signal, signal) });
    const moved = (): void => {
      watch.feed();
      if (response.ok) options.onMove?.();
    };
    watch.feed();
    return { status: response.status, headers: response.headers, bytes: await readBody(response, outgoing, moved) };
  } catch (error) {
    signal?.throwIfAborted();
    throw toTransportError(error, { outgoing, isStalled: stall.signal.aborted });
  } finally {
    watch.stop();
  }
}

/** Whether a URL may be asked at all: by TLS, or on this machine, as emulators are. */
export function isSafeUrl(url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
}

/** Whether who is asked at `first` may lead to `at`: by TLS, and onto this machine only from it. */
export function mayLeadTo(at: URL, first: URL): boolean {
  return isSafeUrl(at) && (isLoopback(first.hostname) || !isLoopback(at.hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === "127.0.0.1" || hostname === "[::1]" || hostname === "localhost";
}

async function follow(
  { method, url, headers, body }: Outgoing,
  { fetch, token, signal }: AttemptOptions & { readonly signal: AbortSignal },
): Promise<Response> {
  const first = new URL(url);
  let at = first;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
    requireSafe(at, first); // check: downgrade
    const mayKnow = token !== undefined && at.origin === first.origin;
    const response = await fetch(at, {
      method,
      headers: { ...headers, ...(mayKnow && { authorization: `Bearer ${token}` }) },
      redirect: "manual",
      signal,
      ...(body !== undefined && { body }),
    });
    const target = targetOf(response);
    if (target === undefined) return response;
    await response.body?.cancel();
    if (method !== "GET" && response.status !== 307 && response.status !== 308) break;
    at = new URL(target, at);
  }
  throw new TransportError(`${first.host} leads elsewhere, and nowhere that can be followed`, { again: false });
}

/** Where a redirect leads. A 308 without an address is no redirect but Google's way to say "go on". */
function targetOf(response: Response): string | undefined {
  if (response.type === "opaqueredirect") return undefined;
  return REDIRECTS.has(response.status) ? (response.headers.get("location") ?? undefined) : undefined;
}

function requireSafe(at: URL, first: URL): void {
  if (mayLeadTo(at, first)) return;
  const how = at === first ? "is to be asked" : "leads";
  throw new TransportError(`${first.host} ${how} by an address that is not protected by TLS`, { again: false });
}

async function readBody(
  response: Response,
  { bytesMax }: Outgoing,
  moved: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    moved();
    size += part.length;
    // Leaving the loop cancels the rest.
    if (size > bytesMax) throw new TransportError(`the answer is larger than ${bytesMax} bytes`, { again: false }); // check: size
    parts.push(part);
  }
  const said = response.headers.get("content-length");
  if (said !== null && !response.headers.has("content-encoding") && Number(said) !== size) {
    throw new TransportError(`the answer was cut after ${size} of ${said} bytes`, { again: true }); // check: cut
  }
  return joinParts(parts, size);
}

function joinParts(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

interface Watchdog {
  /** Something moved: from now on the time counts anew, and so many milliseconds more. */
  feed(extraMs?: number): void;
  stop(): void;
}

function watchdog(controller: AbortController, stallMs: number): Watchdog {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => clearTimeout(timer);
  return {
    stop,
    feed(extraMs = 0) {
      stop();
      timer = setTimeout(() => controller.abort(), stallMs + extraMs);
    },
  };
}

function joined(stall: AbortSignal, signal: AbortSignal | undefined): AbortSignal {
  return signal === undefined ? stall : AbortSignal.any([stall, signal]);
}

export function sizeOf(body: Outgoing["body"]): number {
  return body?.length ?? 0;
}

/** Says what happened in plain words. Neither path nor query is repeated: an upload's address is a secret of its own. */
function toTransportError(
  error: unknown,
  { outgoing, isStalled }: { readonly outgoing: Outgoing; readonly isStalled: boolean },
): TransportError {
  if (error instanceof TransportError) return error;
  const { host } = new URL(outgoing.url);
  if (isStalled) return new TransportError(`${host} has fallen silent`, { again: true, cause: error });
  const code = systemCode(error);
  if (code !== undefined && FOREIGN_CERTIFICATE.test(code)) {
    const message = `${host} shows a certificate that this machine does not trust (${code})`;
    return new TransportError(message, { again: false, cause: error });
  }
  return new TransportError(`${host} cannot be reached${code ? ` (${code})` : ""}`, { again: true, cause: error });
}

const FOREIGN_CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)|ALTNAME/;

/** The system's word for what failed, wherever in the chain of causes it stands. */
function systemCode(error: unknown): string | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth++) {
    if ("code" in cause && typeof cause.code === "string") return cause.code;
  }
  return undefined;
}
