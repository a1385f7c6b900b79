/**
 * A provider of sign-ins on this machine, strict and scripted, for what the emulator of Google does not do: it can answer
 * with anything. It keeps what it was asked, so that a test can see what was sent.
 */
import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** Every secret of this provider begins like this, so that outputs can be searched for it. */
export const PLANTED = "planted-secret";

/** What may be made to go wrong. */
export interface Script {
  /** Answers a path in the provider's place. */
  answer?: Partial<Record<string, (response: ServerResponse) => void>>;
  /** What the person does at the page for consent; default: allows all. */
  consent?: "deny" | "untick";
  /** Seconds that access tokens live; default an hour. */
  lifetime?: number;
}

export interface OAuthProvider {
  /** For `CONCLAVE_GOOGLE_EMULATOR`. */
  readonly url: string;
  readonly client: { readonly id: string; readonly secret: string };
  script: Script;
  /** Requests so far, as `METHOD path`, with the fields of their bodies. */
  readonly asked: { readonly what: string; readonly fields: URLSearchParams }[];
  /** Takes every refresh token back. */
  revokeAll(): void;
  /** A person's browser: goes to the page for consent as `account`, and gives the address that it is sent to. */
  browse(page: string, account?: string): Promise<string>;
}

interface Code {
  readonly challenge: string;
  readonly redirect: string;
  readonly account: string;
}

const secret = (): string => `${PLANTED}-${randomBytes(12).toString("hex")}`;

/** Starts a provider that is gone when the test is over. */
export async function oauthProvider(): Promise<OAuthProvider> {
  const client = { id: "a-client.apps.example", secret: secret() };
  const codes = new Map<string, Code>();
  const refreshTokens = new Map<string, string>();
  const accessTokens = new Map<string, string>();
  const asked: { what: string; fields: URLSearchParams }[] = [];
  const provider = { client, asked, script: {} as Script };

  function authorize(url: URL, response: ServerResponse): void {
    const given = url.searchParams;
    const redirect = new URL(given.get("redirect_uri") ?? "");
    redirect.searchParams.set("state", given.get("state") ?? "");
    if (provider.script.consent === "deny") redirect.searchParams.set("error", "access_denied");
    else {
      const code = secret();
      codes.set(code, {
        challenge: given.get("code_challenge") ?? "",
        redirect: given.get("redirect_uri") ?? "",
        account: given.get("login_hint") ?? given.get("as") ?? "anna@example.org",
      });
      redirect.searchParams.set("code", code);
    }
    response.writeHead(302, { location: redirect.href }).end();
  }

  function token(fields: URLSearchParams, response: ServerResponse): void {
    if (fields.get("client_id") !== client.id || fields.get("client_secret") !== client.secret) {
      json(response, 401, { error: "invalid_client" });
      return;
    }
    const isRefresh = fields.get("grant_type") === "refresh_token";
    const account = isRefresh ? refreshTokens.get(fields.get("refresh_token") ?? "") : redeem(fields);
    if (account === undefined) {
      json(response, 400, { error: "invalid_grant" });
      return;
    }
    const access = secret();
    accessTokens.set(access, account);
    const refresh = secret();
    if (!isRefresh) refreshTokens.set(refresh, account);
    const scope = provider.script.consent === "untick" ? "openid" : "https://www.googleapis.com/auth/drive";
    json(response, 200, {
      access_token: access,
      token_type: "Bearer",
      expires_in: provider.script.lifetime ?? 3600,
      scope,
      ...(isRefresh ? {} : { refresh_token: refresh }),
    });
  }

  /** PKCE is required here, and a code works once. RFC 7636. */
  function redeem(fields: URLSearchParams): string | undefined {
    const code = codes.get(fields.get("code") ?? "");
    codes.delete(fields.get("code") ?? "");
    const verifier = fields.get("code_verifier") ?? "";
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    const fits = code?.challenge === challenge && code.redirect === fields.get("redirect_uri") && verifier.length >= 43;
    return fits ? code.account : undefined;
  }

  function about(request: IncomingMessage, response: ServerResponse): void {
    const account = accessTokens.get(request.headers.authorization?.replace("Bearer ", "") ?? "");
    if (account === undefined) json(response, 401, { error: { code: 401 } });
    else json(response, 200, { user: { emailAddress: account } });
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://provider");
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const fields = new URLSearchParams(Buffer.concat(chunks).toString());
    asked.push({ what: `${request.method} ${url.pathname}`, fields });
    const scripted = provider.script.answer?.[url.pathname];
    if (scripted) scripted(response);
    else if (url.pathname === "/o/oauth2/v2/auth") authorize(url, response);
    else if (url.pathname === "/token") token(fields, response);
    else if (url.pathname === "/revoke") {
      refreshTokens.delete(fields.get("token") ?? "");
      response.writeHead(200).end();
    } else if (url.pathname === "/drive/v3/about") about(request, response);
    else json(response, 404, { error: { code: 404 } });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()));
  return Object.assign(provider, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    revokeAll: () => refreshTokens.clear(),
    async browse(page: string, account?: string): Promise<string> {
      const url = new URL(page);
      if (account !== undefined) url.searchParams.set("as", account);
      const answer = await fetch(url, { redirect: "manual" });
      return answer.headers.get("location") ?? "";
    },
  });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
