import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { shareRuns } from "../src/folder/flush.ts";
import { keysIn, patterned } from "./contract-cases.ts";
import { disk, onDisk, opening } from "./disk.ts";
import { bytes, scratchForEach, windows } from "./scratch.ts";

const here = scratchForEach();

describe.skipIf(windows)("what is put and deleted", () => {
  it("is flushed before it gets its name, and the folders after", async () => {
    await mkdir(join(here.path, ".~conclave"));
    expect(await stepsOf(() => here.store.put("ab/c/x", bytes("x")))).toEqual([
      ...["made ab", "flushed .", "made ab/c", "flushed ab"],
      ...["flushed UNFINISHED", "renamed UNFINISHED to ab/c/x", "flushed ab/c"],
    ]);
    expect(await stepsOf(() => here.store.put("ab/c/x", bytes("y")))).toEqual([
      ...["flushed UNFINISHED", "renamed UNFINISHED to ab/c/x", "flushed ab/c"],
    ]);
    expect(await stepsOf(() => here.store.delete("ab/c/x"))).toEqual(["flushed ab/c"]);
  });

  it("shares flushes of its folder with what is put at the same time", async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `ab/${index}`);
    const steps = await stepsOf(() => Promise.all(keys.map((key) => here.store.put(key, bytes("x")))));
    expect(steps.filter((step) => step.startsWith("renamed"))).toHaveLength(40);
    expect(steps.filter((step) => step === "flushed UNFINISHED")).toHaveLength(40);
    expect(steps.at(-1)).toBe("flushed ab");
    expect(steps.filter((step) => step === "flushed ab").length).toBeLessThan(30);
  });

  /** What work does to the disk: steps in the order in which they ended, flushes of folders as they began. */
  async function stepsOf(work: () => Promise<unknown>): Promise<string[]> {
    const steps: string[] = [];
    const note = (step: string) => void steps.push(step);
    const watched = opening((file, path) => {
      const { sync, datasync } = file;
      file.sync = () => Promise.resolve(note(`flushed ${shown(path)}`)).then(() => sync.call(file));
      file.datasync = () => datasync.call(file).then(() => note(`flushed ${shown(path)}`));
    });
    const mkdir = ((path, mode) => disk.mkdir(path, mode).then(() => note(`made ${shown(path)}`))) as typeof disk.mkdir;
    const rename: typeof disk.rename = (from, to) =>
      disk.rename(from, to).then(() => note(`renamed ${shown(from)} to ${shown(to)}`));
    await onDisk({ ...watched, mkdir, rename }, work);
    return steps;
  }

  function shown(path: unknown): string {
    const below = relative(here.path, String(path));
    return below.endsWith(".tmp") ? "UNFINISHED" : below === "" ? "." : below;
  }
});

describe("a disk that fails", () => {
  it("by losing the end of what is written gets no object", async () => {
    await here.store.put("x", bytes("before"));
    const losing = opening((file) => {
      file.datasync = () => file.truncate(50_000);
    });
    const putting = onDisk(losing, () => here.store.put("x", patterned(100_000)));
    await expect(putting).rejects.toMatchObject({ name: "StoreError", code: "unavailable" });
    expect(await here.store.get("x")).toEqual(bytes("before"));
    expect(await here.unfinished()).toEqual([]);
  });

  it.each(["write", "datasync", "close"] as const)("in %s gets no object", async (call) => {
    const failing = opening((file, path) => {
      const close = file.close.bind(file);
      const fail = async () => {
        if (call === "close") await close();
        throw Object.assign(new Error("EIO: i/o error"), { code: "EIO", syscall: call });
      };
      if (path.endsWith(".tmp")) Object.assign(file, { [call]: fail });
    });
    const putting = onDisk(failing, () => here.store.put("x", bytes("x")));
    await expect(putting).rejects.toMatchObject({ name: "StoreError", code: "unavailable" });
    expect(await keysIn(here.store)).toEqual([]);
    expect(await here.unfinished()).toEqual([]);
  });

  it("by cutting a file while it is read gives what was there", async () => {
    await here.store.put("x", patterned(100));
    const cutting = opening((file) => {
      const stat = file.stat.bind(file);
      file.stat = (async () => {
        const state = await stat();
        state.size = 1_000;
        return state;
      }) as typeof file.stat;
    });
    const got = await onDisk(cutting, () => here.store.get("x", { offset: 10 }));
    expect(got).toEqual(patterned(100).slice(10));
    expect(got.buffer.byteLength).toBe(90);
  });

  it("by writing a part at a time gets it all", async () => {
    const slow = opening((file) => {
      const write = file.write.bind(file) as (part: Uint8Array, at: number, length: number) => Promise<unknown>;
      file.write = ((part: Uint8Array, at: number, length: number) =>
        write(part, at, Math.min(length, 7))) as unknown as typeof file.write;
    });
    await onDisk(slow, () => here.store.put("x", patterned(100)));
    expect(await here.store.get("x")).toEqual(patterned(100));
  });
});

describe("a put that is cancelled", () => {
  it("while it is flushed leaves nothing", async () => {
    const cancel = new AbortController();
    const reason = new Error("enough");
    const slow = opening((file) => {
      file.datasync = async () => cancel.abort(reason);
    });
    const putting = onDisk(slow, () => here.store.put("x", bytes("x"), { signal: cancel.signal }));
    await expect(putting).rejects.toBe(reason);
    expect(await keysIn(here.store)).toEqual([]);
    expect(await here.unfinished()).toEqual([]);
  });
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
    await expect(share("a")).resolves.toBeUndefined();
  });
});

/** Lets everything go on that waits for nothing but earlier promises. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
