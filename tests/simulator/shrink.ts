/** Makes a failing story short: steps are left out as long as it still fails. */
import { runStory, type StoryOptions } from "./run-story.ts";
import type { Step, Story } from "./story.ts";

export interface Shrunk {
  readonly story: Story;
  readonly error: unknown;
}

/** The error of a story, or undefined if it holds. */
async function failureOf(story: Story, options: StoryOptions): Promise<unknown> {
  try {
    await runStory(story, options);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Leaves out halves, quarters, single steps, then crashes and company, until nothing more can go or time is up. */
export async function shrink(story: Story, options: { readonly milliseconds: number } & StoryOptions): Promise<Shrunk> {
  const deadline = performance.now() + options.milliseconds;
  let best: Shrunk = { story, error: await failureOf(story, options) };
  if (best.error === undefined) return best;
  for (let isShorter = true; isShorter && performance.now() < deadline; ) {
    isShorter = false;
    for (const candidate of shorter(best.story)) {
      if (performance.now() > deadline) break;
      const error = await failureOf(candidate, options);
      if (error === undefined) continue;
      best = { story: candidate, error };
      isShorter = true;
      break;
    }
  }
  return best;
}

function* shorter(story: Story): Generator<Story> {
  const { steps } = story;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < steps.length; at += size) {
      yield { ...story, steps: [...steps.slice(0, at), ...steps.slice(at + size)] };
    }
  }
  if (story.isDeleted) yield { ...story, isDeleted: false };
  if (story.phones) yield { ...story, phones: story.phones - 1 };
  if (story.devices > 2) yield { ...story, devices: story.devices - 1 };
  for (const [at, step] of steps.entries()) {
    for (const simple of simpler(step)) yield { ...story, steps: steps.with(at, simple) };
  }
}

function* simpler(step: Step): Generator<Step> {
  if ("together" in step) {
    for (const command of step.together) yield command;
    if (step.together.length > 2) {
      for (const left of step.together) yield { ...step, together: step.together.filter((each) => each !== left) };
    }
  } else if ("act" in step && step.crash) {
    const { crash: _, ...calm } = step;
    yield calm;
  }
}

/** A story in lines that can be pasted back. */
export function tell(story: Story): string {
  const steps = story.steps.map((step) => `  ${JSON.stringify(step)},`);
  const end = story.isDeleted ? ", deleted in the end" : "";
  return `seed ${story.seed}, ${story.devices} devices, ${story.phones ?? 0} phones${end}:\n${steps.join("\n")}`;
}
