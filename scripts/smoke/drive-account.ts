/** One account's way to Drive past everything of ours: each answer as it is. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Access } from "@conclave/node";
import type { DriveEndpoints } from "@conclave/stores";

/** One answer. */
export interface Said {
  readonly status: number;
  /** Google's word for a refusal. */
  readonly reason: string | undefined;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** One request; `path` begins behind the host, or is a whole address. */
export interface Asked {
  readonly method?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** An account that is signed in. */
export interface DriveAccount {
  readonly email: string;
  readonly auth: Access;
  readonly endpoints: DriveEndpoints;
  readonly signal: AbortSignal;
  ask(path: string, asked?: Asked): Promise<Said>;
}

const TRIES_MAX = 6;

/** Asks again, after ever longer waits, only where Drive says that it is too fast or in trouble. */
export function driveAccount(who: Omit<DriveAccount, "ask">): DriveAccount {
  const { auth, endpoints, signal } = who;
  return {
    ...who,
    async ask(path, asked = {}) {
      let token = await auth.token();
      for (let tries = 1; ; tries++) {
        const url = new URL(path, endpoints.api);
        // An upload's address is Google's own word: the token goes nowhere else all the same.
        const mayKnow = url.origin === new URL(endpoints.api).origin;
        const said = await askOnce(url, { ...asked, token: mayKnow ? token : undefined, signal });
        if (said.status === 401 && tries < TRIES_MAX) token = await auth.renew(token);
        else if (isPassing(said) && tries < TRIES_MAX) await sleep(2 ** tries * 1_000, undefined, { signal });
        else return said;
      }
    },
  };
}

function isPassing({ status, reason = "" }: Said): boolean {
  return status === 429 || status >= 500 || (status === 403 && /rateLimitExceeded/i.test(reason));
}

async function askOnce(
  url: URL,
  options: Asked & { readonly token: string | undefined; readonly signal: AbortSignal },
): Promise<Said> {
  const { method = "GET", query = {}, json, body = json === undefined ? undefined : JSON.stringify(json) } = options;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const response = await fetch(url, {
    method,
    redirect: "error",
    signal: options.signal,
    headers: {
      ...(json !== undefined && { "content-type": "application/json" }),
      ...options.headers,
      ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
    },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  const fields = parse(text);
  return { status: response.status, headers: response.headers, text, json: fields, reason: reasonIn(fields) };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function reasonIn({ error }: { readonly error?: unknown }): string | undefined {
  return (error as { errors?: { reason?: string }[] } | undefined)?.errors?.[0]?.reason;
}
