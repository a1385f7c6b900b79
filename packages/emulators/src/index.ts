/** Cloud storages in memory, with the faces of real providers, for tests and demos. */

export { type Clock, realClock, type VirtualClock, virtualClock } from "./clock.ts";
export type { Cloud, Item, Lag, Role, User } from "./cloud/model.ts";
export type { Fault, FaultRule } from "./faults/fault.ts";
export type { FaultPlan } from "./faults/plan.ts";
export type { OAuthClient } from "./google/oauth/client.ts";
export { DRIVE_FILE_SCOPE, DRIVE_READONLY_SCOPE, DRIVE_SCOPE } from "./google/oauth/scopes.ts";
export {
  EMULATED_CLIENT,
  type EmulatedGoogle,
  type GoogleOptions,
  type GoogleUser,
  startGoogle,
} from "./google/start.ts";
export type { Consent, GoogleLimits } from "./google/state.ts";
export type { Answer, Call } from "./http/call.ts";
export type { RequestLog, RequestRecord } from "./http/request-log.ts";
