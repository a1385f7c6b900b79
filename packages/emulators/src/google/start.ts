/** An emulated Google: Drive and the sign-in to it, on one loopback address. */
import { type Clock, realClock } from "../clock.ts";
import { addSharedDrive, addUser, newCloud, type UserDraft } from "../cloud/cloud.ts";
import type { Cloud, Role, User } from "../cloud/model.ts";
import type { FaultRule } from "../faults/fault.ts";
import { type FaultPlan, newFaultPlan } from "../faults/plan.ts";
import { type Answer, type Call, emptyAnswer, htmlAnswer } from "../http/call.ts";
import { newRequestLog, type RequestLog } from "../http/request-log.ts";
import { type Face, type Route, startServer } from "../http/server.ts";
import { seededRandom } from "../random.ts";
import { routeDrive, tokenOf } from "./drive/face.ts";
import { errorAnswer } from "./drive/google-error.ts";
import { authorize } from "./oauth/authorize.ts";
import type { OAuthClient } from "./oauth/client.ts";
import { DRIVE_SCOPE } from "./oauth/scopes.ts";
import { exchange, revoke } from "./oauth/token.ts";
import { newTokens } from "./oauth/tokens.ts";
import type { Consent, GoogleLimits, GoogleState } from "./state.ts";

/** The app that is registered unless others are. Its secret is no secret, as with every desktop app. */
export const EMULATED_CLIENT: OAuthClient = {
  id: "1234567890-emulated.apps.googleusercontent.com",
  secret: "GOCSPX-emulated-not-a-secret",
};

/** Who has an account, and what they answer when an app asks. Default: `allow`. */
export interface GoogleUser extends UserDraft {
  readonly consent?: Consent;
}

/** How an emulated Google is. */
export interface GoogleOptions {
  /** Default: alice, bob and carol at example.org. */
  readonly users?: readonly GoogleUser[];
  /** Default: {@link EMULATED_CLIENT}. */
  readonly clients?: readonly OAuthClient[];
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** How long each request takes at least. Default: 0. */
  readonly latencyMs?: number;
  /** How much its `Date` header is ahead of its clock. Default: 0. */
  readonly skewMs?: number;
  readonly limits?: Partial<GoogleLimits>;
  readonly faults?: readonly FaultRule[];
  /** Decides all chance: ids, tokens, mishaps. Default: 1. */
  readonly seed?: number;
  /** Default: any that is free. */
  readonly port?: number;
  /** Key and certificate in PEM, to speak TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Sees every request with its answer, as a referee does. */
  observe?(call: Call, answer: Answer): void;
}

/** An emulated Google that runs. */
export interface EmulatedGoogle {
  /** Where it listens, without a last slash. Drive is at `/drive/v3`, the sign-in at `/o/oauth2/v2/auth` and `/token`. */
  readonly url: string;
  readonly cloud: Cloud;
  readonly limits: GoogleLimits;
  readonly requests: RequestLog;
  readonly faults: FaultPlan;
  /** What each account answers when an app asks; by address. */
  readonly consent: Map<string, Consent>;
  /** The apps that are registered, by their ids: what is taken out is known no more. */
  readonly clients: Map<string, OAuthClient>;
  /** The account of an address. */
  user(email: string): User;
  /** Tokens without the way through a browser. Default scope: the whole Drive. */
  signIn(email: string, scopes?: readonly string[]): { readonly accessToken: string; readonly refreshToken: string };
  /** Makes a shared drive; roles by address. */
  addSharedDrive(name: string, roles: Readonly<Record<string, Role>>): string;
  /** Makes every access token no good any more, as an hour's time would. */
  expireAccessTokens(): void;
  /** Takes all apps' access to an account away, as its owner may. */
  revokeAccess(email: string): void;
  /** Forgets all upload sessions. */
  dropUploadSessions(): void;
  close(): Promise<void>;
}

const USERS: readonly GoogleUser[] = [
  { email: "alice@example.org", name: "Alice" },
  { email: "bob@example.org", name: "Bob" },
  { email: "carol@example.org", name: "Carol" },
];

