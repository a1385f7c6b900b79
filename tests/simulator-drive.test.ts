/**
 * Stories of groups in a folder of an emulated Google Drive: an account for each member, accounts that lose the folder,
 * requests that fail, news that comes late; and every promise held all the same. `npm run soak -- --drive` tells more.
 */
import { describe, expect, it } from "vitest";
import { storyOf } from "./simulator/draw-story.ts";
import { driveStorage } from "./simulator/drive-storage.ts";
import type { Faults, Story } from "./simulator/story.ts";
import { FIRST_SEED, tellOne } from "./simulator/tell-stories.ts";
import { driveReferee } from "./support/drive-referee.ts";
import { requireOrSkip } from "./support/require.ts";

const STORIES = Number(process.env.CONCLAVE_DRIVE_STORIES ?? 3);

/** Somebody uploads, is removed, loses the folder, and tries all the same; what is theirs there is moved to a new epoch. */
const REMOVAL: Story = {
  seed: FIRST_SEED,
  devices: 3,
  steps: [
    { who: 1, act: "upload", a: 0, b: 0 },
    { who: 2, act: "upload", a: 1, b: 1 },
    { who: 0, act: "remove", a: 2, b: 2 },
    { who: 2, act: "upload", a: 2, b: 2 },
    { who: 2, act: "look", a: 0, b: 0 },
    { who: 1, act: "replace", a: 0, b: 0 },
  ],
};

describe("a group on Google Drive", () => {
  it.each<[Faults, string]>([
    ["removals", "members come and go, and lose the folder"],
    ["all", "devices die, lag and lose their line meanwhile"],
  ])("keeps every promise through %s: %s", { timeout: 600_000 }, async (faults) => {
    const totals = { files: 0, removed: 0 };
    const seeds = Array.from({ length: STORIES }, (_, index) => FIRST_SEED + index);
    const stories = seeds.map((seed) => storyOf(seed, { faults, length: 4, devices: 0 }));
    for (const story of faults === "all" ? stories : [REMOVAL, ...stories]) {
      const { files, removed } = await tellOne(story, { storage: driveStorage });
      totals.files += files;
      totals.removed += removed;
    }
    expect(totals.files).toBeGreaterThan(0);
    if (faults === "removals") expect(totals.removed).toBeGreaterThan(0);
  });

  it("speaks as Google describes it, and is answered so", { timeout: 120_000 }, async (context) => {
    const referee = driveReferee(requireOrSkip(context, "specs"));
    const storage = (options: { readonly seed: number }) => driveStorage({ ...options, observe: referee.observe });
    await tellOne(storyOf(FIRST_SEED, { faults: "removals", length: 3, devices: 0 }), { storage });
    expect(referee.judged).toBeGreaterThan(100);
    expect(referee.objections).toEqual([]);
  });
});
