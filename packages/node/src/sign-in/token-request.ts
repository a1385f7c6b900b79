/** One request to a token endpoint, and what its answer means. */
import type { Clock } from "@conclave/core";
import * as oauth from "oauth4webapi";
import { SignInError } from "./error.ts";
import { authorizationServer, type GoogleEndpoints, type OAuthClient, type Tokens } from "./google.ts";

/** How long one request may take, in milliseconds: less than other processes wait for their turn (`openDatabase`). */
const REQUEST_MS = 12_000;
/** Access tokens are renewed a minute before they end, in milliseconds: a request may be on its way for a while. */
const EARLY_MS = 60_000;

/** Whose tokens are asked for, and where. */
export interface TokenPlace {
  readonly google: GoogleEndpoints;
  readonly client: OAuthClient;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** How the library is told about the provider, for one request. */
export function requestParts({ google, client, signal }: Omit<TokenPlace, "clock">) {
  const timeout = AbortSignal.timeout(REQUEST_MS);
  return {
    server: authorizationServer(google),
    client: { client_id: client.id } satisfies oauth.Client,
    authentication: client.secret === undefined ? oauth.None() : oauth.ClientSecretPost(client.secret),
    options: {
      // Plain http is for the emulator on this machine alone.
      [oauth.allowInsecureRequests]: google.isEmulated,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    },
  };
}

/** Does one request for tokens and says its errors as ours. */
export async function askForTokens<Answer>(
  signal: AbortSignal | undefined,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    signal?.throwIfAborted();
    throw signInErrorOf(error);
  }
}

/** An answer's tokens. Google sends no new refresh token with a renewed access token: then the one used stays. */
export function tokensOf(answer: oauth.TokenEndpointResponse, options: { now: number; refresh?: string }): Tokens {
  const refresh = answer.refresh_token ?? options.refresh;
  if (refresh === undefined) {
    throw new SignInError("the provider gave no refresh token", { code: "scope-refused" });
  }
  const seconds = answer.expires_in ?? 0;
  return { access: answer.access_token, expires: options.now + seconds * 1000 - EARLY_MS, refresh };
}

/** Renews an access token. RFC 6749, section 6. */
export async function renewTokens(place: TokenPlace, tokens: Tokens): Promise<Tokens> {
  const { server, client, authentication, options } = requestParts(place);
  const answer = await askForTokens(place.signal, async () => {
    const response = await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh, options);
    return oauth.processRefreshTokenResponse(server, client, response);
  });
  return tokensOf(answer, { now: place.clock.now(), refresh: tokens.refresh });
}

/** Takes a refresh token back at the provider, and with it all that was made from it. RFC 7009. */
export async function revokeTokens(place: TokenPlace, tokens: Tokens): Promise<void> {
  const { server, client, authentication, options } = requestParts(place);
  await askForTokens(place.signal, async () => {
    const response = await oauth.revocationRequest(server, client, authentication, tokens.refresh, options);
    await oauth.processRevocationResponse(response);
  });
}

/** What the library threw, in our words: RFC 6749, section 5.2, and what a network and impostors do. */
export function signInErrorOf(error: unknown): SignInError {
  if (error instanceof SignInError) return error;
  if (error instanceof oauth.ResponseBodyError) return refusalOf(error);
  if (error instanceof oauth.OperationProcessingError) return answerOf(error);
  if (isUntrustedCertificate(error)) {
    return new SignInError("what answers in the provider's place has no certificate that this machine trusts", {
      code: "untrusted-answer",
      cause: error,
    });
  }
  return new SignInError("the provider cannot be reached to sign in", { code: "unreachable", cause: error });
}

/** An answer that is no OAuth answer: of a service in trouble, or of something else in its place. */
function answerOf(cause: oauth.OperationProcessingError): SignInError {
  if (cause.cause instanceof Response && cause.cause.status >= 500) {
    return new SignInError("the provider cannot sign anybody in just now", { code: "unreachable", cause });
  }
  return new SignInError("what answered the sign-in did not answer as the provider does", {
    code: "untrusted-answer",
    cause,
  });
}

function refusalOf(error: oauth.ResponseBodyError): SignInError {
  switch (error.error) {
    case "invalid_grant":
      return new SignInError(
        "the provider takes this sign-in no more: it was revoked, has expired, or is not its own",
        {
          code: "sign-in-expired",
          cause: error,
        },
      );
    case "invalid_client":
    case "unauthorized_client":
    case "invalid_request":
      return new SignInError("the provider does not take this client id and secret", {
        code: "wrong-client",
        cause: error,
      });
    default:
      if (error.status >= 500 || error.status === 429) {
        return new SignInError("the provider cannot sign anybody in just now", { code: "unreachable", cause: error });
      }
      return new SignInError("the provider refused to give tokens", { code: "consent-refused", cause: error });
  }
}

/** Node's own codes for certificates that it does not trust. */
const CERTIFICATE =
  /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|HOSTNAME_MISMATCH)/;

function isUntrustedCertificate(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && CERTIFICATE.test(String(cause.code))) return true;
  }
  return false;
}
