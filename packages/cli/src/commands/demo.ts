import { defineCommand } from "../command.ts";

export const demo = defineCommand({
  examples: ["conclave demo"],
  args: ["folder?"],
  run: () => Promise.resolve(),
});
