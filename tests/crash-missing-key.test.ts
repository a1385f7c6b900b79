/** A device that was left out of an epoch's grants asks for the key, and is answered: each of the two dies at every step of its work. */
import { askForGrant, catchUp, listRequests, rotate, type Session } from "@conclave/core";
import { describe, expect, it } from "vitest";
import { comeTogether, keysLike, people } from "./support/attacked.ts";
import { DEATHS, dies } from "./support/deaths.ts";
import { grantToListed } from "./support/insides.ts";
import { openWorld } from "./support/open-world.ts";
import { type Device, live, put, texts } from "./support/world.ts";

/** Carol, an admin, has started an epoch that she granted to alice alone: bob has no key. */
async function scene() {
  const world = openWorld();
  const everybody = await people({ world, carol: "admin" });
  const { alice, bob, carol } = everybody;
  await put(live(bob), { "a.txt": "before" });
  await comeTogether(alice, bob, carol);
  await rotate(live(carol), { contents: "on-change" });
  const { epoch } = live(carol).view.current;
  for (const key of await keysLike(world, new RegExp(`^epochs/${epoch}-`))) await world.store.delete(key);
  await grantToListed(live(carol), { device: live(alice).deviceKey });
  await catchUp(live(alice));
  return { ...everybody, epoch };
}

type Scene = Awaited<ReturnType<typeof scene>>;

const ask = async (session: Session, { bob }: Scene) => {
  await catchUp(session);
  await askForGrant(session, { card: bob.card });
};
const answer = async (session: Session) => {
  await catchUp(session);
  await listRequests(session);
};

/** Whoever died does theirs again, alice answers, and bob works on. Who has asked well does not ask twice. */
async function expectAnswered(stage: Scene, { asksAgain }: { readonly asksAgain: boolean }): Promise<void> {
  const { world, alice, bob, epoch } = stage;
  if (asksAgain) await ask(world.restart(bob), stage);
  await answer(world.restart(alice));
  // What a request that was cut off left behind goes with the next look.
  await answer(live(alice));
  await catchUp(live(bob));
  expect(live(bob).view.opened.has(epoch)).toBe(true);
  expect(await keysLike(world, /^requests\//)).toEqual([]);
  await put(live(bob), { "b.txt": "after" });
  await comeTogether(alice, bob);
  for (const device of [alice, bob]) expect(await texts(live(device))).toEqual({ "a.txt": "before", "b.txt": "after" });
}

const WORK: readonly {
  readonly name: string;
  readonly who: (stage: Scene) => Device;
  readonly work: typeof ask;
  readonly isAsking: boolean;
}[] = [
  { name: "asking for the key", who: ({ bob }) => bob, work: ask, isAsking: true },
  { name: "answering who asks", who: ({ alice }) => alice, work: answer, isAsking: false },
];

describe.each(DEATHS)("a death at a $at, $when it takes effect", (death) => {
  it.each(WORK)(
    "while $name: whoever asked has it once that is done again",
    async ({ who, work, isAsking }) => {
      for (let step = 1; ; step++) {
        const stage = await scene();
        if (!isAsking) await ask(stage.world.restart(stage.bob), stage);
        const hasDied = await dies(stage.world, who(stage), { death, step, work: (session) => work(session, stage) });
        await expectAnswered(stage, { asksAgain: isAsking });
        if (!hasDied) {
          // A sweep that never killed anything would prove nothing.
          expect(step).toBeGreaterThan(3);
          break;
        }
        stage.world.close();
      }
    },
    300_000,
  );
});
