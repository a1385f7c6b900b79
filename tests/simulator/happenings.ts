/** What befalls devices between their commands. */
import type { Actor } from "./actor.ts";
import { connect, type Stage, wait } from "./stage.ts";
import type { Happening } from "./story.ts";

const YEAR_MS = 365 * 24 * 3600 * 1000;
const HOURS = 2;

export const HAPPENINGS: Readonly<
  Record<Happening["happens"], (stage: Stage, actor: Actor, number: number) => Promise<void> | void>
> = {
  async restart(stage, actor) {
    await connect(stage, actor);
    stage.world.restart(actor.device);
  },
  lag({ storage }, actor) {
    storage.lag?.(true);
    actor.horizon = Math.min(actor.horizon, storage.now);
  },
  see({ storage }, actor, number) {
    storage.lag?.(false);
    actor.horizon = number % 2 === 0 ? Number.POSITIVE_INFINITY : Math.max(actor.horizon, storage.now - (number % 8));
  },
  cut(_, actor) {
    actor.isCut = true;
  },
  join(_, actor) {
    actor.isCut = false;
  },
  backup({ world }, actor) {
    actor.backup = world.backUp(actor.device);
  },
  restore({ world }, actor) {
    if (actor.backup) world.restore(actor.device, actor.backup);
  },
  clock(_, actor, number) {
    const skew = ((number % 41) - 20) * YEAR_MS;
    if (skew > actor.device.clockSkewMs) actor.jumps += 1;
    actor.device.clockSkewMs = skew;
  },
  hours(stage) {
    wait(stage, HOURS);
    stage.hours += 1;
  },
};
