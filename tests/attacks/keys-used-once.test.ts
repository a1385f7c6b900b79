/** File keys and nonces over crashes, restarts and restored backups. Every sweep of crashes holds the same (`openWorld`). */
import { catchUp, reencrypt, rotate, type Session } from "@conclave/core";
import { restoreSnapshot, takeSnapshot } from "@conclave/stores/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { DEATHS, dies } from "../support/deaths.ts";
import { sealedOnce } from "../support/sealed-once.ts";
import { budget, plainCrypto, put, texts, World } from "../support/world.ts";

/** Of many steps every fourth, from another one on for each kind of death. */
const STRIDE = 4;
const sweeps = DEATHS.map((death, index) => ({ ...death, first: 1 + index }));

describe("attack 18: a file key or a nonce", () => {
  it.each(sweeps)(
    "is never used twice where processes die at a $at, $when it takes effect",
    async (sweep) => {
      const { first, ...death } = sweep;
      const { crypto, count } = sealedOnce(plainCrypto);
      const world = new World({ crypto });
      onTestFinished(() => world.close());
      const alice = await world.device("alice");
      await world.found(alice);
      const work = async (session: Session) => {
        await catchUp(session);
        // The same text each time: what follows from the contents would be the same too.
        await put(session, { "a.txt": "the same" });
        await rotate(session, { contents: "now" });
        await reencrypt(session, { budget: budget() });
      };
      const [stored, copy] = [await takeSnapshot(world.store), world.backUp(alice)];
      let step = first;
      while (await dies(world, alice, { death, step, work })) {
        // What had died goes on; then all is as it was before, from a backup, and the same is done once more.
        await work(world.restart(alice));
        await restoreSnapshot(world.store, stored);
        world.restore(alice, copy);
        step += STRIDE;
      }
      expect(step).toBeGreaterThan(3 * STRIDE);
      expect(count()).toBeGreaterThan(step);
      expect(await texts(world.restart(alice))).toEqual({ "a.txt": "the same" });
    },
    120_000,
  );

  it("that is, would be seen", async () => {
    const { crypto } = sealedOnce({ ...plainCrypto, randomBytes: (length) => new Uint8Array(length) });
    const world = new World({ crypto });
    onTestFinished(() => world.close());
    await expect(world.found(await world.device("alice"))).rejects.toThrow("a payload nonce is used a second time");
  });
});
