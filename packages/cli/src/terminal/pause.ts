import { setTimeout } from "node:timers/promises";

/** Waits, unless the person has had enough: then it rejects as the signal says. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, undefined, { signal });
}
