import type { Timing } from "../../src/http/timing.ts";

/** Time that passes only where somebody waits for it. */
export interface VirtualTime extends Timing {
  /** Every wait, in milliseconds, in order. */
  readonly pauses: number[];
}

export function virtualTime(random: () => number = () => 1): VirtualTime {
  let now = 0;
  const pauses: number[] = [];
  return {
    pauses,
    now: () => now,
    random,
    async pause(milliseconds, signal) {
      signal?.throwIfAborted();
      pauses.push(milliseconds);
      const end = now + milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
      now = Math.max(now, end);
      signal?.throwIfAborted();
    },
  };
}
