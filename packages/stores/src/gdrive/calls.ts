/** How a call becomes a request to Drive's API (v3): its address, its limits, and what an answer means that nobody expected. */
import { StoreError } from "@conclave/core";
import type { Answer } from "../http/attempt.ts";
import { sharedLimits } from "../http/limits.ts";
import { type Authorization, type Http, type Request, resilientHttp, type Settled } from "../http/resilient.ts";
import type { Timing } from "../http/timing.ts";
import { type DriveFile, fieldsOf, toFile } from "./answers.ts";
import { judgeDrive } from "./judge.ts";

/** Where Drive is. */
export interface DriveEndpoints {
  /** The origin of its API, for example "https://www.googleapis.com"; plain http on this machine only. */
  readonly api: string;
  /** How many writes a second one process begins there; default: as many as Google takes over time. */
  readonly writesPerSecond?: number | undefined;
}

export const GOOGLE: DriveEndpoints = { api: "https://www.googleapis.com" };

export interface DriveClientOptions {
  readonly auth: Authorization;
  readonly endpoints?: DriveEndpoints | undefined;
  readonly timing?: Timing | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly stallMs?: number | undefined;
  /** Told true when Drive has been silent for some seconds while it is waited for, and false when it answers. */
  readonly onSilence?: ((isSilent: boolean) => void) | undefined;
  /** Ends every wait and every request at once: the command is called off, or the store closed. */
  readonly signal?: AbortSignal | undefined;
}

/** What every call may be given. */
export interface CallContext {
  /** For errors: "store a/b". */
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
}

/** One call. */
export interface Call
  extends CallContext,
    Partial<Pick<Request, "method" | "headers" | "body" | "bytesMax" | "pace" | "understandsReasons">> {
  readonly kind: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly isUpload?: boolean;
  /** Statuses that the call itself understands, besides those that all do. */
  readonly understands?: readonly number[];
}

/** Enough for a page of a thousand files. */
export const JSON_BYTES_MAX = 16 * 1024 * 1024;
/** Drive takes about three writes a second of one account over time; more is answered with 403 and lost time. */
const WRITES_PER_SECOND = 3;
const REQUESTS_AT_ONCE = 8;

/** Calls about files, which may lie in shared drives; the others refuse the word. */
const DRIVES = /^(?:changes|files(?!\/generateIds))/;

/** One account's way to Drive. */
export class DriveCalls {
  readonly http: Http;
  /** The origin of the API. */
  readonly api: string;

  constructor(options: DriveClientOptions) {
    const { auth, endpoints = GOOGLE, timing, fetch, stallMs, onSilence, signal } = options;
    this.api = new URL(endpoints.api).origin;
    this.http = resilientHttp({
      name: "Google Drive",
      auth,
      judge: judgeDrive,
      limits: sharedLimits(this.api, {
        atOnce: REQUESTS_AT_ONCE,
        writesPerSecond: endpoints.writesPerSecond ?? WRITES_PER_SECOND,
        ...(timing && { timing }),
      }),
      timing,
      fetch,
      stallMs,
      onSilence,
      signal,
    });
  }

  /** The fields of an answer that has to be there. */
  async json(call: Call): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.send(call);
    if (answer.status < 300) return fieldsOf(answer, call.doing);
    throw missing(call, answer);
  }

  /** The file that an answer says was made. */
  made(answer: Answer, context: CallContext): DriveFile {
    if (answer.status < 300) return toFile(fieldsOf(answer, context.doing));
    throw missing(context, answer);
  }

  /** Sends a call, as often as it takes. */
  send(call: Call): Promise<Settled> {
    const { path, query = {}, json, isUpload = false, understands = [], headers, bytesMax, ...request } = call;
    const url = new URL(`${isUpload ? "/upload" : ""}/drive/v3/${path}`, this.api);
    for (const [name, value] of Object.entries({ ...(DRIVES.test(path) && { supportsAllDrives: "true" }), ...query }))
      url.searchParams.set(name, value);
    return this.http.send({
      method: "GET",
      bytesMax: bytesMax ?? JSON_BYTES_MAX,
      ...request,
      url: url.href,
      understands,
      headers: { ...(json !== undefined && { "content-type": "application/json; charset=UTF-8" }), ...headers },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
  }
}

export function filePath(id: string): string {
  return `files/${encodeURIComponent(id)}`;
}

/** What was to be used is gone, for this account at least. */
function missing({ doing }: CallContext, { status }: Answer): StoreError {
  const message = `cannot ${doing}: the folder on Google Drive is not there any more, or not shared with this account`;
  if (status === 404) return new StoreError(message, { code: "not-found" });
  return new StoreError(`cannot ${doing}: Google Drive answers ${status}`, { code: "refused" });
}
