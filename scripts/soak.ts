/** Runs stories for as long as one likes: `npm run soak -- --seed N --minutes M [--faults none|removals|all]`. */
import { parseArgs } from "node:util";
import { FAULTS, type Faults, runStory, storyOf } from "../tests/simulator.ts";
import { shrink, tell } from "../tests/support/shrink.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    minutes: { type: "string", default: "10" },
    faults: { type: "string" },
    length: { type: "string", default: "14" },
    only: { type: "boolean", default: false },
  },
});
const wanted = FAULTS.find((each) => each === values.faults);
const deadline = performance.now() + Number(values.minutes) * 60_000;
const first = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const totals = { stories: 0, files: 0, removed: 0, contested: 0 };
console.log(`first seed ${first}`);

for (let seed = first; performance.now() < deadline && (seed === first || !values.only); seed++) {
  const faults: Faults = wanted ?? FAULTS[seed % FAULTS.length] ?? "all";
  const story = storyOf(seed, { faults, length: Number(values.length) });
  try {
    const { files, removed, contested } = await runStory(story);
    totals.stories += 1;
    totals.files += files;
    totals.removed += removed;
    totals.contested += contested ? 1 : 0;
  } catch (error) {
    console.log(`seed ${seed} with faults ${faults} failed:`, error);
    const { story: short, error: last } = await shrink(story, { milliseconds: 120_000 });
    console.log(tell(short));
    await runStory(short, { tell: console.log }).catch(() => {});
    console.log(last);
    process.exitCode = 1;
    break;
  }
}
console.log(`${totals.stories} stories held: ${JSON.stringify(totals)}`);
