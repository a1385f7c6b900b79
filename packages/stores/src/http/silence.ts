/** Tells when a provider has been silent for a while: whoever waits without a word takes the program for dead. */

/** Watches over all requests of one client together: as long as one of them gets on, nobody waits. */
export interface Silence {
  /**
   * A request begins to be waited for.
   *
   * @returns Ends the wait.
   */
  begin(): () => void;
  /**
   * Bytes are sent, of which nobody hears before they are all there.
   *
   * @returns Ends the sending.
   */
  sending(sizeBytes: number): () => void;
  /** Something came. */
  moved(): void;
}

/** How long nothing may come before it is told, in milliseconds. */
export const SILENT_AFTER_MS = 5_000;
/** A line on which a body takes no longer than this is slow, and not silent; bytes a second. */
const SLOW_BYTES_PER_SECOND = 128 * 1024;

/** @param tell - Told true when a silence begins, false when it ends. */
export function watchSilence(tell: (isSilent: boolean) => void): Silence {
  const allowances: number[] = [];
  let waiting = 0;
  let isSilent = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function say(isNow: boolean): void {
    if (isNow === isSilent) return;
    isSilent = isNow;
    tell(isNow);
  }

  function listen(): void {
    clearTimeout(timer);
    if (waiting > 0) timer = setTimeout(() => say(true), SILENT_AFTER_MS + Math.max(0, ...allowances));
  }

  return {
    begin() {
      waiting += 1;
      if (waiting === 1) listen();
      return () => {
        waiting -= 1;
        if (waiting > 0) return;
        clearTimeout(timer);
        say(false);
      };
    },
    sending(sizeBytes) {
      const allowance = (sizeBytes / SLOW_BYTES_PER_SECOND) * 1_000;
      allowances.push(allowance);
      if (!isSilent) listen();
      return () => {
        allowances.splice(allowances.indexOf(allowance), 1);
        if (!isSilent) listen();
      };
    },
    moved() {
      say(false);
      listen();
    },
  };
}
