/** Two processes of one home: two sessions on one index, of which one comes in between what the other does. */
import { catchUp, makeFolder, openSession, problemsOf, readAll, verify } from "@conclave/core";
import { afterEach, describe, expect, it } from "vitest";
import { people, shownPaths } from "./support/attacked.ts";
import { budget, live, put, texts, World } from "./support/world.ts";

let world: World;
afterEach(() => world.close());

describe("two processes of one home", () => {
  it.each([1, 2, 3])("never give one number to two records, whoever comes in between %i times", async (times) => {
    world = new World();
    const { alice, bob } = await people({ world });
    const second = openSession(world.ports(alice));
    const ports = world.ports(alice);
    let left = times;
    // The other one publishes after this one has drawn its number, and before it has noted that.
    const first = openSession({
      ...ports,
      crypto: {
        ...ports.crypto,
        async sealPayload(options) {
          if (left-- > 0) await makeFolder(second, `second${left}`);
          return ports.crypto.sealPayload(options);
        },
      },
    });
    await makeFolder(first, "first");
    await catchUp(live(bob));
    const expected = ["first", ...Array.from({ length: times }, (_, index) => `second${index}`)];
    expect(shownPaths(live(bob))).toEqual(expected);
    expect(problemsOf(live(bob))).toEqual([]);
    const report = await verify(live(bob), { budget: budget(), shown: await readAll(live(bob)), full: true });
    expect(report).toMatchObject({ ok: true, problems: [] });
  });

  it.each([1, 2])("upload the same file at once as one, which stays one when it is changed (seal %i)", async (at) => {
    world = new World();
    const { alice, bob } = await people({ world });
    const second = openSession(world.ports(alice));
    const ports = world.ports(alice);
    let left = at;
    const first = openSession({
      ...ports,
      crypto: {
        ...ports.crypto,
        async sealPayload(options) {
          if (--left === 0) await put(second, { "d/a.txt": "one" }, 1);
          return ports.crypto.sealPayload(options);
        },
      },
    });
    await put(first, { "d/a.txt": "one" }, 1);
    await catchUp(live(bob));
    expect(await texts(live(bob))).toEqual({ "d/a.txt": "one" });
    world.restart(alice);
    await catchUp(live(alice));
    await put(live(alice), { "d/a.txt": "two" }, 2);
    await catchUp(live(bob));
    expect(await texts(live(bob))).toEqual({ "d/a.txt": "two" });
    expect(problemsOf(live(bob))).toEqual([]);
  });
});
