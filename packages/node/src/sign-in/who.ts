/** Which account an access token is for. */
import { SignInError } from "./error.ts";
import type { GoogleEndpoints } from "./google.ts";
import { signInErrorOf } from "./token-request.ts";

const REQUEST_MS = 12_000;
const ACCOUNT = /^[^\s@]{1,64}@[^\s@]{1,255}$/;

/** The address of the account, as Drive's own description of the user has it: no further scope is needed for that. */
export async function accountOf(
  google: GoogleEndpoints,
  { access, signal }: { readonly access: string; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const timeout = AbortSignal.timeout(REQUEST_MS);
  const answer = await fetch(`${google.api}/drive/v3/about?fields=user(emailAddress)`, {
    headers: { authorization: `Bearer ${access}`, accept: "application/json" },
    redirect: "error", // No credential follows a redirect.
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw signInErrorOf(error);
  });
  if (answer.status >= 500) throw new SignInError("the provider does not say who signed in", { code: "unreachable" });
  const account = answer.ok ? addressIn(await answer.text()) : undefined;
  if (account === undefined) {
    throw new SignInError(`the provider does not say who signed in (status ${answer.status})`, {
      code: answer.status === 403 ? "scope-refused" : "untrusted-answer",
    });
  }
  return account;
}

function addressIn(body: string): string | undefined {
  try {
    const { user } = JSON.parse(body) as { user?: { emailAddress?: unknown } };
    const address = user?.emailAddress;
    return typeof address === "string" && ACCOUNT.test(address) ? address : undefined;
  } catch {
    return undefined;
  }
}
