/** Why signing in to a cloud, or an access token, was refused. Codes are API. */
export type SignInErrorCode =
  | "signed-out" // This device is not signed in to the account, or to any.
  | "ambiguous-account" // Several accounts would do, and none was named.
  | "consent-refused" // The person, or their administrator, said no.
  | "sign-in-expired" // The refresh token was revoked, has expired, or was used by somebody else.
  | "wrong-client" // The provider does not know the client id, or its secret does not fit.
  | "answer-refused" // The answer that came back belongs to no sign-in that waits here.
  | "timed-out" // Nobody finished the sign-in in the browser.
  | "scope-refused" // The person signed in, but did not grant what is needed.
  | "other-account" // Somebody signed in, but with another account than the one asked for.
  | "unreachable" // The provider cannot be reached, or is in trouble: a later try may succeed.
  | "untrusted-answer"; // What answered is not the provider as it ought to be: its certificate, a redirect, a page.

/** Thrown by signing in and by whatever needs an access token. Holds no token, code or secret, nor do its causes. */
export class SignInError extends Error {
  override readonly name = "SignInError";
  readonly code: SignInErrorCode;

  constructor(message: string, options: { readonly code: SignInErrorCode; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: withoutBaggage(options.cause) });
    this.code = options.code;
  }
}

/**
 * An error without what hangs on it: the library's errors carry whole responses and parameters, and a crash would print
 * them with the tokens in them.
 */
function withoutBaggage(cause: unknown): Error {
  if (!(cause instanceof Error)) return new Error("something that is no error");
  const bare = new Error(cause.message, cause.cause instanceof Error ? { cause: withoutBaggage(cause.cause) } : {});
  bare.name = cause.name;
  if (cause.stack !== undefined) bare.stack = cause.stack;
  return bare;
}
