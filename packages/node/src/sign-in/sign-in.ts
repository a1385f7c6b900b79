/** Signing in with a browser: the whole of it, from a free port to the account and its tokens. */

import { type Authorization, requestConsent, type Wanted } from "./authorization.ts";
import type { CallbackPage } from "./callback-page.ts";
import { donePage, failedPage, strayPage } from "./callback-page.ts";
import { SignInError } from "./error.ts";
import type { Tokens } from "./google.ts";
import { openLoopback } from "./loopback.ts";
import { accountOf } from "./who.ts";

export interface SignInOptions extends Wanted {
  readonly signal: AbortSignal;
  /** How long the person may take, in milliseconds. After that the port is closed and any answer comes too late. */
  readonly timeoutMs: number;
  /** Shows the provider's page to the person. */
  show(url: string): Promise<void>;
  /** Asks for the address at which the browser ended, where it runs on another machine than this. */
  readonly paste?: (() => Promise<string>) | undefined;
  /** Told when an answer came that belongs to no sign-in here. */
  onStray(): void;
}

/** Who signed in, and their tokens. */
export interface SignedIn {
  readonly account: string;
  readonly tokens: Tokens;
}

/**
 * Waits for the one answer to a request for consent, and takes tokens for it.
 *
 * @throws {@link SignInError} as its codes say; whatever `signal` is aborted with.
 */
export async function signIn(options: SignInOptions): Promise<SignedIn> {
  const result = Promise.withResolvers<SignedIn>();
  result.promise.catch(() => undefined); // Somebody else may be the first to be told.
  let authorization: Authorization | undefined;
  let isTaken = false;

  async function take(answer: URLSearchParams): Promise<CallbackPage> {
    if (!authorization?.isAnswer(answer) || isTaken) {
      options.onStray();
      return strayPage(); // check: link
    }
    isTaken = true;
    try {
      const signedIn = await finish(options, { authorization, answer });
      result.resolve(signedIn);
      return donePage(signedIn.account);
    } catch (error) {
      result.reject(error);
      return failedPage(error instanceof SignInError ? error.message : "something went wrong");
    }
  }

  const door = await openLoopback(take);
  const called = withDeadline(options, (error) => result.reject(error));
  try {
    authorization = await requestConsent(options, door.redirect);
    await options.show(authorization.url);
    if (options.paste)
      options
        .paste()
        .then((text) => takePasted(text, { take, isTaken: () => isTaken }), result.reject)
        .catch(result.reject);
    return await result.promise;
  } finally {
    called.stop();
    await door.close();
  }
}

async function finish(
  options: SignInOptions,
  { authorization, answer }: { readonly authorization: Authorization; readonly answer: URLSearchParams },
): Promise<SignedIn> {
  const { google, signal, account: wanted } = options;
  const tokens = await authorization.finish(answer);
  const account = await accountOf(google, { access: tokens.access, signal });
  if (wanted !== undefined && account.toLowerCase() !== wanted.toLowerCase()) {
    throw new SignInError(`${account} signed in, not ${wanted}`, { code: "other-account" });
  }
  return { account, tokens };
}

/** What a person copied from the browser's address bar: whole, or at least all that follows the question mark. */
async function takePasted(
  text: string,
  {
    take,
    isTaken,
  }: { readonly take: (answer: URLSearchParams) => Promise<CallbackPage>; readonly isTaken: () => boolean },
): Promise<void> {
  if (isTaken()) return;
  await take(new URLSearchParams(text.trim().replace(/^[^?]*\?/, "")));
  if (!isTaken()) {
    throw new SignInError("what was pasted is not the answer to this sign-in", { code: "answer-refused" });
  }
}

function withDeadline({ signal, timeoutMs }: SignInOptions, fail: (error: unknown) => void): { stop(): void } {
  const abort = (): void => fail(signal.reason);
  const late = (): void =>
    fail(new SignInError("nobody finished the sign-in in the browser in time", { code: "timed-out" }));
  const timer = setTimeout(late, timeoutMs);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  return {
    stop: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    },
  };
}
