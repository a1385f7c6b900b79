import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteBudget } from "../../src/contents/budget.ts";

/** Lets everything that can go on go on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe("ByteBudget", () => {
  it("is never exceeded by requests that each fit, and grants them all", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 60 }),
        fc.scheduler(),
        async (sizes, scheduler) => {
          const budget = new ByteBudget(100);
          let greatest = 0;
          const done = sizes.map(async (bytes) => {
            const grant = await budget.acquire(bytes);
            greatest = Math.max(greatest, budget.held);
            await scheduler.schedule(Promise.resolve());
            grant.shrink(Math.floor(bytes / 2));
            await scheduler.schedule(Promise.resolve());
            grant.release();
          });
          await scheduler.waitFor(Promise.all(done));
          expect(greatest).toBeLessThanOrEqual(100);
          expect(budget.held).toBe(0);
        },
      ),
    );
  });

  it("grants in the order of asking, so that many small requests do not starve a big one", async () => {
    const budget = new ByteBudget(10);
    const order: string[] = [];
    const first = await budget.acquire(6);
    const big = budget.acquire(10).then((grant) => {
      order.push("big");
      return grant;
    });
    const small = budget.acquire(1).then((grant) => {
      order.push("small");
      return grant;
    });
    await settled();
    expect(order).toEqual([]);
    first.release();
    (await big).release();
    (await small).release();
    expect(order).toEqual(["big", "small"]);
  });

  it("grants what is over the whole budget alone", async () => {
    const budget = new ByteBudget(10);
    const first = await budget.acquire(1);
    let isGranted = false;
    const huge = budget.acquire(50).then((grant) => {
      isGranted = true;
      return grant;
    });
    const next = budget.acquire(1);
    await settled();
    expect(isGranted).toBe(false);
    first.release();
    const grant = await huge;
    await settled();
    expect(budget.held).toBe(50);
    grant.release();
    (await next).release();
    expect(budget.held).toBe(0);
  });

  it("gives back no byte twice", async () => {
    const budget = new ByteBudget(10);
    const [one] = [await budget.acquire(4), await budget.acquire(4)];
    one.shrink(3);
    one.shrink(9);
    expect([one.bytes, budget.held]).toEqual([3, 7]);
    one.release();
    one.release();
    expect([one.bytes, budget.held]).toEqual([0, 4]);
  });

  it("lets others pass when a waiter gives up", async () => {
    const budget = new ByteBudget(10);
    await budget.acquire(6);
    const controller = new AbortController();
    const big = budget.acquire(10, controller.signal);
    const small = budget.acquire(4);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(big).rejects.toBe(reason);
    await small;
    expect(budget.held).toBe(10);
  });

  it("does not take back a grant by a signal that comes later", async () => {
    const budget = new ByteBudget(10);
    const first = await budget.acquire(10);
    const controller = new AbortController();
    const second = budget.acquire(3, controller.signal);
    const third = budget.acquire(10);
    first.release();
    controller.abort();
    expect((await second).bytes).toBe(3);
    expect(budget.held).toBe(3);
    (await second).release();
    expect((await third).bytes).toBe(10);
  });

  it("grants nothing under a signal that has come already", async () => {
    const budget = new ByteBudget(10);
    await expect(budget.acquire(1, AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
    expect(budget.held).toBe(0);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses a budget of %d bytes", (total) => {
    expect(() => new ByteBudget(total)).toThrow(expect.objectContaining({ code: "limit" }));
  });
});
