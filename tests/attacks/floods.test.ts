/** What one member or a stranger may cost the others: entries without end, and files without end. */
import { type ObjectStore, problemsOf, readAll, type Session, STORED_BYTES_MAX, verify } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { details, people } from "../support/attacked.ts";
import { budget, live, put, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe("attack 10: a log that grows without end", () => {
  /** A session that knows the same log, one device's entries of it being so large. */
  function swollen(session: Session, device: string, bytes: number): Session {
    const nodes = [...session.view.log.nodes].map(([digest, node]) => {
      const { verified } = node;
      const signed = { ...verified.signed, line: new Uint8Array(verified.entry.device === device ? bytes : 1) };
      return [digest, { ...node, verified: { ...verified, signed } }] as const;
    });
    return { ...session, view: { ...session.view, log: { ...session.view.log, nodes: new Map(nodes) } } };
  }

  it("is told of with the name of whoever fills it, while there is time to remove them", async () => {
    const { alice, bob } = await people({ world, bob: "admin" });
    await world.admit(bob, await world.device("dan"));
    const session = live(bob);
    expect(details(swollen(session, session.deviceKey, STORED_BYTES_MAX / 2 - 100), "long-log")).toEqual([]);
    const [problem] = problemsOf(swollen(session, session.deviceKey, STORED_BYTES_MAX / 2)).filter(
      ({ code }) => code === "long-log",
    );
    expect(problem?.detail).toMatch(/takes 50 % of what a grant can hold, 50 % by one device of bob/);
    expect(details(live(alice), "long-log")).toEqual([]);
  });
});

describe("attack 10: a records file larger than any", () => {
  it("is named by verify, and not fetched", async () => {
    const { alice } = await people({ world });
    await put(live(alice), { one: "one" });
    const { epoch } = live(alice).view.current;
    const key = `${epoch}/records/${"0".repeat(32)}-1-1-${"0".repeat(32)}.age`;
    const genuine = world.store;
    const fetched: string[] = [];
    const flooded: ObjectStore = {
      ...genuine,
      traits: genuine.traits,
      get: (each, options) => {
        fetched.push(each);
        return genuine.get(each, options);
      },
      async *list(folder, options) {
        yield* genuine.list(folder, options);
        if (key.startsWith(folder)) yield { key, size: STORED_BYTES_MAX + 1, stored: new Date(0) };
      },
    };
    alice.store = flooded;
    const session = world.restart(alice);
    const report = await verify(session, { budget: budget(), shown: await readAll(session), full: true });
    expect(report.ok).toBe(true);
    expect(report.problems).toContainEqual(expect.objectContaining({ code: "foreign", key }));
    expect(fetched).not.toContain(key);
  });
});
