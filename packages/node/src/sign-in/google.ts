/** Where Google answers, and what is asked of it. PROVIDERS of Google's OAuth 2.0 for installed applications, RFC 8252. */
import { ConclaveError } from "@conclave/core";
import type { AuthorizationServer } from "oauth4webapi";

/** Where each of Google's services is reached. */
export interface GoogleEndpoints {
  /** The page where a person signs in and consents. */
  readonly authorization: string;
  readonly token: string;
  readonly revocation: string;
  /** Root of Google's interfaces: Drive lies in `drive/v3` and `upload/drive/v3` below it. */
  readonly api: string;
  /** How many writes a second its Drive takes; undefined for what Google takes. */
  readonly writesPerSecond?: number;
  /** True for an emulator on this machine alone: then plain http is allowed. */
  readonly isEmulated: boolean;
}

const GOOGLE: GoogleEndpoints = {
  authorization: "https://accounts.google.com/o/oauth2/v2/auth",
  token: "https://oauth2.googleapis.com/token",
  revocation: "https://oauth2.googleapis.com/revoke",
  api: "https://www.googleapis.com",
  isEmulated: false,
};

/** An emulator has no people to protect from each other. */
const EMULATED_WRITES_PER_SECOND = 10_000;

/** The variable that says where an emulator of Google's listens. */
export const GOOGLE_EMULATOR = "CONCLAVE_GOOGLE_EMULATOR";

/**
 * Google itself, or the emulator that the environment names.
 *
 * @throws ConclaveError `malformed` for anything but `http://127.0.0.1:PORT`: tokens for the real Google must never be sent to
 *   whatever a variable names.
 */
export function googleEndpoints(env: Readonly<Record<string, string | undefined>> = {}): GoogleEndpoints {
  const base = env[GOOGLE_EMULATOR];
  if (base === undefined || base === "") return GOOGLE;
  if (!/^http:\/\/127\.0\.0\.1:[1-9][0-9]{0,4}\/?$/.test(base)) {
    throw new ConclaveError(`${GOOGLE_EMULATOR} is not of the form http://127.0.0.1:PORT`, { code: "malformed" }); // check: link
  }
  const origin = new URL(base).origin;
  return {
    authorization: `${origin}/o/oauth2/v2/auth`,
    token: `${origin}/token`,
    revocation: `${origin}/revoke`,
    api: origin,
    writesPerSecond: EMULATED_WRITES_PER_SECOND,
    isEmulated: true,
  };
}

/** What a sign-in lets Conclave do. Only `drive` reaches a folder in which others put files too. */
export type GoogleScope = "drive" | "drive.file";

/** A scope as Google writes it. */
export function scopeUrl(scope: GoogleScope): string {
  return `https://www.googleapis.com/auth/${scope}`;
}

/** Google as the OAuth library wants it described. */
export function authorizationServer(google: GoogleEndpoints): AuthorizationServer {
  return {
    issuer: "https://accounts.google.com",
    authorization_endpoint: google.authorization,
    token_endpoint: google.token,
    revocation_endpoint: google.revocation,
  };
}

/** A registration of one's own at the provider; Conclave ships none. */
export interface OAuthClient {
  readonly id: string;
  /** Google gives one to every desktop client and does not treat it as secret; it is kept like one all the same. */
  readonly secret: string | undefined;
}

/** What the provider gave. Secret. */
export interface Tokens {
  readonly access: string;
  /** Milliseconds since 1970, by this machine's clock, after which `access` is renewed without being tried. */
  readonly expires: number;
  readonly refresh: string;
}
