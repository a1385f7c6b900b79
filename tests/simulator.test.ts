/**
 * Stories made from seeds, each held against every promise. `CONCLAVE_SEED` chooses where the seeds begin,
 * `CONCLAVE_STORIES` how many of each kind; `npm run soak` goes on for as long as one likes.
 */
import { describe, expect, it } from "vitest";
import { FAULTS, runStory, storyOf } from "./simulator.ts";
import { shrink, tell } from "./support/shrink.ts";

const FIRST_SEED = Number(process.env.CONCLAVE_SEED ?? 1);
const STORIES = Number(process.env.CONCLAVE_STORIES ?? 16);
const SHRINK_MS = 60_000;

const WHAT = {
  none: "files written, moved and deleted at once by two to four devices",
  removals: "members admitted, removed, promoted and demoted meanwhile",
  all: "deaths, lag, cut lines, old backups and wrong clocks",
} as const;

describe.each(FAULTS)("a group through %s", (faults) => {
  it(`keeps every promise: ${WHAT[faults]}`, async () => {
    const totals = { files: 0, removed: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + STORIES; seed++) {
      const story = storyOf(seed, { faults, length: 12 });
      const outcome = await runStory(story).catch(async (error: unknown) => {
        const short = await shrink(story, { milliseconds: SHRINK_MS });
        throw new Error(`CONCLAVE_SEED=${seed}, ${tell(short.story)}`, { cause: short.error ?? error });
      });
      totals.files += outcome.files;
      totals.removed += outcome.removed;
    }
    // Stories in which nothing happens would hold every promise.
    expect(totals.files).toBeGreaterThan(0);
    if (faults !== "none") expect(totals.removed).toBeGreaterThan(0);
  }, 600_000);
});
