/** What one member or a stranger may cost the others: entries without end, and files without end. */
import { catchUp, type ObjectStore, problemsOf, readAll, type Session, STORED_BYTES_MAX, verify } from "@conclave/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { details, people, removeBy } from "../support/attacked.ts";
import { forge, forgedChange, newFolder } from "../support/forge.ts";
import { LOG_WEIGHT_MAX } from "../support/insides.ts";
import { budget, live, put, World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe("attack 10: a log that grows without end", () => {
  /** A session that knows the same log, one device's entries of it weighing so much. */
  function swollen(session: Session, device: string, weight: number): Session {
    const { log, state } = session.view;
    const own = [...log.nodes.values()].filter(({ verified }) => verified.entry.device === device);
    const line = new Uint8Array(weight / own.length);
    const nodes = [...log.nodes].map(([digest, node]) => {
      const { verified } = node;
      const signed = { ...verified.signed, ...(own.includes(node) ? { line } : {}) };
      return [digest, { ...node, verified: { ...verified, signed } }] as const;
    });
    const view = { ...session.view, state: { ...state, weight }, log: { ...log, nodes: new Map(nodes) } };
    return { ...session, view };
  }

  it("is told of with the name of whoever fills it, while there is time to remove them", async () => {
    const { alice, bob } = await people({ world, bob: "admin" });
    await world.admit(bob, await world.device("dan"));
    const session = live(bob);
    expect(details(swollen(session, session.deviceKey, LOG_WEIGHT_MAX / 2 - 1024), "long-log")).toEqual([]);
    const [problem] = problemsOf(swollen(session, session.deviceKey, LOG_WEIGHT_MAX / 2)).filter(
      ({ code }) => code === "long-log",
    );
    expect(problem?.detail).toMatch(/is 50 % full, 50 % of it by one device of bob/);
    expect(details(live(alice), "long-log")).toEqual([]);
  });

  it("is told of where somebody has filled half of what is theirs, however little that is of the log", async () => {
    const { bob } = await people({ world });
    const session = live(bob);
    const { state } = session.view;
    const asIf = (weight: number): Session => {
      const members = state.members.map((each) => (each.name === "bob" ? { ...each, weight } : each));
      return { ...session, view: { ...session.view, state: { ...state, members } } };
    };
    expect(details(asIf(240 * 1024), "long-log")).toEqual([]);
    expect(details(asIf(250 * 1024), "long-log")).toEqual(["bob has filled 50 % of what they may of the log"]);
  });
});

describe("attack 10: changes that do not count, without end", () => {
  it("are named up to a hundred, the newest, and counted beyond that", async () => {
    const { alice, bob } = await people({ world });
    const session = live(bob);
    const { head } = session.view.state;
    await removeBy(alice, "bob");
    const records = Array.from({ length: 103 }, (_, count) =>
      forgedChange({ head, operations: [newFolder(session, `of ${count}`)] }),
    );
    await forge(session, { records });
    await catchUp(live(alice));
    const told = details(live(alice), "void");
    expect(told).toHaveLength(101);
    expect(told[0]).toMatch(/change 4 does not count/);
    expect(told.at(-1)).toBe("3 older changes do not count either");
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
