/** Where a browser is sent to ask an account's owner. */
import type { User } from "../../cloud/model.ts";
import { type Answer, type Call, emptyAnswer, readText } from "../../http/call.ts";
import type { GoogleState } from "../state.ts";
import { consentPage, refusalPage } from "./pages.ts";
import { SCOPES } from "./scopes.ts";

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?(\/|$)/;

/** What an app asks for. */
interface Wish {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string | undefined;
  readonly scopes: readonly string[];
  readonly challenge: string | undefined;
  readonly isOffline: boolean;
  readonly asksAgain: boolean;
  readonly hint: string | undefined;
}

/** Answers by the account's policy at once, or shows the page and takes its form. */
export async function authorize(google: GoogleState, call: Call): Promise<Answer> {
  const query = call.url.searchParams;
  const refusal = refuse(google, query);
  if (refusal) return refusal;
  const wish = toWish(query);
  if (call.method === "POST") return takeForm(google, wish, new URLSearchParams(await readText(call)));
  const user = findUser(google, wish.hint);
  const consent = user && google.consent.get(user.email);
  if (user && consent === "allow") return allow(google, wish, user, wish.scopes);
  if (user && consent === "deny") return sendBack(wish, { error: "access_denied" });
  return consentPage(wish.clientId, [...google.cloud.users.values()], wish.scopes);
}

function refuse(google: GoogleState, query: URLSearchParams): Answer | undefined {
  const [clientId, redirectUri, method] = ["client_id", "redirect_uri", "code_challenge_method"].map((name) =>
    query.get(name),
  );
  if (!google.clients.has(clientId ?? "")) return refusalPage(401, "invalid_client", "The OAuth client was not found.");
  if (!LOOPBACK.test(redirectUri ?? "")) {
    return refusalPage(400, "redirect_uri_mismatch", "A desktop app is answered on a loopback address only.");
  }
  if (query.get("response_type") !== "code") return refusalPage(400, "unsupported_response_type", "Ask for a code.");
  const unknown = scopesOf(query).filter((scope) => !SCOPES.has(scope));
  if (unknown.length > 0 || scopesOf(query).length === 0) {
    return refusalPage(400, "invalid_scope", `Some requested scopes were invalid or missing: ${unknown.join(" ")}`);
  }
  if (query.has("code_challenge") && method !== "S256") {
    return refusalPage(400, "invalid_request", "This emulator knows the code challenge method S256 only.");
  }
  return undefined;
}

function scopesOf(query: URLSearchParams): string[] {
  return (query.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
}

function toWish(query: URLSearchParams): Wish {
  return {
    clientId: query.get("client_id") ?? "",
    redirectUri: query.get("redirect_uri") ?? "",
    state: query.get("state") ?? undefined,
    scopes: scopesOf(query),
    challenge: query.get("code_challenge") ?? undefined,
    isOffline: query.get("access_type") === "offline",
    asksAgain: (query.get("prompt") ?? "").split(" ").includes("consent"),
    hint: query.get("login_hint") ?? undefined,
  };
}

/** The account that is meant, or else the first that has a policy of its own. */
function findUser({ cloud, consent }: GoogleState, hint: string | undefined): User | undefined {
  const users = [...cloud.users.values()];
  if (hint !== undefined) return users.find(({ email }) => email === hint);
  return users.find(({ email }) => (consent.get(email) ?? "ask") !== "ask");
}

function takeForm(google: GoogleState, wish: Wish, form: URLSearchParams): Answer {
  if (form.get("answer") !== "allow") return sendBack(wish, { error: "access_denied" });
  const user = findUser(google, form.get("account") ?? "");
  if (!user) return refusalPage(400, "invalid_request", "There is no such account.");
  return allow(
    google,
    wish,
    user,
    wish.scopes.filter((scope) => form.getAll("scope").includes(scope)),
  );
}

/** A refresh token comes only with the first consent, unless the app asks for a new consent. */
function allow(google: GoogleState, wish: Wish, user: User, scopes: readonly string[]): Answer {
  const isFirst = !google.tokens.isGranted(wish.clientId, user.id);
  const grant = google.tokens.newGrant(google.clients.get(wish.clientId), user.id, scopes);
  const code = google.tokens.newCode({
    grant,
    redirectUri: wish.redirectUri,
    challenge: wish.challenge,
    isOffline: wish.isOffline && (isFirst || wish.asksAgain),
  });
  return sendBack(wish, { code, scope: scopes.join(" ") });
}

function sendBack({ redirectUri, state }: Wish, parameters: Record<string, string>): Answer {
  const url = new URL(redirectUri);
  if (state !== undefined) url.searchParams.set("state", state);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return emptyAnswer(302, { location: url.href, "cache-control": "no-store" });
}
