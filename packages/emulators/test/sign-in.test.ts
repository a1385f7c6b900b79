/** The face of Google's sign-in, by plain requests. */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  DRIVE_FILE_SCOPE,
  DRIVE_SCOPE,
  EMULATED_CLIENT,
  type EmulatedGoogle,
  startGoogle,
  type VirtualClock,
  virtualClock,
} from "../src/index.ts";

const REDIRECT = "http://127.0.0.1:4321/callback";
const VERIFIER = "v".repeat(43);
const WEEK_MS = 7 * 24 * 3_600_000;

let clock: VirtualClock;
let google: EmulatedGoogle;

beforeEach(async () => {
  clock = virtualClock();
  const clients = [EMULATED_CLIENT, { id: "tested", secret: "tested", refreshTokenLifeMs: WEEK_MS }];
  google = await startGoogle({ clock, clients });
});

afterEach(() => google.close());

/** Asks as a browser would, and tells where it is sent. */
async function ask(more: Record<string, string> = {}): Promise<Response> {
  const query = new URLSearchParams({
    client_id: EMULATED_CLIENT.id,
    redirect_uri: REDIRECT,
    response_type: "code",
    scope: DRIVE_SCOPE,
    state: "s1",
    code_challenge: createHash("sha256").update(VERIFIER).digest("base64url"),
    code_challenge_method: "S256",
    access_type: "offline",
    login_hint: "bob@example.org",
    ...more,
  });
  return fetch(`${google.url}/o/oauth2/v2/auth?${query}`, { redirect: "manual" });
}

function sentBack(answer: Response): URLSearchParams {
  expect(answer.status).toBe(302);
  return new URL(answer.headers.get("location") ?? "").searchParams;
}

async function exchange(form: Record<string, string>): Promise<{ status: number; json: Record<string, string> }> {
  const client = { client_id: EMULATED_CLIENT.id, client_secret: EMULATED_CLIENT.secret };
  const sent = Object.entries({ ...client, ...form }).filter(([, value]) => value !== "");
  const answer = await fetch(`${google.url}/token`, { method: "POST", body: new URLSearchParams(sent) });
  return { status: answer.status, json: (await answer.json()) as Record<string, string> };
}

async function byCode(more: Record<string, string> = {}, asked: Record<string, string> = {}) {
  const code = sentBack(await ask(asked)).get("code") ?? "";
  return exchange({ grant_type: "authorization_code", code, code_verifier: VERIFIER, redirect_uri: REDIRECT, ...more });
}

async function me(token: string | undefined): Promise<Response> {
  return fetch(`${google.url}/drive/v3/about?fields=user(emailAddress)`, {
    headers: { authorization: `Bearer ${token}` },
  });
}

it("signs the hinted account in, and knows it by the token", async () => {
  expect(sentBack(await ask()).get("state")).toBe("s1");
  const { json } = await byCode();
  expect(await (await me(json.access_token)).json()).toEqual({ user: { emailAddress: "bob@example.org" } });
});

it("gives a refresh token with the first consent, and then only with a new consent", async () => {
  expect((await byCode()).json.refresh_token).toBeDefined();
  expect((await byCode()).json.refresh_token).toBeUndefined();
  expect((await byCode({}, { prompt: "consent" })).json.refresh_token).toBeDefined();
  expect((await byCode({}, { prompt: "consent", access_type: "online" })).json.refresh_token).toBeUndefined();
});

it.each([
  [{ client_secret: "" }, 400, "invalid_request", "client_secret is missing."],
  [{ client_secret: "wrong" }, 401, "invalid_client", "The provided client secret is invalid."],
  [{ client_id: "wrong" }, 401, "invalid_client", "The OAuth client was not found."],
  [{ code_verifier: "" }, 400, "invalid_grant", "Missing code verifier."],
  [{ code_verifier: "w".repeat(43) }, 400, "invalid_grant", "Invalid code verifier."],
  [{ redirect_uri: "http://127.0.0.1:1/" }, 400, "redirect_uri_mismatch", "Bad Request"],
  [{ code: "4/0wrong" }, 400, "invalid_grant", "Malformed auth code."],
  [{ grant_type: "password" }, 400, "unsupported_grant_type", "Invalid grant_type: password"],
  [{ client_id: "tested", client_secret: "tested" }, 400, "invalid_grant", "Malformed auth code."],
])("refuses a code that comes with %o", async (more, status, error, description) => {
  expect(await byCode(more)).toEqual({ status, json: { error, error_description: description } });
});

