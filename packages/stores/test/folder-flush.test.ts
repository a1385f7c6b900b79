import { execFileSync } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { shareRuns } from "../src/folder/flush.ts";
import { scratchForEach } from "./scratch.ts";

const here = scratchForEach();

describe("a put", () => {
  it("flushes the file before it gets its name, and the folders after", async () => {
    const steps = await stepsOfPuts("ab/c/x");
    expect(steps).toEqual([
      ...["made ab", "flushed .", "made ab/c", "flushed ab"],
      ...["flushed UNFINISHED", "renamed UNFINISHED to ab/c/x", "flushed ab/c"],
    ]);
  });

  it("shares flushes of the folder with puts at the same time, none of which began before a renaming", async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `ab/${index}`);
    const steps = await stepsOfPuts(...keys);
    expect(steps.filter((step) => step.startsWith("renamed"))).toHaveLength(40);
    expect(steps.filter((step) => step === "flushed UNFINISHED")).toHaveLength(40);
    expect(steps.at(-1)).toBe("flushed ab");
    const flushes = steps.filter((step) => step === "flushed ab").length;
    expect(flushes).toBeLessThan(30);
  });

  /** What a process of its own does to the disk while it puts these keys at once. */
  async function stepsOfPuts(...keys: string[]): Promise<string[]> {
    const script = fileURLToPath(new URL("put-and-tell.ts", import.meta.url));
    const told = join(here.top, "steps");
    await mkdir(join(here.path, ".~conclave"));
    execFileSync(process.execPath, ["--conditions=@conclave/source", script, here.path, told, ...keys]);
    return (await readFile(told, "utf8")).trim().split("\n");
  }
});

describe("shared runs", () => {
  it("are joined before they begin, never while they are under way, and not across names", async () => {
    const begun: string[] = [];
    const ends: (() => void)[] = [];
    const share = shareRuns(async (name) => {
      begun.push(name);
      await new Promise<void>((end) => ends.push(end));
    });
    const first = [share("a"), share("a"), share("b")];
    await settle();
    expect(begun).toEqual(["a", "b"]);
    const second = [share("a"), share("a")];
    await settle();
    expect(begun).toEqual(["a", "b"]);
    for (const end of ends.splice(0)) end();
    await Promise.all(first);
    await settle();
    expect(begun).toEqual(["a", "b", "a"]);
    for (const end of ends.splice(0)) end();
    await Promise.all(second);
  });

  it("fail for all who share one, and not for the next", async () => {
    let failures = 1;
    const share = shareRuns(async () => {
      if (failures-- > 0) throw new Error("disk");
    });
    const outcomes = await Promise.allSettled([share("a"), share("a")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const failing = shareRuns(async () => {
      throw new Error("disk");
    });
    const before = failing("a");
    await Promise.resolve();
    await expect(before).rejects.toThrow("disk");
    await expect(share("a")).resolves.toBeUndefined();
  });
});

/** Lets everything go on that waits for nothing but earlier promises. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
