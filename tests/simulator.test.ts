/**
 * Stories made from seeds, each held against every promise. `CONCLAVE_SEED` chooses where the seeds begin,
 * `CONCLAVE_STORIES` how many of each kind; `npm run soak` goes on for as long as one likes.
 */
import { describe, expect, it } from "vitest";
import { FAULTS, runStory, type Step, type Story, storyOf } from "./simulator.ts";
import { shrink, tell } from "./support/shrink.ts";

const FIRST_SEED = Number(process.env.CONCLAVE_SEED ?? 1);
const STORIES = Number(process.env.CONCLAVE_STORIES ?? 20);
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

/** Stories in which a promise was broken once, as short as they could be made. */
const ONCE_BROKEN: readonly (readonly [why: string, seed: number, devices: number, steps: readonly Step[]])[] = [
  [
    "a leave that crossed two additions, and a member away over two epochs",
    36,
    5,
    [
      { who: 22, act: "leave", a: 96, b: 969, blind: true },
      { who: 55, act: "remove", a: 227, b: 16 },
    ],
  ],
  [
    "what somebody wrote whose addition was lost",
    42,
    4,
    [
      { who: 56, act: "upload", a: 763, b: 314, blind: true },
      { who: 3, act: "role", a: 190, b: 802 },
      {
        together: [
          { who: 51, act: "replace", a: 327, b: 460, blind: true },
          { who: 38, act: "leave", a: 251, b: 661, blind: true },
        ],
        seed: 652039675,
      },
    ],
  ],
  [
    "an epoch emptied on a branch that lost",
    64,
    4,
    [
      { who: 51, act: "leave", a: 508, b: 959 },
      { who: 16, act: "remove", a: 321, b: 1014, blind: true },
      { who: 13, act: "upload", a: 876, b: 868 },
    ],
  ],
  [
    "objects of changes that count only later",
    266,
    4,
    [
      { who: 58, act: "admit", a: 274, b: 253, blind: true },
      { who: 26, act: "leave", a: 647, b: 483, blind: true },
      { who: 3, act: "upload", a: 398, b: 925, blind: true },
      { who: 1, act: "reencrypt", a: 902, b: 288 },
    ],
  ],
  [
    "a leaver who died before saying so",
    2056,
    3,
    [{ who: 2, act: "leave", a: 103, b: 715, crash: { at: "transaction", number: 7, when: "after" } }],
  ],
  [
    "somebody who left on the branch that lost, and had been let in there",
    3008,
    5,
    [
      {
        together: [
          { who: 48, act: "leave", a: 59, b: 552, blind: true },
          { who: 11, act: "leave", a: 489, b: 24, blind: true },
        ],
        seed: 865246178,
      },
    ],
  ],
  [
    "a lost epoch that has to be emptied",
    3096,
    4,
    [
      {
        together: [
          { who: 18, act: "leave", a: 380, b: 84, blind: true },
          { who: 48, act: "rotate", a: 670, b: 436, blind: true },
        ],
        seed: 1011213098,
      },
    ],
  ],
];

describe("stories in which a promise was broken once", () => {
  it.each(ONCE_BROKEN)("hold: %s", async (_, seed, devices, steps) => {
    const story: Story = { seed, devices, steps };
    await expect(runStory(story)).resolves.toMatchObject({ contested: false });
  });
});
