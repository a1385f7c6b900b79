/** Runs stories for as long as one likes: `npm run soak -- --seed N --minutes M [--faults none|removals|all] [--drive]`. */
import { parseArgs } from "node:util";
import { storyOf } from "../tests/simulator/draw-story.ts";
import { driveStorage } from "../tests/simulator/drive-storage.ts";
import { runStory } from "../tests/simulator/run-story.ts";
import { shrink, tell } from "../tests/simulator/shrink.ts";
import { FAULTS, type Faults } from "../tests/simulator/story.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    minutes: { type: "string", default: "10" },
    faults: { type: "string" },
    length: { type: "string", default: "14" },
    drive: { type: "boolean", default: false },
    only: { type: "boolean", default: false },
  },
});
const wanted = FAULTS.find((each) => each === values.faults);
const where = values.drive ? { storage: driveStorage } : {};
const deadline = performance.now() + Number(values.minutes) * 60_000;
const first = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const totals = { stories: 0, files: 0, removed: 0, contested: 0 };
console.log(`first seed ${first}`);

for (let seed = first; performance.now() < deadline && (seed === first || !values.only); seed++) {
  const faults: Faults = wanted ?? FAULTS[seed % FAULTS.length] ?? "all";
  const story = storyOf(seed, { faults, length: Number(values.length) });
  try {
    const { files, removed, contested } = await runStory(story, where);
    totals.stories += 1;
    totals.files += files;
    totals.removed += removed;
    totals.contested += contested ? 1 : 0;
  } catch (error) {
    console.log(`seed ${seed} with faults ${faults} failed:`, error);
    const { story: short, error: last } = await shrink(story, { milliseconds: 120_000, ...where });
    console.log(tell(short));
    await runStory(short, { tell: console.log, ...where }).catch(() => {});
    console.log(last);
    process.exitCode = 1;
    break;
  }
}
console.log(`${totals.stories} stories held: ${JSON.stringify(totals)}`);
