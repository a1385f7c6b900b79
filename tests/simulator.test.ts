/** Stories in which everything goes wrong that may, and stories that a promise was broken in once. */
import { describe, expect, it } from "vitest";
import { runStory } from "./simulator/run-story.ts";
import type { Story } from "./simulator/story.ts";
import { tellStories } from "./simulator/tell-stories.ts";

tellStories("all");

/** Stories in which a promise was broken once, as short as they could be made. */
const ONCE_BROKEN: readonly (readonly [why: string, story: Story])[] = [
  [
    "a leave that crossed two additions, and a member away over two epochs",
    {
      seed: 36,
      devices: 5,
      steps: [
        { who: 22, act: "leave", a: 96, b: 969, blind: true },
        { who: 55, act: "remove", a: 227, b: 16 },
      ],
    },
  ],
  [
    "what somebody wrote whose addition was lost",
    {
      seed: 42,
      devices: 4,
      steps: [
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
    },
  ],
  [
    "an epoch emptied on a branch that lost",
    {
      seed: 64,
      devices: 4,
      steps: [
        { who: 51, act: "leave", a: 508, b: 959 },
        { who: 16, act: "remove", a: 321, b: 1014, blind: true },
        { who: 13, act: "upload", a: 876, b: 868 },
      ],
    },
  ],
  [
    "objects of changes that count only later",
    {
      seed: 266,
      devices: 4,
      steps: [
        { who: 58, act: "admit", a: 274, b: 253, blind: true },
        { who: 26, act: "leave", a: 647, b: 483, blind: true },
        { who: 3, act: "upload", a: 398, b: 925, blind: true },
        { who: 1, act: "reencrypt", a: 902, b: 288 },
      ],
    },
  ],
  [
    "somebody let in on one branch, while the key changed on the other, who left",
    {
      seed: 298,
      devices: 3,
      steps: [
        { who: 46, act: "kit", a: 60, b: 620, blind: true },
        { who: 10, act: "copy", a: 308, b: 739 },
        { who: 2, act: "leave", a: 727, b: 756 },
      ],
    },
  ],
  [
    "a leaver who died before saying so",
    {
      seed: 2056,
      devices: 3,
      steps: [{ who: 2, act: "leave", a: 103, b: 715, crash: { at: "transaction", number: 7, when: "after" } }],
    },
  ],
  [
    "somebody who left on the branch that lost, and had been let in there",
    {
      seed: 3008,
      devices: 5,
      steps: [
        {
          together: [
            { who: 48, act: "leave", a: 59, b: 552, blind: true },
            { who: 11, act: "leave", a: 489, b: 24, blind: true },
          ],
          seed: 865246178,
        },
      ],
    },
  ],
  [
    "a lost epoch that has to be emptied",
    {
      seed: 3096,
      devices: 4,
      steps: [
        {
          together: [
            { who: 18, act: "leave", a: 380, b: 84, blind: true },
            { who: 48, act: "rotate", a: 670, b: 436, blind: true },
          ],
          seed: 1011213098,
        },
      ],
    },
  ],
  [
    "somebody who came back by a kit on a branch that lost, and was given no key of the other",
    {
      seed: 1310,
      devices: 4,
      phones: 2,
      steps: [
        { who: 16, act: "remove-device", a: 777, b: 778 },
        { who: 49, act: "recover", a: 355, b: 721 },
        { who: 61, act: "kit", a: 1003, b: 905, blind: true },
      ],
    },
  ],
  [
    "somebody removed on a branch that won by a record which they cannot read",
    {
      seed: 1477,
      devices: 4,
      phones: 2,
      steps: [
        { who: 49, act: "upload", a: 183, b: 84 },
        { who: 17, act: "remove", a: 713, b: 482 },
        { who: 26, act: "move", a: 27, b: 215 },
        { who: 36, act: "remove-device", a: 92, b: 901, blind: true },
      ],
    },
  ],
  [
    "a removed device that has not seen what its removal won by",
    {
      seed: 1483,
      devices: 4,
      phones: 2,
      steps: [
        { who: 16, act: "remove-device", a: 865, b: 745 },
        { who: 5, act: "touch", a: 812, b: 91 },
        { who: 59, act: "device", a: 71, b: 6, blind: true },
        { who: 21, act: "invite", a: 975, b: 283, blind: true },
      ],
    },
  ],
];

describe("stories in which a promise was broken once", () => {
  it.each(ONCE_BROKEN)("hold: %s", async (_, story) => {
    await expect(runStory(story)).resolves.toMatchObject({ contested: false });
  });
});