/** Starts an emulated Google on 127.0.0.1. */
export async function startGoogle(options: GoogleOptions = {}): Promise<EmulatedGoogle> {
  const google = newState(options);
  const requests = newRequestLog();
  const faults = newFaultPlan(seededRandom((options.seed ?? 1) + 1));
  faults.add(...(options.faults ?? []));
  const server = await startServer({
    clock: google.cloud.clock,
    face: newFace(google),
    log: requests,
    faults,
    port: options.port ?? 0,
    latencyMs: options.latencyMs ?? 0,
    skewMs: options.skewMs ?? 0,
    tls: options.tls,
    observe: (call, answer) => options.observe?.(call, answer),
  });
  return { ...server, requests, faults, ...controls(google) };
}

function newState({ users = USERS, clients = [EMULATED_CLIENT], ...options }: GoogleOptions): GoogleState {
  const clock = options.clock ?? realClock;
  const random = seededRandom(options.seed ?? 1);
  const cloud = newCloud(clock, random);
  for (const user of users) addUser(cloud, user);
  return {
    cloud,
    random,
    clients: new Map(clients.map((client) => [client.id, client])),
    consent: new Map(users.map(({ email, consent }) => [email, consent ?? "allow"])),
    tokens: newTokens(clock, random),
    sessions: new Map(),
    limits: {
      createsPerSecond: undefined,
      pageSizeMax: 1000,
      searchesAreIncomplete: false,
      multipartBytesMax: 5 * 1024 * 1024 + 64 * 1024,
      ...options.limits,
    },
    creations: new Map(),
  };
}

function controls(google: GoogleState): Omit<EmulatedGoogle, "url" | "requests" | "faults" | "close"> {
  const { cloud, limits, consent, tokens, clients } = google;
  const user = (email: string): User => {
    const found = [...cloud.users.values()].find((each) => each.email === email);
    if (!found) throw new Error(`there is no account ${email}`);
    return found;
  };
  return {
    cloud,
    limits,
    consent,
    clients,
    user,
    signIn(email, scopes = [DRIVE_SCOPE]) {
      const grant = tokens.newGrant(google.clients.values().next().value, user(email).id, scopes);
      return { accessToken: tokens.newAccessToken(grant).token, refreshToken: tokens.newRefreshToken(grant) };
    },
    addSharedDrive(name, roles) {
      const members = Object.entries(roles).map(([email, role]) => [user(email), role] as const);
      return addSharedDrive(cloud, name, new Map(members)).id;
    },
    expireAccessTokens: () => tokens.expire(),
    revokeAccess: (email) => tokens.revokeAll(user(email).id),
    dropUploadSessions: () => google.sessions.clear(),
  };
}

function newFace(google: GoogleState): Face {
  return {
    route: (call) => routeDrive(google, call) ?? routeOAuth(google, call),
    errorAnswer,
    expireToken(call) {
      const token = tokenOf(call);
      if (token !== undefined) google.tokens.expire(token);
    },
  };
}

function routeOAuth(google: GoogleState, { method, url }: Call): Route {
  switch (`${method} ${url.pathname}`) {
    case "GET /o/oauth2/v2/auth":
    case "POST /o/oauth2/v2/auth":
    case "GET /o/oauth2/auth":
    case "POST /o/oauth2/auth":
      return { kind: "oauth.authorize", perform: (call) => authorize(google, call) };
    case "POST /token":
      return { kind: "oauth.token", perform: (call) => exchange(google, call) };
    case "POST /revoke":
      return { kind: "oauth.revoke", perform: (call) => revoke(google, call) };
    case "GET /favicon.ico":
      return { kind: "favicon", perform: async () => emptyAnswer(204) };
    default:
      return {
        kind: "unknown",
        perform: async () => htmlAnswer(404, "<!DOCTYPE html><title>Error 404 (Not Found)</title>"),
      };
  }
}
