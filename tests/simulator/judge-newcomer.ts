/** Whoever comes in now opens nothing that was deleted before, and reads everything that is there. */
import { catchUp, isAtLeast } from "@conclave/core";
import { epochRing, keyRing, opensAnything, tryOpen } from "../support/key-ring.ts";
import type { Actor } from "./actor.ts";
import { Broken } from "./broken.ts";
import { contentsOf } from "./contents.ts";
import { isReencrypted } from "./judge-outsiders.ts";
import { admit } from "./member-acts.ts";
import type { Put } from "./out.ts";
import type { Rest } from "./rest.ts";
import { newPerson, type Stage, sessionOf } from "./stage.ts";

export async function judgeNewcomer(stage: Stage, { inside }: Rest): Promise<void> {
  const [first] = inside as [Actor];
  const admin = inside.find((actor) => isAtLeast(sessionOf(actor).view.me?.role ?? "viewer", "admin")) ?? first;
  const session = sessionOf(admin);
  await catchUp(session);
  if (session.view.state.epochs.length < 2 || !isReencrypted(inside)) return;
  const newcomer = await newPerson(stage);
  await admit(stage, admin, { newcomer, role: "viewer" });
  const opened = await opensAnything(keyRing(newcomer.device, stage.world.crypto), await deletedBefore(stage, admin));
  if (opened !== undefined) throw new Broken(`a newcomer opens ${opened}, which was deleted before`);
  const mine = await contentsOf(sessionOf(newcomer));
  if (JSON.stringify(mine) !== JSON.stringify(await contentsOf(session)))
    throw new Broken("a newcomer does not read everything");
}

/** What was put in epochs that have ended, and is gone. */
async function deletedBefore({ storage, world }: Stage, admin: Actor): Promise<Put[]> {
  const { view } = sessionOf(admin);
  const { epoch } = view.current;
  const there = new Set<string>();
  for await (const { key } of storage.whole.list("")) there.add(key);
  const gone = storage.everStored.filter(({ key }) => !there.has(key) && !key.includes(epoch));
  // A request says nowhere which epoch it is sealed to. What was deleted in the one that runs, its members may open.
  const running = epochRing(view.opened.get(epoch)?.identity ?? "", world.crypto);
  const deleted: Put[] = [];
  for (const file of gone) {
    if (!file.key.startsWith("requests/") || !(await tryOpen(running, file.bytes))) deleted.push(file);
  }
  return deleted;
}
