/** What the contract's cases use of `node:assert/strict`, where there is no Node. */
import { expect } from "vitest";

const assert = {
  ok: (value: unknown, message?: string) => expect(value, message).toBeTruthy(),
  equal: (got: unknown, due: unknown, message?: string) => expect(got, message).toBe(due),
  deepEqual: (got: unknown, due: unknown, message?: string) => expect(got, message).toEqual(due),
  async rejects(
    work: Promise<unknown> | (() => Promise<unknown>),
    fits: ErrorConstructor | ((error: unknown) => boolean),
  ): Promise<void> {
    const done = typeof work === "function" ? work() : work;
    const [error] = await done.then(
      () => [],
      (reason: unknown) => [reason],
    );
    const isClass = fits === Error || fits.prototype instanceof Error;
    expect(isClass ? error instanceof fits : (fits as (error: unknown) => boolean)(error)).toBe(true);
  },
};

// biome-ignore lint/style/noDefaultExport: it takes the place of a module that is imported so.
export default assert;
