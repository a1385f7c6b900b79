/** Drive lets an account make only a few files each second. */
import type { GoogleState } from "../state.ts";
import { GoogleError } from "./google-error.ts";

/** Counts one creation, or throws `userRateLimitExceeded`. */
export function takeCreation({ cloud, limits, creations }: GoogleState, userId: string): void {
  if (limits.createsPerSecond === undefined) return;
  const nowMs = cloud.clock.now();
  const recent = (creations.get(userId) ?? []).filter((atMs) => atMs > nowMs - 1000);
  if (recent.length >= limits.createsPerSecond) {
    throw new GoogleError(403, "userRateLimitExceeded", "User Rate Limit Exceeded.");
  }
  creations.set(userId, [...recent, nowMs]);
}
