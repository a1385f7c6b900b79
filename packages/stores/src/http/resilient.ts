/**
 * Requests that are tried until they are answered: what the provider says of waiting is done to the letter, a token that
 * has expired is renewed once, and nothing is given up as long as anything moves. Providers differ in `judge` alone.
 */
import { StoreError, type StoreErrorCode } from "@conclave/core";
import { type Answer, attempt, type Outgoing, sizeOf, TransportError } from "./attempt.ts";
import type { Limits, Pace } from "./limits.ts";
import { watchSilence } from "./silence.ts";
import { realTiming, type Timing } from "./timing.ts";
import { eitherSignal, unlessAborted } from "./unless-aborted.ts";

/** Where tokens come from. */
export interface Authorization {
  /** A token that was good when last heard of. Secret. */
  token(): Promise<string>;
  /** Another one, because the provider has refused `stale`; at once if somebody has renewed it meanwhile. */
  renew(stale: string): Promise<string>;
}

/** What an answer means: to be taken, tried again (at once for all, or for this request only), or the end. */
export type Verdict = "take" | "again" | "hold" | "renew" | StoreError;

export interface Request extends Outgoing {
  /** What is being done to what, for errors: "store a/b". */
  readonly doing: string;
  /** The word under which `--stats` counts it. */
  readonly kind: string;
  readonly pace?: Pace;
  /** Statuses that whoever asks understands, besides those that `judge` takes in any case. */
  readonly understands?: readonly number[];
  /** The provider's own words for refusals that whoever asks understands. */
  readonly understandsReasons?: readonly string[];
  /** False for addresses that are secrets by themselves. Default true. */
  readonly authorized?: boolean;
}

/** An answer, and whether an earlier try may have been carried out although its answer was lost. */
export interface Settled extends Answer {
  readonly retried: boolean;
}

export interface Http {
  /**
   * @throws StoreError as `judge` says, `unavailable` when patience ends, `untrusted` for what is not the provider; the
   *   signal's reason.
   */
  send(request: Request): Promise<Settled>;
  /**
   * One try, for what cannot be sent again before it is known how far it got.
   *
   * @param tries - How often it was tried without getting any further, this time included: it decides how long to wait.
   * @returns Undefined if nobody can tell what became of it; the wait that is due is over then.
   * @throws As `send`.
   */
  sendOnce(request: Request, tries: number): Promise<Settled | undefined>;
  /** Requests sent so far, tries counted each, by kind. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface HttpOptions {
  /** The provider as people call it. */
  readonly name: string;
  readonly auth: Authorization;
  readonly judge: (answer: Answer, request: Request) => Verdict;
  readonly limits: Limits;
  readonly timing?: Timing | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** How long nothing may move within one try, in milliseconds; default a minute. */
  readonly stallMs?: number | undefined;
  /** Told true when nothing has come for some seconds while a request is waited for, and false when something has. */
  readonly onSilence?: ((isSilent: boolean) => void) | undefined;
  /** Ends every wait and every request at once, whatever signal each has of its own. */
  readonly signal?: AbortSignal | undefined;
}

const STALL_MS = 60_000;
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 32_000;
/** How long nothing at all may succeed before a request is given up. */
const PATIENCE_MS = 5 * 60_000;
/** Most tokens in a row that may be refused: many requests at once may each see the others' expire. */
const RENEWALS_MAX = 8;
/** Most tries of one request, also where others succeed. */
const TRIES_MAX = 40;

