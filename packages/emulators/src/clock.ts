/** Time as an emulator takes it: the machine's, or a test's own. */
import { setTimeout as sleep } from "node:timers/promises";

/** The time, and waiting. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Lets so many milliseconds pass. */
  sleep(ms: number): Promise<void>;
}

/** The machine's clock. */
export const realClock: Clock = {
  now: () => Date.now(),
  async sleep(ms) {
    await sleep(ms);
  },
};

/** A clock that a test moves. Waiting on it takes no time: it moves the clock instead. */
export interface VirtualClock extends Clock {
  advance(ms: number): void;
}

/** @param startMs - Milliseconds since 1970. Waits that overlap pass together, as they do on a real clock. */
export function virtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
    async sleep(ms) {
      const endMs = nowMs + ms;
      await new Promise(setImmediate);
      nowMs = Math.max(nowMs, endMs);
    },
  };
}
