import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { admit, family, newStage, type Person } from "../support/stage.ts";

const DAY_MS = 24 * 3600 * 1000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Alice and Bob, and a key in the folder that no entry names, for as long as it takes to notice. */
async function strangeKey(): Promise<{ readonly alice: Person; readonly bob: Person; readonly key: string }> {
  const stage = newStage();
  const { alice, store } = await family(stage);
  const bob = await admit(stage, { alice, name: "Bob" });
  const key = join(store, "epochs", `${"ab".repeat(32)}.recipient`);
  writeFileSync(key, "age1of-nobody\n");
  for (let look = 0; look < 4; look++) {
    vi.setSystemTime(Date.now() + DAY_MS);
    await bob.json("ls", "family:");
  }
  return { alice, bob, key };
}

describe("a change of key that may be hidden", () => {
  it("is warned of on each command, and is a problem in status; work goes on", async () => {
    const { bob, key } = await strangeKey();
    const made = await bob("mkdir", "family:new");
    expect([made.exit, made.err]).toEqual([
      0,
      expect.stringMatching(/^warning: something is missing.*conclave address/s),
    ]);
    expect(await bob.json("status", "family")).toMatchObject({ problems: [{ code: "hidden-key" }] });
    rmSync(key);
    const after = await bob("ls", "family:");
    expect(after.err).toBe("");
  });

  it("is put to rest by another member's address", async () => {
    const { alice, bob } = await strangeKey();
    const { out: address } = await alice("address", "family");
    const joined = await bob("join", address.trim());
    expect([joined.exit, joined.err]).toEqual([0, ""]);
    expect(await bob.json("status", "family")).toMatchObject({ problems: [] });
  });
});

describe("status", () => {
  it("says who else uses the current key, and when they last did", async () => {
    const { alice, bob } = await strangeKey();
    expect(await bob.json("status", "family")).toMatchObject({ confirmed: { by: ["Alice"], others: 1 } });
    expect(await alice.json("status", "family")).toMatchObject({ confirmed: { by: [], others: 1, at: null } });
    expect((await alice("status", "family")).out).toMatch(/^confirmed {2}by none of 1 other member in this epoch$/m);
    await bob.json("mkdir", "family:new");
    expect((await alice("status", "family")).out).toMatch(/^confirmed {2}by 1 of 1 other member, the last at \d{4}-/m);
  });
});
