import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { family, filesBelow, newStage } from "../support/stage.ts";

const HOUR_MS = 3600 * 1000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a record that others have built on, and that the storage does not show", () => {
  it("ends what only reads with exit code 5 once it is overdue, after showing the rest; what writes is warned", async () => {
    const stage = newStage();
    const { alice, others, store } = await family(stage, ["Bob", "Carol", "Dave"]);
    const [bob, carol, dave] = others as [typeof alice, typeof alice, typeof alice];
    await dave.json("status", "family");
    const before = filesBelow(store);
    await carol.json("mkdir", "family:hers");
    const hers = filesBelow(store).filter((path) => path.includes("/records/") && !before.includes(path));
    await bob.json("mkdir", "family:his");
    await alice.json("mkdir", "family:of alice");
    const kept = hers.map((path) => [join(store, path), readFileSync(join(store, path))] as const);
    for (const [path] of kept) rmSync(path);
    const looks = await Promise.all([dave("ls", "family:")]);
    for (let look = 0; look < 3; look++) {
      vi.setSystemTime(Date.now() + 13 * HOUR_MS);
      looks.push(await dave("ls", "family:"));
    }
    expect(looks.map(({ exit }) => exit)).toEqual([0, 0, 5, 5]);
    expect(looks.at(-1)?.err).toMatch(/^error: something is missing on the storage: record .* named by Bob\nhint: /m);
    const { exit, err } = await dave("mkdir", "family:of dave");
    expect({ exit, err }).toEqual({ exit: 0, err: expect.stringMatching(/^warning: something is missing/m) });
    expect(await dave("ls", "family:")).toMatchObject({ exit: 5, out: "of dave/\n" });
    expect((await dave("verify", "family")).exit).toBe(5);
    for (const [path, bytes] of kept) writeFileSync(path, bytes);
    expect(await dave("ls", "family:")).toMatchObject({ exit: 0, out: "hers/\nhis/\nof alice/\nof dave/\n" });
  });
});
