import { ConclaveError } from "../errors.ts";

/** Bytes that somebody may hold until they are given back. */
export interface ByteGrant {
  /** How many are held still. */
  readonly bytes: number;
  /** Gives back all but `bytes` of them. Never takes more. */
  shrink(bytes: number): void;
  /** Gives back what is still held; again is no error. */
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * How much memory archives and objects may take, in all of the process at once.
 *
 * Requests are granted strictly in the order in which they were made, so that a big one is not starved by small ones.
 * One that is over the whole budget is granted alone: a small device is slow then, not stuck. Who holds a grant must not
 * wait for another one that is needed to give the first back; ask for the sum at once.
 */
export class ByteBudget {
  readonly total: number;
  #held = 0;
  readonly #waiting: Waiting[] = [];

  /** @param total - In bytes, at least 1. */
  constructor(total: number) {
    if (!Number.isSafeInteger(total) || total < 1)
      throw new ConclaveError(`budget of ${total} bytes`, { code: "limit" });
    this.total = total;
  }

  /** Bytes that are granted now. Over `total` only while one grant that is itself over it is the only one. */
  get held(): number {
    return this.#held;
  }

  /** Waits until `bytes` are free. Rejects with the signal's reason when that comes first. */
  async acquire(bytes: number, signal?: AbortSignal): Promise<ByteGrant> {
    signal?.throwIfAborted();
    if (this.#waiting.length > 0 || !this.#fits(bytes)) await this.#turn(bytes, signal);
    else this.#held += bytes;
    return this.#grant(bytes);
  }

  #fits(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.total;
  }

  #turn(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      reject(signal?.reason);
      this.#grantNext();
    };
    const waiting = {
      bytes,
      grant: () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      },
    };
    signal?.addEventListener("abort", leave, { once: true });
    this.#waiting.push(waiting);
    return promise;
  }

  #grantNext(): void {
    for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      // Counted here and not when the waiter goes on, so that nobody is let in between.
      this.#held += next.bytes;
      next.grant();
    }
  }

  #grant(bytes: number): ByteGrant {
    let held = bytes;
    const shrink = (rest: number) => {
      const surplus = Math.max(0, held - rest);
      held -= surplus;
      this.#held -= surplus;
      this.#grantNext();
    };
    return {
      get bytes() {
        return held;
      },
      shrink,
      release: () => shrink(0),
    };
  }
}