export function resilientHttp(options: HttpOptions): Http {
  const { auth, judge, limits, timing = realTiming, fetch: given = fetch, stallMs = STALL_MS, name } = options;
  const counts = new Map<string, number>();
  const silence = options.onSilence && watchSilence(options.onSilence);
  let lastSuccess = Number.NEGATIVE_INFINITY;

  async function tryOnce(request: Request, token: string | undefined): Promise<Answer | TransportError> {
    const leave = await limits.enter(request.pace ?? "read", request.signal);
    counts.set(request.kind, (counts.get(request.kind) ?? 0) + 1);
    const sent = silence?.sending(sizeOf(request.body));
    try {
      return await attempt(request, { fetch: given, token, stallMs, onMove: silence?.moved });
    } catch (error) {
      if (error instanceof TransportError && error.again) return error;
      if (error instanceof TransportError) throw failed(request, error.message, { code: "untrusted", cause: error });
      throw error;
    } finally {
      sent?.();
      leave();
    }
  }

  function failed(
    request: Request,
    why: string,
    { code = "unavailable", cause }: { readonly code?: StoreErrorCode; readonly cause?: unknown },
  ): StoreError {
    return new StoreError(`cannot ${request.doing}: ${why}`, { code, cause });
  }

  /** Waits before the next try, as long as it was told to, else a random while that doubles; or gives up. */
  async function waitOrGiveUp(
    request: Request,
    state: { tries: number; began: number },
    last: Answer | TransportError,
  ) {
    const isAnswer = !(last instanceof TransportError);
    const told = isAnswer ? retryAfterMs(last.headers) : undefined;
    const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (state.tries - 1));
    const waitMs = told ?? ceiling * (0.5 + timing.random() / 2);
    const since = timing.now() + waitMs - Math.max(state.began, lastSuccess);
    if (since > PATIENCE_MS || state.tries >= TRIES_MAX) {
      const why = isAnswer ? `${name} answers ${last.status}` : last.message;
      const wait = told === undefined ? "" : `, and asks to wait ${Math.ceil(told / 1000)} s`;
      throw failed(request, `${why}${wait}`, isAnswer ? {} : { cause: last });
    }
    // Who names a time means everybody who asks in this account's name, and so does "too fast".
    if (told !== undefined || (isAnswer && judge(last, request) === "hold")) limits.hold(waitMs);
    await timing.pause(waitMs, request.signal);
  }

  async function sendOnce(request: Request, tries: number): Promise<Settled | undefined> {
    return waitedFor(() => carryOn(request, { tries: tries - 1, began: timing.now() }, true));
  }

  async function send(request: Request): Promise<Settled> {
    return (await waitedFor(() => carryOn(request, { tries: 0, began: timing.now() }, false))) as Settled;
  }

  async function waitedFor<Result>(work: () => Promise<Result>): Promise<Result> {
    const end = silence?.begin();
    try {
      return await work();
    } finally {
      end?.();
    }
  }

  async function carryOn(
    given: Request,
    state: { tries: number; readonly began: number },
    isOnce: boolean,
  ): Promise<Settled | undefined> {
    const signal = eitherSignal(given.signal, options.signal);
    const request = { ...given, signal };
    signal?.throwIfAborted();
    let token = request.authorized === false ? undefined : await unlessAborted(auth.token(), signal);
    let renewals = 0;
    for (;;) {
      const last = await tryOnce(request, token);
      state.tries += 1;
      const verdict = last instanceof TransportError ? "again" : judge(last, request);
      if (verdict instanceof StoreError) throw redacted(verdict, token);
      if (verdict === "take") {
        lastSuccess = timing.now();
        silence?.moved();
        return { ...(last as Answer), retried: state.tries > 1 };
      }
      if (verdict === "renew") {
        // A new one may have expired by now too, in a process that has slept; but not again and again.
        if (token === undefined || renewals === RENEWALS_MAX) throw signInNeeded(request, name);
        renewals += 1;
        token = await unlessAborted(auth.renew(token), signal);
        continue;
      }
      renewals = 0;
      await waitOrGiveUp(request, state, last);
      if (isOnce) return undefined;
      // Meanwhile somebody else may have renewed it.
      if (token !== undefined) token = await unlessAborted(auth.token(), signal);
    }
  }

  return { send, sendOnce, counts };
}

function signInNeeded(request: Request, name: string): StoreError {
  return new StoreError(`cannot ${request.doing}: ${name} does not accept the sign-in any more`, { code: "refused" });
}

/** What a provider repeats of a request must not carry its token on to a screen or a log. */
function redacted(error: StoreError, token: string | undefined): StoreError {
  if (token === undefined || !error.message.includes(token)) return error;
  return new StoreError(error.message.replaceAll(token, "[token]"), { code: error.code });
}

/** Seconds, or a date (RFC 9110, section 10.2.3), as milliseconds from now. */
function retryAfterMs(headers: Headers): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  // By the server's own clock, where it tells: ours may be wrong by hours.
  const now = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(at) ? undefined : Math.max(0, at - (Number.isNaN(now) ? Date.now() : now));
}
