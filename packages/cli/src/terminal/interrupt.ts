import { COMMAND_OUTCOMES } from "../exit-codes.ts";
import type { Io } from "./io.ts";
import type { StatusLine } from "./status-line.ts";

/** A run's Ctrl-C: aborted by the first, watched until it is stopped. */
export interface Interrupts {
  readonly signal: AbortSignal;
  stop(): void;
}

/** Watches for Ctrl-C: the first calls the work off, the second ends the program at once. */
export function watchInterrupts(io: Io, status: StatusLine): Interrupts {
  const controller = new AbortController();
  const stop = io.onInterrupt(() => {
    if (controller.signal.aborted) return io.exit(COMMAND_OUTCOMES.interrupted.exit);
    status.clear();
    io.stderr.write("stopping cleanly; press Ctrl-C again to stop at once\n");
    controller.abort();
  });
  return { signal: controller.signal, stop };
}
