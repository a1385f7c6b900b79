/**
 * Stories made from seeds, each held against every promise: many short ones, as most bugs need few steps, and some long
 * ones. `CONCLAVE_SEED` chooses where the seeds begin, `CONCLAVE_STORIES` how many long ones there are; `npm run soak` goes
 * on for as long as one likes.
 */
import { describe, expect, it } from "vitest";
import { storyOf } from "./draw-story.ts";
import { type Outcome, runStory, type StoryOptions } from "./run-story.ts";
import { shrink, tell } from "./shrink.ts";
import { type Act, DEVICE_ACTS, type Faults, FILE_ACTS, MEMBER_ACTS, type Story } from "./story.ts";

export const FIRST_SEED = Number(process.env.CONCLAVE_SEED ?? 1);
const LONG_STORIES = Number(process.env.CONCLAVE_STORIES ?? 20);
const SHRINK_MS = 60_000;
const KINDS = [
  { what: "short", stories: 33 * LONG_STORIES, length: 3, devices: 0 },
  { what: "long", stories: LONG_STORIES, length: 12, devices: 2 },
] as const;

/** From so many stories on, each act has been done in one of them. */
const STORIES_OF_ALL_ACTS = 400;
/** But for settling, which takes two histories; where everything goes wrong, fewer are done. */
const ACTS: Readonly<Record<Faults, readonly Act[]>> = {
  none: FILE_ACTS,
  removals: [...FILE_ACTS, ...MEMBER_ACTS.filter((act) => act !== "settle"), ...DEVICE_ACTS],
  all: [],
};

const WHAT = {
  none: "files written, moved and deleted at once by two to four devices",
  removals: "members, devices and kits that come and go meanwhile",
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
        const done = new Set<Act>();
        for (let seed = FIRST_SEED; seed < FIRST_SEED + stories; seed++) {
          const story = storyOf(seed, { faults, length, devices });
          const outcome = await tellOne(story);
          totals.files += outcome.files;
          totals.removed += outcome.removed;
          for (const act of outcome.done.keys()) done.add(act);
        }
        // Stories in which nothing happens would hold every promise.
        expect(totals.files).toBeGreaterThan(0);
        if (faults !== "none") expect(totals.removed).toBeGreaterThan(0);
        if (stories >= STORIES_OF_ALL_ACTS) expect(ACTS[faults].filter((act) => !done.has(act))).toEqual([]);
      },
      1_200_000,
    );
  });
}
