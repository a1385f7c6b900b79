/**
 * A simulator of groups: several people's devices and kits, a storage that shows them different things at different times,
 * deaths, old backups, wrong clocks, and commands that run into each other.
 */
import { drawFrom, withSeededPlatform } from "../support/seeded.ts";
import { judgeDeletion } from "./deletion.ts";
import { judge } from "./judge.ts";
import { keysFor } from "./keys.ts";
import { open } from "./opening.ts";
import { performStep } from "./perform.ts";
import { newStage, type Stage, sessionOf, type Tell } from "./stage.ts";
import { memoryStorage, type SimulatedStorage } from "./storage.ts";
import type { Act, Story } from "./story.ts";

/** What a finished story shows, so that a harness that tries nothing is noticed. */
export interface Outcome {
  readonly files: number;
  readonly members: number;
  readonly removed: number;
  readonly contested: boolean;
  /** How often each act was done. */
  readonly done: ReadonlyMap<Act, number>;
  readonly refusals: ReadonlyMap<string, number>;
}

export interface StoryOptions {
  /** Is told what each device did and saw, a line at a time. */
  readonly tell?: Tell;
  /** Makes the storage; by default one in memory. */
  readonly storage?: (options: { readonly seed: number }) => Promise<SimulatedStorage>;
}

/** Runs a story to its end and holds every promise against it; rejects with `Broken` or with what went wrong. */
export async function runStory(story: Story, options: StoryOptions = {}): Promise<Outcome> {
  const draw = drawFrom(story.seed ^ 0x5eed);
  // Apart from the story's own chance: libraries keep some of what they draw from one story to the next.
  const drawForPlatform = drawFrom(story.seed ^ 0xfeed);
  const storage = await (options.storage ?? memoryStorage)({ seed: story.seed });
  const keys = await keysFor(story.seed);
  return withSeededPlatform(drawForPlatform, async () => {
    const stage = newStage(story, { draw, storage, keys, tell: options.tell });
    try {
      return await play(stage);
    } finally {
      stage.world.close();
      await storage.close();
    }
  });
}

async function play(stage: Stage): Promise<Outcome> {
  const { story, ledger } = stage;
  await open(stage);
  for (const step of story.steps) await performStep(stage, step);
  const judged = await judge(stage);
  const { inside, outside, files, contested } = judged;
  const [first] = inside;
  const members = first ? sessionOf(first).view.state.members.length : 0;
  if (story.isDeleted && !contested) await judgeDeletion(stage, judged);
  const { done, refusals } = ledger;
  return { files, members, removed: outside.length, contested, done, refusals };
}
