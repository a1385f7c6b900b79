/** Time as the retries see it: a test gives its own, so that nothing sleeps. */
export interface Timing {
  /** Milliseconds on a clock that never goes back; only differences mean anything. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with the signal's reason. */
  pause(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** From 0 up to 1, for jitter: no secret. */
  random(): number;
}

/** The machine's own time. */
export const realTiming: Timing = {
  now: () => performance.now(),
  random: () => Math.random(),
  pause: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, milliseconds);
      signal?.addEventListener("abort", stop, { once: true });
    }),
};
