/** A folder by its path, where the system knows no better way: what stands in its place a moment later is not taken for it. */
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { holdTop } from "../../src/files/held-folder.ts";

/** What happens as soon as the system has said what stands at a path. */
const { swaps } = vi.hoisted(() => ({ swaps: new Map<string, () => void>() }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...real,
    lstat: async (path: string, options?: object) => {
      const found = await real.lstat(path, options);
      swaps.get(path)?.();
      swaps.delete(path);
      return found;
    },
  };
});

it("gives no folder that became a link out between two looks at it", async () => {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), "conclave-held-")));
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  const [top, outside] = [join(scratch, "top"), join(scratch, "outside")];
  for (const folder of [top, join(top, "d"), outside]) mkdirSync(folder);
  const held = await holdTop(top, { byPath: true });
  expect((await held.child("d"))?.at("file")).toBe(join(top, "d/file"));
  swaps.set(join(top, "d"), () => {
    renameSync(join(top, "d"), join(top, "aside"));
    symlinkSync(outside, join(top, "d"));
  });
  expect(await held.child("d")).toBeUndefined();
  expect(swaps.size).toBe(0);
});
