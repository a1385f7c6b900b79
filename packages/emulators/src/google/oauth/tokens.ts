/** Grants, and the codes and tokens that follow from them. */
import type { Clock } from "../../clock.ts";
import type { Random } from "../../random.ts";
import type { OAuthClient } from "./client.ts";

const CODE_LIFE_MS = 10 * 60_000;
const ACCESS_LIFE_SECONDS = 3599;

/** What an account's owner allowed an app. */
export interface Grant {
  readonly clientId: string;
  readonly userId: string;
  readonly scopes: readonly string[];
  /** When the refresh tokens of this grant die; undefined for never. */
  readonly refreshUntilMs: number | undefined;
  isRevoked: boolean;
}

/** A code on its way from the browser to the app. */
export interface Code {
  readonly grant: Grant;
  readonly redirectUri: string;
  readonly challenge: string | undefined;
  /** Whether a refresh token comes with it. */
  readonly isOffline: boolean;
  readonly untilMs: number;
}

/** Everything that was handed out. */
export interface Tokens {
  newGrant(client: OAuthClient | undefined, userId: string, scopes: readonly string[]): Grant;
  /** Whether an app has a grant of an account that still holds. */
  isGranted(clientId: string, userId: string): boolean;
  newCode(code: Omit<Code, "untilMs">): string;
  /** A code's meaning, once. */
  takeCode(code: string): Code | undefined;
  newAccessToken(grant: Grant): { readonly token: string; readonly expiresInSeconds: number };
  newRefreshToken(grant: Grant): string;
  /** The grant of an access token that is still good. */
  grantOfAccess(token: string): Grant | undefined;
  /** The grant of a refresh token that is still good. */
  grantOfRefresh(token: string): Grant | undefined;
  /** Ends the grant behind any token. False if it knows none. */
  revoke(token: string): boolean;
  /** Ends every grant of an account, as its owner may do on Google's page. */
  revokeAll(userId: string): void;
  /** Makes one access token, or all, no good any more. */
  expire(token?: string): void;
}

/** No tokens yet. */
export function newTokens(clock: Clock, random: Random): Tokens {
  const codes = new Map<string, Code>();
  const access = new Map<string, { readonly grant: Grant; untilMs: number }>();
  const refresh = new Map<string, Grant>();
  const grants: Grant[] = [];
  return {
    newGrant(client, userId, scopes) {
      const refreshUntilMs =
        client?.refreshTokenLifeMs === undefined ? undefined : clock.now() + client.refreshTokenLifeMs;
      const grant = { clientId: client?.id ?? "", userId, scopes, refreshUntilMs, isRevoked: false };
      grants.push(grant);
      return grant;
    },
    isGranted: (clientId, userId) =>
      grants.some((grant) => grant.clientId === clientId && grant.userId === userId && !grant.isRevoked),
    newCode(code) {
      const text = `4/0${random.id(70)}`;
      codes.set(text, { ...code, untilMs: clock.now() + CODE_LIFE_MS });
      return text;
    },
    takeCode(text) {
      const code = codes.get(text);
      codes.delete(text);
      return code && code.untilMs > clock.now() ? code : undefined;
    },
    newAccessToken(grant) {
      const token = `ya29.${random.id(120)}`;
      access.set(token, { grant, untilMs: clock.now() + ACCESS_LIFE_SECONDS * 1000 });
      return { token, expiresInSeconds: ACCESS_LIFE_SECONDS };
    },
    newRefreshToken(grant) {
      const token = `1//0${random.id(90)}`;
      refresh.set(token, grant);
      return token;
    },
    grantOfAccess(token) {
      const held = access.get(token);
      return held && held.untilMs > clock.now() && !held.grant.isRevoked ? held.grant : undefined;
    },
    grantOfRefresh(token) {
      const grant = refresh.get(token);
      const isOver = grant?.refreshUntilMs !== undefined && grant.refreshUntilMs <= clock.now();
      return grant && !grant.isRevoked && !isOver ? grant : undefined;
    },
    revoke(token) {
      const grant = refresh.get(token) ?? access.get(token)?.grant;
      if (!grant || grant.isRevoked) return false;
      grant.isRevoked = true;
      return true;
    },
    revokeAll(userId) {
      for (const grant of grants) if (grant.userId === userId) grant.isRevoked = true;
    },
    expire(token) {
      for (const [each, held] of access) if (token === undefined || each === token) held.untilMs = 0;
    },
  };
}
