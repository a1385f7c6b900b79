/** Drive's own rules: what to try again, what to give up, and what its reasons mean to a person. */
import { StoreError, type StoreErrorCode } from "@conclave/core";
import type { Answer } from "../http/attempt.ts";
import type { Request, Verdict } from "../http/resilient.ts";
import { asFields, listIn, textIn } from "./answers.ts";

/** Too fast: everybody of this account has to wait. https://developers.google.com/drive/api/guides/handle-errors */
const TOO_FAST: ReadonlySet<string> = new Set([
  "rateLimitExceeded",
  "userRateLimitExceeded",
  "sharingRateLimitExceeded",
]);

/** The file is taken for malware, as ciphertext may be; its owner may have it all the same, who asks for it as such. */
export const ABUSIVE = "cannotDownloadAbusiveFile";

/** Reasons that are final, each with what it means. */
const FINAL: ReadonlyMap<string, readonly [StoreErrorCode, string]> = new Map([
  ["storageQuotaExceeded", ["full", "the account's storage is full"]],
  ["teamDriveFileLimitExceeded", ["full", "the shared drive holds as many files as it may"]],
  ["teamDriveHierarchyTooDeep", ["full", "the shared drive's folders are nested as deep as they may be"]],
  ["numChildrenInNonRootLimitExceeded", ["full", "the folder holds as many files as it may"]],
  ["activeItemCreationLimitExceeded", ["full", "the account holds as many files as it may"]],
  ["dailyLimitExceeded", ["unavailable", "the day's quota of this client id is used up"]],
  ["quotaExceeded", ["unavailable", "the quota of this client id is used up"]],
  [ABUSIVE, ["flagged", "Google Drive has marked the file as malware or spam; only its owner can fetch it"]],
  ["downloadQuotaExceeded", ["unavailable", "the file was fetched too often today"]],
  ["accessNotConfigured", ["refused", "the Drive API is not enabled for this client id"]],
  ["domainPolicy", ["refused", "the organisation's policy does not let apps use Drive"]],
  ["insufficientPermissions", ["refused", "the sign-in does not cover this folder; sign in again and allow access"]],
  [
    "appNotAuthorizedToFile",
    ["refused", "the sign-in does not cover this file; sign in again and allow access to Drive"],
  ],
]);

/** Answers that the calls themselves understand. */
const UNDERSTOOD: ReadonlySet<number> = new Set([308, 404, 409, 410]);
const AGAIN: ReadonlySet<number> = new Set([408, 425]);

export function judgeDrive(answer: Answer, request: Request): Verdict {
  const { status } = answer;
  if (status === 429) return "hold";
  if ((status >= 500 && status !== 501) || AGAIN.has(status)) return "again";
  if (status === 401) return "renew";
  // Google's own word on a range beyond the end is a page; who else would name the length.
  if (status === 416 && answer.headers.has("content-range")) return "take";
  if (isPage(answer)) return refusal(request, "untrusted", PAGE);
  if ((status >= 200 && status < 300) || UNDERSTOOD.has(status)) return "take";
  const { reason, message } = reasonOf(answer);
  if (TOO_FAST.has(reason)) return "hold";
  if (request.understandsReasons?.includes(reason)) return "take";
  if (request.understands?.includes(status) && !FINAL.has(reason)) return "take";
  const [code, meaning] = FINAL.get(reason) ?? [codeOf(status, request), meaningOf(status, { reason, message })];
  return refusal(request, code, meaning);
}

/** No call of ours is ever answered by a page: somebody else has answered. */
const PAGE = "a web page came back in place of Google Drive's answer; does this network ask you to sign in first?";

function isPage({ headers }: Answer): boolean {
  return headers.get("content-type")?.toLowerCase().startsWith("text/html") === true;
}

function refusal(request: Request, code: StoreErrorCode, why: string): StoreError {
  return new StoreError(`cannot ${request.doing}: ${why}`, { code });
}

function codeOf(status: number, { method }: Request): StoreErrorCode {
  if (status !== 403) return "refused";
  return method === "GET" ? "refused" : "read-only";
}

function meaningOf(status: number, { reason, message }: { readonly reason: string; readonly message: string }): string {
  if (status === 403 && message === "") return "this account may not do that";
  const said = [reason, message].filter((text) => text !== "").join(": ");
  return said === "" ? `Google Drive answers ${status}` : `Google Drive refuses it (${said})`;
}

const MESSAGE_LENGTH_MAX = 200;

/** The machine's word and the person's, out of an error as Google's APIs write it; empty where there is none. */
export function reasonOf(answer: Answer): { readonly reason: string; readonly message: string } {
  try {
    const error = asFields(asFields(JSON.parse(new TextDecoder().decode(answer.bytes))).error);
    const first = listIn(error, "errors")[0];
    return {
      reason: (first === undefined ? undefined : textIn(asFields(first), "reason")) ?? "",
      message: (textIn(error, "message") ?? "").slice(0, MESSAGE_LENGTH_MAX),
    };
  } catch {
    return { reason: "", message: "" };
  }
}