it("takes a code once, and only for ten minutes", async () => {
  const code = sentBack(await ask()).get("code") ?? "";
  const form = { grant_type: "authorization_code", code, code_verifier: VERIFIER, redirect_uri: REDIRECT };
  expect((await exchange(form)).status).toBe(200);
  expect((await exchange(form)).json.error).toBe("invalid_grant");
  const late = sentBack(await ask()).get("code") ?? "";
  clock.advance(600_001);
  expect((await exchange({ ...form, code: late })).json.error).toBe("invalid_grant");
});

it("lets access tokens end after an hour, and gives new ones for the refresh token", async () => {
  const { json } = await byCode();
  clock.advance(3_600_000);
  expect((await me(json.access_token)).status).toBe(401);
  const fresh = await exchange({ grant_type: "refresh_token", refresh_token: json.refresh_token ?? "" });
  expect((await me(fresh.json.access_token)).status).toBe(200);
});

it.each<[string, (token: string) => unknown]>([
  ["its owner revoked", () => google.revokeAccess("bob@example.org")],
  ["the app revoked", (token) => fetch(`${google.url}/revoke?token=${encodeURIComponent(token)}`, { method: "POST" })],
])("refuses a refresh token that %s", async (_, act) => {
  const { json } = await byCode();
  await act(json.refresh_token ?? "");
  expect((await exchange({ grant_type: "refresh_token", refresh_token: json.refresh_token ?? "" })).json).toEqual({
    error: "invalid_grant",
    error_description: "Token has been expired or revoked.",
  });
  expect((await me(json.access_token)).status).toBe(401);
});

it("lets refresh tokens of apps that are being tested end after a week", async () => {
  const client = { client_id: "tested", client_secret: "tested" };
  const { json } = await byCode(client, { client_id: "tested" });
  clock.advance(WEEK_MS);
  const late = await exchange({ ...client, grant_type: "refresh_token", refresh_token: json.refresh_token ?? "" });
  expect(late.json.error).toBe("invalid_grant");
});

it("sends the browser back without a code where the account's owner denies", async () => {
  google.consent.set("bob@example.org", "deny");
  const back = sentBack(await ask());
  expect([back.get("error"), back.get("state"), back.get("code")]).toEqual(["access_denied", "s1", null]);
});

it("shows a page that asks, and takes the account and the scopes that are chosen there", async () => {
  google.consent.set("bob@example.org", "ask");
  const asked = await ask({ scope: `${DRIVE_SCOPE} ${DRIVE_FILE_SCOPE}` });
  const page = await asked.text();
  expect(page).toContain("carol@example.org");
  const body = new URLSearchParams({ answer: "allow", account: "carol@example.org", scope: DRIVE_FILE_SCOPE });
  const back = sentBack(await fetch(asked.url, { method: "POST", body, redirect: "manual" }));
  expect(back.get("scope")).toBe(DRIVE_FILE_SCOPE);
  const denied = new URLSearchParams({ answer: "deny" });
  expect(sentBack(await fetch(asked.url, { method: "POST", body: denied, redirect: "manual" })).get("error")).toBe(
    "access_denied",
  );
});

it.each([
  [{ client_id: "<b>" }, 401, "invalid_client"],
  [{ redirect_uri: "https://example.org/" }, 400, "redirect_uri_mismatch"],
  [{ redirect_uri: "http://127.0.0.1.example.org/" }, 400, "redirect_uri_mismatch"],
  [{ response_type: "token" }, 400, "unsupported_response_type"],
  [{ scope: "everything" }, 400, "invalid_scope"],
  [{ code_challenge_method: "plain" }, 400, "invalid_request"],
])("shows a page instead of sending anybody back for %o", async (more, status, error) => {
  const answer = await ask(more);
  expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(error)]);
});
