/** Alters inputs of all parsers for as long as one likes: `npm run fuzz -- --minutes M [--seed N] [--only NAME]`. */
import { parseArgs } from "node:util";
import { Coverage, fuzz } from "../tests/support/fuzzer.ts";
import { parsers } from "../tests/support/parsers.ts";
import { drawFrom } from "../tests/support/seeded.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    only: { type: "string", default: "" },
  },
});
const chosen = (await parsers()).filter(({ name }) => name.includes(values.only));
const coverage = new Coverage();
console.log(`seed ${values.seed}`);
for (const [index, parser] of chosen.entries()) {
  const deadline = performance.now() + (Number(values.minutes) * 60_000) / chosen.length;
  const draw = drawFrom(Number(values.seed) + index);
  const fuzzed = await fuzz(parser, { coverage, draw, goesOn: () => performance.now() < deadline });
  console.log(`${parser.name}: ${fuzzed.runs} inputs, ${fuzzed.accepted} taken, ${fuzzed.kept} kept`);
  for (const finding of fuzzed.findings) {
    console.log(finding);
    process.exitCode = 1;
  }
}
coverage.stop();
