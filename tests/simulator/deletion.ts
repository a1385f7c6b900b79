/** An owner deletes the group while somebody else works in it: in the end one file is there, and nobody takes it for a group. */
import {
  ConclaveError,
  catchUp,
  catchUpToDelete,
  deleteGroup,
  isAtLeast,
  joinGroup,
  type ObjectStore,
  StoreError,
} from "@conclave/core";
import { Crash, crashAt } from "@conclave/stores/testing";
import { drawFrom } from "../support/seeded.ts";
import type { Actor } from "./actor.ts";
import { Broken } from "./broken.ts";
import { uploadTo } from "./file-acts.ts";
import type { Rest } from "./rest.ts";
import { newPerson, type Stage, sessionOf } from "./stage.ts";

/** Call at which the first deletion dies, at the latest. */
const DEATH_MAX = 40;

export async function judgeDeletion(stage: Stage, { inside }: Rest): Promise<void> {
  const { world, turns, draw } = stage;
  const owner = inside.find((actor) => isAtLeast(sessionOf(actor).view.me?.role ?? "viewer", "owner"));
  if (!owner) throw new Broken("a group without an owner's device");
  const other = inside.find((actor) => actor !== owner);
  const address = world.address(sessionOf(owner));
  owner.device.hooks = { fault: crashAt(1 + draw(DEATH_MAX), draw(2) === 0 ? "before" : "after") };
  world.restart(owner.device);
  const works = new Map([[owner.device.name, () => unlessCut(() => erase(owner))]]);
  if (other) works.set(other.device.name, () => unlessCut(() => writeOnce(stage, other)));
  await turns.together(works, drawFrom(draw(2 ** 31)));
  owner.device.hooks = {};
  world.restart(owner.device);
  await erase(owner);
  await judgeErased(stage, inside);
  const stranger = await newPerson(stage);
  const joined = await joinGroup(world.ports(stranger.device), { address }).catch(() => undefined);
  if (joined) throw new Broken("a deleted group lets somebody in");
}

async function erase(owner: Actor): Promise<void> {
  await catchUpToDelete(sessionOf(owner));
  await deleteGroup(sessionOf(owner));
}

async function writeOnce(stage: Stage, actor: Actor): Promise<void> {
  await catchUp(sessionOf(actor));
  if (isAtLeast(sessionOf(actor).view.me?.role ?? "viewer", "editor")) await uploadTo(stage, actor, "at the last");
}

/** What runs into a deletion, or dies in it, may be cut short. */
async function unlessCut(work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    if (!(error instanceof Crash || error instanceof ConclaveError || error instanceof StoreError)) throw error;
  });
}

async function judgeErased({ storage, world }: Stage, inside: readonly Actor[]): Promise<void> {
  const left = (await keysOn(storage.whole)).filter((key) => !key.includes("-deleted-"));
  if (left.length > 0) throw new Broken(`a deleted group has left ${left.join(", ")}`);
  for (const { device } of inside) {
    const refused = await catchUp(world.restart(device)).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(refused instanceof ConclaveError) || refused.code !== "deleted") {
      throw new Broken(`${device.name} is not told that the group was deleted`, { cause: refused });
    }
  }
}

async function keysOn(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list("")) keys.push(key);
  return keys;
}
