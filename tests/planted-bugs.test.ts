/** Plants classic bugs, one at a time, in a copy of the workspace, and sees that the test which should catch each does. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyWorkspace, runTests } from "../scripts/mutate/workspace.ts";
import { PLANTS, type Plant } from "./support/plants.ts";

const SECONDS_MAX = 120;
let copy: string;

beforeAll(() => {
  copy = copyWorkspace();
});

afterAll(() => rmSync(copy, { recursive: true }));

/** Makes a plant's edits; returns how to undo them. */
function plant({ edits }: Plant): () => void {
  const originals = new Map<string, string>();
  for (const { file, find, replace } of edits) {
    const path = join(copy, file);
    const text = readFileSync(path, "utf8");
    if (!originals.has(path)) originals.set(path, text);
    // A plant that stands nowhere any more would be caught by nothing, or by accident.
    expect(text.split(find), `${file} holds once: ${find}`).toHaveLength(2);
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
  }
  return () => {
    for (const [path, text] of originals) writeFileSync(path, text);
  };
}

describe("a planted bug is caught:", () => {
  it.each(PLANTS)("$bug", { timeout: 2 * SECONDS_MAX * 1000 }, async (planted) => {
    const { file, test } = planted.caughtBy;
    const undo = plant(planted);
    try {
      const argv = ["--bail=1", "--maxWorkers=1", file, `--testNamePattern=${test}`];
      const { files, output } = await runTests(copy, { argv, seconds: SECONDS_MAX });
      const failed = files.flatMap((each) => each.failed);
      expect(failed, output).not.toEqual([]);
      expect(failed.join("\n")).toContain(test);
      // A test that could not even be loaded has caught nothing.
      expect(failed.join("\n")).not.toContain("(not loaded");
    } finally {
      undo();
    }
  });
});
