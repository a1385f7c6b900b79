/** Drive's API, version 3: from a request to the method that it means, for the person whose token it bears. */
import type { Viewer } from "../../cloud/model.ts";
import type { Answer, Call } from "../../http/call.ts";
import type { Route } from "../../http/server.ts";
import { DRIVE_FILE_SCOPE, DRIVE_READONLY_SCOPE, DRIVE_SCOPE } from "../oauth/scopes.ts";
import type { Grant } from "../oauth/tokens.ts";
import type { GoogleState } from "../state.ts";
import { GoogleError, notEmulated, refusal } from "./google-error.ts";
import { METHODS, type Method } from "./methods.ts";
import { continueSession } from "./sessions.ts";

/** The method that a request means, if it means one of Drive's. */
export function routeDrive(google: GoogleState, call: Call): Route | undefined {
  if (!/^(\/upload)?\/drive\/v3\//.test(call.url.pathname)) return undefined;
  call.record.user = emailOf(google, call);
  if (call.url.searchParams.has("upload_id")) return sessionRoute(google, call);
  for (const method of METHODS) {
    const path = matchPath(method, call);
    if (path) return methodRoute(google, method, path, call);
  }
  return { kind: "unknown", perform: async () => refusal(notEmulated(`${call.method} ${call.url.pathname}`)) };
}

/** A session's address is itself the proof that one may use it. */
function sessionRoute(google: GoogleState, call: Call): Route {
  const isQuestion = /^bytes \*\//.test(call.headers["content-range"] ?? "");
  return {
    kind: isQuestion ? "upload.status" : "upload.chunk",
    perform: (again) =>
      refusing(async () => {
        if (again.headers.authorization !== undefined) requireGrant(google, again);
        return continueSession(google, again);
      }),
  };
}

function methodRoute(google: GoogleState, method: Method, path: Record<string, string>, call: Call): Route {
  const query = call.url.searchParams;
  return {
    kind: nameOf(method, query),
    perform: (again) =>
      refusing(async () => {
        const viewer = requireViewer(google, method, again);
        const unknown = [...query.keys()].find((name) => !method.parameters.includes(name));
        if (unknown !== undefined) throw notEmulated(`the parameter ${unknown} of ${method.kind}`);
        return method.perform({ google, call: again, viewer, path, query });
      }),
  };
}

async function refusing(perform: () => Promise<Answer>): Promise<Answer> {
  try {
    return await perform();
  } catch (error) {
    return refusal(error);
  }
}

/** Downloads, and openings of sessions, are kinds of their own: tests let different things happen to them. */
function nameOf({ kind }: Method, query: URLSearchParams): string {
  if (kind === "files.get" && query.get("alt") === "media") return "files.download";
  return kind.startsWith("upload.") && query.get("uploadType") === "resumable" ? "upload.start" : kind;
}

function matchPath({ verb, path }: Method, call: Call): Record<string, string> | undefined {
  const [wanted, given] = [path.split("/"), call.url.pathname.split("/")];
  if (verb !== call.method || wanted.length !== given.length) return undefined;
  const isMatch = wanted.every((part, at) => part.startsWith(":") || part === given[at]);
  if (!isMatch) return undefined;
  const parts = wanted.flatMap((part, at) =>
    part.startsWith(":") ? [[part.slice(1), decodeURIComponent(given[at] ?? "")]] : [],
  );
  return Object.fromEntries(parts);
}

/** The access token that a request bears. */
export function tokenOf({ headers, url }: Call): string | undefined {
  const [, bearer] = /^Bearer (\S+)$/i.exec(headers.authorization ?? "") ?? [];
  return bearer ?? url.searchParams.get("access_token") ?? undefined;
}

/** Known already before a mishap befalls the request, so that the log says who was told to wait. */
function emailOf({ tokens, cloud }: GoogleState, call: Call): string | undefined {
  const grant = tokens.grantOfAccess(tokenOf(call) ?? "");
  return grant && cloud.users.get(grant.userId)?.email;
}

function requireGrant({ tokens }: GoogleState, call: Call): Grant {
  const token = tokenOf(call);
  if (token === undefined) throw new GoogleError(401, "required", "Login Required.");
  const grant = tokens.grantOfAccess(token);
  if (!grant) throw new GoogleError(401, "authError", "Invalid Credentials");
  return grant;
}

function requireViewer(google: GoogleState, method: Method, call: Call): Viewer {
  const { userId, clientId, scopes } = requireGrant(google, call);
  const isFull = scopes.includes(DRIVE_SCOPE) || (method.isReading && scopes.includes(DRIVE_READONLY_SCOPE));
  if (!isFull && !scopes.includes(DRIVE_FILE_SCOPE)) {
    throw new GoogleError(403, "insufficientPermissions", "Request had insufficient authentication scopes.");
  }
  return { userId, app: clientId, ownFilesOnly: !isFull };
}
