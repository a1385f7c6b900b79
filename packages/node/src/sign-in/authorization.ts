/** One request for consent, from the address of the provider's page to tokens. RFC 6749 §4.1, RFC 7636, RFC 8252. */
import * as oauth from "oauth4webapi";
import { SignInError } from "./error.ts";
import { type GoogleScope, scopeUrl, type Tokens } from "./google.ts";
import { askForTokens, requestParts, type TokenPlace, tokensOf } from "./token-request.ts";

/** What is asked for. */
export interface Wanted extends TokenPlace {
  readonly scope: GoogleScope;
  /** The account that the provider's page should offer first. */
  readonly account?: string | undefined;
}

/** A request for consent that waits for its one answer. */
export interface Authorization {
  /** The provider's page, for the browser. */
  readonly url: string;
  /** Whether an answer is to this request: its `state` was drawn here and has never left but in `url`. */
  isAnswer(answer: URLSearchParams): boolean;
  /** Turns the answer into tokens. `signIn` takes one answer only. */
  finish(answer: URLSearchParams): Promise<Tokens>;
}

/**
 * Draws what makes a request for consent unique: `state`, and the PKCE verifier, which is sent only with the code.
 *
 * @param redirect - Where the browser is sent with the answer: the loopback address that listens.
 */
export async function requestConsent(wanted: Wanted, redirect: string): Promise<Authorization> {
  const state = oauth.generateRandomState();
  const verifier = oauth.generateRandomCodeVerifier();
  const url = new URL(wanted.google.authorization);
  const parameters = {
    response_type: "code",
    client_id: wanted.client.id,
    redirect_uri: redirect,
    scope: scopeUrl(wanted.scope),
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    access_type: "offline",
    // Google gives a refresh token only with a consent that was given anew.
    prompt: "consent",
    ...(wanted.account === undefined ? {} : { login_hint: wanted.account }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return {
    url: url.href,
    isAnswer: (answer) => answer.getAll("state").length === 1 && answer.get("state") === state, // check: link
    finish: (answer) => exchange(wanted, { answer, state, verifier, redirect }),
  };
}

async function exchange(
  wanted: Wanted,
  given: {
    readonly answer: URLSearchParams;
    readonly state: string;
    readonly verifier: string;
    readonly redirect: string;
  },
): Promise<Tokens> {
  const { answer, state, verifier, redirect } = given;
  const { server, client, authentication, options } = requestParts(wanted);
  const parameters = readAnswer(server, client, { answer, state });
  const granted = await askForTokens(wanted.signal, async () => {
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      parameters,
      redirect,
      verifier,
      options,
    );
    return oauth.processAuthorizationCodeResponse(server, client, response);
  });
  requireScope(granted.scope, wanted.scope);
  return tokensOf(granted, { now: wanted.clock.now() });
}

function readAnswer(
  server: oauth.AuthorizationServer,
  client: oauth.Client,
  { answer, state }: { readonly answer: URLSearchParams; readonly state: string },
): URLSearchParams {
  try {
    return oauth.validateAuthResponse(server, client, answer, state);
  } catch (cause) {
    if (!(cause instanceof oauth.AuthorizationResponseError)) {
      throw refused("the answer is not one to this sign-in", cause);
    }
    if (cause.error === "access_denied") {
      throw new SignInError("consent was not given at the provider", { code: "consent-refused", cause });
    }
    const code = cause.error === "unauthorized_client" ? "wrong-client" : "consent-refused";
    throw new SignInError("the provider refused the sign-in", { code, cause });
  }
}

/** On Google's page people may untick what is asked for, and the sign-in succeeds all the same. */
function requireScope(granted: string | undefined, wanted: GoogleScope): void {
  // Without a list all of what was asked for was granted. RFC 6749, section 5.1.
  if (granted === undefined || granted.split(" ").includes(scopeUrl(wanted))) return;
  throw new SignInError("signed in, but without the right to reach the files", { code: "scope-refused" });
}

function refused(message: string, cause?: unknown): SignInError {
  return new SignInError(message, { code: "answer-refused", cause });
}
