/** Makes stories up, each from a number. */
import { type Draw, drawFrom } from "../support/seeded.ts";
import {
  type Act,
  type Command,
  DEVICE_ACTS,
  type Faults,
  FILE_ACTS,
  MEMBER_ACTS,
  type Step,
  type Story,
} from "./story.ts";

/** What is drawn more often stands there more often. */
const OFTEN_ON_FILES: readonly Act[] = [...FILE_ACTS, "upload", "upload", "replace"];
const OFTEN_ON_GROUPS: readonly Act[] = [
  ...MEMBER_ACTS,
  "role",
  "reencrypt",
  ...DEVICE_ACTS,
  "device",
  "remove-device",
  "remove-device",
  "kit",
];
const HAPPENINGS = [
  "restart",
  "lag",
  "lag",
  "see",
  "see",
  "cut",
  "join",
  "backup",
  "restore",
  "clock",
  "hours",
] as const;
/** Second devices at the beginning. */
const PHONES_MAX = 2;
/** One story in so many ends with the deletion of the group. */
const DELETED_ONE_IN = 8;

/**
 * Makes a story up.
 *
 * @param options.devices - How many more than the fewest there may be at its start. Default 2.
 */
export function storyOf(
  seed: number,
  options: { readonly faults: Faults; readonly length: number; readonly devices?: number },
): Story {
  const draw = drawFrom(seed);
  const steps = Array.from({ length: 1 + draw(options.length) }, () => stepOf(draw, options.faults));
  const devices = (options.faults === "none" ? 2 : 3) + draw(1 + (options.devices ?? 2));
  const phones = options.faults === "none" ? 0 : draw(PHONES_MAX + 1);
  const isDeleted = options.faults !== "none" && draw(DELETED_ONE_IN) === 0;
  return { seed, devices, phones, steps, ...(isDeleted ? { isDeleted } : {}) };
}

function stepOf(draw: Draw, faults: Faults): Step {
  const kind = draw(10);
  if (kind < 3) {
    const count = 2 + draw(2);
    return { together: Array.from({ length: count }, () => commandOf(draw, faults)), seed: draw(2 ** 31) };
  }
  if (kind < 6 && faults === "all") return { happens: pick(draw, HAPPENINGS), who: draw(64), a: draw(1024) };
  return commandOf(draw, faults);
}

function commandOf(draw: Draw, faults: Faults): Command {
  const isOfGroup = faults !== "none" && draw(3) === 0;
  const act = pick(draw, isOfGroup ? OFTEN_ON_GROUPS : OFTEN_ON_FILES);
  const command: Command = {
    who: draw(64),
    act,
    a: draw(1024),
    b: draw(1024),
    ...(draw(4) === 0 ? { blind: true } : {}),
  };
  if (faults !== "all" || draw(5) !== 0) return command;
  const at = draw(2) === 0 ? "call" : "transaction";
  return { ...command, crash: { at, number: 1 + draw(30), when: draw(2) === 0 ? "before" : "after" } };
}

function pick<Item>(draw: Draw, items: readonly Item[]): Item {
  return items[draw(items.length)] as Item;
}
