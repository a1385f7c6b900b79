/** Refusals in Google's words. */
import { CloudError, type CloudErrorCode } from "../../cloud/model.ts";
import { type Answer, jsonAnswer, TooLarge } from "../../http/call.ts";

/** The error that this face throws on purpose. */
export class GoogleError extends Error {
  override readonly name = "GoogleError";
  readonly status: number;
  readonly reason: string;
  /** The parameter that is wrong. */
  readonly parameter: string | undefined;

  constructor(status: number, reason: string, message: string, parameter?: string) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.parameter = parameter;
  }
}

/** A parameter that cannot be what it is. */
export function invalid(parameter: string, message: string): GoogleError {
  return new GoogleError(400, "invalid", message, parameter);
}

/** Something that Google has, and this emulator does not: better said than done wrongly. */
export function notEmulated(what: string): GoogleError {
  return new GoogleError(501, "notImplemented", `the emulator does not know ${what}`);
}

const OF_CLOUD: Readonly<Record<CloudErrorCode, readonly [status: number, reason: string]>> = {
  "not-found": [404, "notFound"],
  forbidden: [403, "insufficientFilePermissions"],
  exists: [409, "fileIdInUse"],
  quota: [403, "storageQuotaExceeded"],
  invalid: [400, "badRequest"],
  abusive: [403, "cannotDownloadAbusiveFile"],
};

/** The answer to a request that was refused. Throws anything that is not a refusal. */
export function refusal(error: unknown): Answer {
  if (error instanceof GoogleError) return errorAnswer(error.status, error.reason, error.message, error.parameter);
  if (error instanceof TooLarge) return errorAnswer(413, "uploadTooLarge", "The request is too large.");
  if (!(error instanceof CloudError)) throw error;
  const [status, reason] = OF_CLOUD[error.code];
  return errorAnswer(status, reason, error.message, error.code === "not-found" ? "fileId" : undefined);
}

const REASONS: Readonly<Record<number, string>> = {
  400: "badRequest",
  401: "authError",
  403: "forbidden",
  404: "notFound",
  429: "rateLimitExceeded",
  500: "internalError",
  503: "backendError",
};

/** An error answer; reason and message by the status where none are given. */
export function errorAnswer(status: number, reason?: string, message?: string, parameter?: string): Answer {
  const why = reason ?? REASONS[status] ?? "unknown";
  const domain = /rate|quota|dailyLimit/i.test(why) ? "usageLimits" : "global";
  const location = status === 401 ? { locationType: "header", location: "Authorization" } : whereIs(parameter);
  const text = message ?? `Emulated error: ${why}.`;
  const error = { code: status, message: text, errors: [{ domain, reason: why, message: text, ...location }] };
  const headers = status === 401 ? { "www-authenticate": 'Bearer realm="https://accounts.google.com/"' } : {};
  return jsonAnswer(status, { error }, headers);
}

function whereIs(parameter: string | undefined): object {
  return parameter === undefined ? {} : { locationType: "parameter", location: parameter };
}
