/**
 * What lets a page of another origin speak to the server. Of an answer's headers it sees few: those that every page may
 * (length and type among them), and the address of an upload session. So a client that lives in a page gets no more here
 * than the strictest provider gives.
 */
import { type Answer, type Call, emptyAnswer } from "./call.ts";

const EXPOSED = "location";
const PREFLIGHT_SECONDS = 3600;

/** The answer to a browser's question whether a page may ask something. Undefined if the request is none. */
export function preflightAnswer({ method, headers }: Pick<Call, "method" | "headers">): Answer | undefined {
  const asked = headers["access-control-request-method"];
  if (method !== "OPTIONS" || headers.origin === undefined || asked === undefined) return undefined;
  return emptyAnswer(200, {
    ...allowing(headers.origin),
    "access-control-allow-methods": asked,
    "access-control-allow-headers": headers["access-control-request-headers"] ?? "",
    "access-control-max-age": String(PREFLIGHT_SECONDS),
  });
}

/** An answer that the page which asked may read. */
export function readableBy(origin: string | undefined, answer: Answer): Answer {
  if (origin === undefined) return answer;
  return {
    ...answer,
    headers: { ...answer.headers, ...allowing(origin), "access-control-expose-headers": EXPOSED },
  };
}

function allowing(origin: string): Record<string, string> {
  return { "access-control-allow-origin": origin, vary: "Origin" };
}
