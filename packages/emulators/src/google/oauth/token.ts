/** Where an app turns a code into tokens, and a refresh token into access tokens. */
import { createHash } from "node:crypto";
import { type Answer, type Call, jsonAnswer, readText } from "../../http/call.ts";
import type { GoogleState } from "../state.ts";
import type { Grant } from "./tokens.ts";

const NO_STORE = { "cache-control": "no-cache, no-store, max-age=0, must-revalidate" };

/** What the token endpoint refuses. */
class TokenError extends Error {
  override readonly name = "TokenError";
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, description: string) {
    super(description);
    this.status = status;
    this.error = error;
  }
}

/** The token endpoint. */
export async function exchange(google: GoogleState, call: Call): Promise<Answer> {
  try {
    return await handOut(google, call);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return jsonAnswer(error.status, { error: error.error, error_description: error.message }, NO_STORE);
  }
}

async function handOut(google: GoogleState, call: Call): Promise<Answer> {
  const form = withBasic(call, new URLSearchParams(await readText(call)));
  const clientId = requireClient(google, form);
  switch (form.get("grant_type")) {
    case "authorization_code":
      return byCode(google, form, clientId);
    case "refresh_token":
      return byRefreshToken(google, form, clientId);
    default:
      throw new TokenError(400, "unsupported_grant_type", `Invalid grant_type: ${form.get("grant_type") ?? ""}`);
  }
}

/** Credentials may also come as HTTP's own. */
function withBasic({ headers }: Call, form: URLSearchParams): URLSearchParams {
  const [, encoded] = /^Basic (.+)$/i.exec(headers.authorization ?? "") ?? [];
  if (encoded === undefined) return form;
  const [id = "", secret = ""] = Buffer.from(encoded, "base64").toString().split(":").map(decodeURIComponent);
  form.set("client_id", id);
  form.set("client_secret", secret);
  return form;
}

/** Desktop apps must show their secret, though anybody can read it in the app. */
function requireClient({ clients }: GoogleState, form: URLSearchParams): string {
  const id = form.get("client_id");
  if (id === null) throw new TokenError(400, "invalid_request", "Could not determine client ID from request.");
  const client = clients.get(id);
  if (!client) throw new TokenError(401, "invalid_client", "The OAuth client was not found.");
  const secret = form.get("client_secret");
  if (!secret) throw new TokenError(400, "invalid_request", "client_secret is missing.");
  if (secret !== client.secret) throw new TokenError(401, "invalid_client", "The provided client secret is invalid.");
  return id;
}

function byCode(google: GoogleState, form: URLSearchParams, clientId: string): Answer {
  const code = google.tokens.takeCode(form.get("code") ?? "");
  if (!code || code.grant.clientId !== clientId || code.grant.isRevoked) {
    throw new TokenError(400, "invalid_grant", "Malformed auth code.");
  }
  if (form.get("redirect_uri") !== code.redirectUri) throw new TokenError(400, "redirect_uri_mismatch", "Bad Request");
  requireVerifier(form.get("code_verifier"), code.challenge);
  const refresh = code.isOffline ? { refresh_token: google.tokens.newRefreshToken(code.grant) } : {};
  return tokenAnswer(google, code.grant, refresh);
}

function requireVerifier(verifier: string | null, challenge: string | undefined): void {
  if (challenge === undefined) return;
  if (!verifier) throw new TokenError(400, "invalid_grant", "Missing code verifier.");
  const digest = createHash("sha256").update(verifier).digest("base64url");
  if (digest !== challenge) throw new TokenError(400, "invalid_grant", "Invalid code verifier.");
}

function byRefreshToken(google: GoogleState, form: URLSearchParams, clientId: string): Answer {
  const grant = google.tokens.grantOfRefresh(form.get("refresh_token") ?? "");
  if (grant?.clientId !== clientId) throw new TokenError(400, "invalid_grant", "Token has been expired or revoked.");
  return tokenAnswer(google, grant, {});
}

function tokenAnswer({ tokens }: GoogleState, grant: Grant, more: Record<string, string>): Answer {
  const { token, expiresInSeconds } = tokens.newAccessToken(grant);
  const scope = grant.scopes.join(" ");
  const body = { access_token: token, expires_in: expiresInSeconds, ...more, scope, token_type: "Bearer" };
  return jsonAnswer(200, body, NO_STORE);
}

/** The endpoint that ends a grant by any of its tokens. */
export async function revoke({ tokens }: GoogleState, call: Call): Promise<Answer> {
  const form = new URLSearchParams(await readText(call));
  const token = form.get("token") ?? call.url.searchParams.get("token") ?? "";
  if (tokens.revoke(token)) return jsonAnswer(200, {});
  return jsonAnswer(400, { error: "invalid_token", error_description: "Token expired or revoked" });
}
