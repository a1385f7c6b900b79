/** How fast one process may ask one provider: requests at once, writes a second, and silence when it asks for that. */
import { realTiming, type Timing } from "./timing.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** How a request counts: `write` makes or changes a file, of which providers take few a second. */
export type Pace = "read" | "write";

export interface Limits {
  /**
   * Waits for a turn.
   *
   * @returns Gives the turn back.
   */
  enter(pace: Pace, signal?: AbortSignal): Promise<() => void>;
  /** Nothing begins for so many milliseconds: the provider has said so to one request and means all. */
  hold(milliseconds: number): void;
}

export interface LimitsOptions {
  readonly atOnce: number;
  readonly writesPerSecond: number;
  readonly timing?: Timing;
}

/** A second, and a little for those that travel faster than the ones before. */
const WINDOW_MS = 1_050;

export function limits(options: LimitsOptions): Limits {
  const { atOnce, timing = realTiming } = options;
  const writesAtOnce = Math.max(1, Math.floor(options.writesPerSecond));
  const waiting: (() => void)[] = [];
  let running = 0;
  let heldUntil = Number.NEGATIVE_INFINITY;
  /** When the last writes began, or will. */
  const writes: number[] = [];

  /** In no second do more begin than may; turns are given out in the order of asking. */
  async function waitForWrite(signal?: AbortSignal): Promise<void> {
    const now = timing.now();
    const earliest = writes.length < writesAtOnce ? now : (writes.shift() as number) + WINDOW_MS;
    const at = Math.max(now, earliest);
    writes.push(at);
    if (at > now) await timing.pause(at - now, signal);
  }

  async function waitForHold(signal?: AbortSignal): Promise<void> {
    for (let left = heldUntil - timing.now(); left > 0; left = heldUntil - timing.now()) {
      await timing.pause(left, signal);
    }
  }

  /** Who is called off while waiting leaves the queue: a turn given to them would be lost. */
  async function waitForRoom(signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    try {
      await unlessAborted(promise, signal);
    } catch (error) {
      const at = waiting.indexOf(resolve);
      if (at >= 0) waiting.splice(at, 1);
      else waiting.shift()?.();
      throw error;
    }
  }

  function leave(): void {
    running -= 1;
    waiting.shift()?.();
  }

  return {
    hold(milliseconds) {
      heldUntil = Math.max(heldUntil, timing.now() + milliseconds);
    },
    async enter(pace, signal) {
      if (pace === "write") await waitForWrite(signal);
      for (;;) {
        await waitForHold(signal);
        while (running >= atOnce) await waitForRoom(signal);
        running += 1;
        if (heldUntil <= timing.now()) break;
        leave();
      }
      let isGivenBack = false;
      return () => {
        if (isGivenBack) return;
        isGivenBack = true;
        leave();
      };
    },
  };
}

/** One set of limits for each provider in a process, however many groups it has open there. */
const shared = new Map<string, Limits>();

/** The limits that all stores of this process share for one origin; the first to ask decides on them. */
export function sharedLimits(origin: string, options: LimitsOptions): Limits {
  const known = shared.get(origin) ?? limits(options);
  shared.set(origin, known);
  return known;
}
