/**
 * Stories made from seeds, each held against every promise: many short ones, as most bugs need few steps, and some long
 * ones. `CONCLAVE_SEED` chooses where the seeds begin, `CONCLAVE_STORIES` how many long ones there are; `npm run soak` goes
 * on for as long as one likes.
 */
import { describe, expect, it } from "vitest";
import { type Faults, type Outcome, runStory, type Story, type StoryOptions, storyOf } from "../simulator.ts";
import { shrink, tell } from "./shrink.ts";

export const FIRST_SEED = Number(process.env.CONCLAVE_SEED ?? 1);
const LONG_STORIES = Number(process.env.CONCLAVE_STORIES ?? 15);
const SHRINK_MS = 60_000;
const KINDS = [
  { what: "short", stories: 33 * LONG_STORIES, length: 3, devices: 0 },
  { what: "long", stories: LONG_STORIES, length: 12, devices: 2 },
] as const;

const WHAT = {
  none: "files written, moved and deleted at once by two to four devices",
  removals: "members admitted, removed, promoted and demoted meanwhile",
  all: "deaths, lag, cut lines, old backups and wrong clocks",
} as const;

/** Runs a story; one that fails is made shorter, and told. */
export async function tellOne(story: Story, options: StoryOptions = {}): Promise<Outcome> {
  return runStory(story, options).catch(async (error: unknown) => {
    const short = await shrink(story, { milliseconds: SHRINK_MS, ...options });
    throw new Error(`CONCLAVE_SEED=${story.seed}, ${tell(short.story)}`, { cause: short.error ?? error });
  });
}

/** Tests that tell stories with these faults. */
export function tellStories(faults: Faults): void {
  describe(`a group through ${faults}`, () => {
    it.each(KINDS)(
      `keeps every promise: ${WHAT[faults]}, in $stories $what stories`,
      async ({ stories, length, devices }) => {
        const totals = { files: 0, removed: 0 };
        for (let seed = FIRST_SEED; seed < FIRST_SEED + stories; seed++) {
          const story = storyOf(seed, { faults, length, devices });
          const outcome = await tellOne(story);
          totals.files += outcome.files;
          totals.removed += outcome.removed;
        }
        // Stories in which nothing happens would hold every promise.
        expect(totals.files).toBeGreaterThan(0);
        if (faults !== "none") expect(totals.removed).toBeGreaterThan(0);
      },
      1_200_000,
    );
  });
}
