/** The end of a story: everything works again, everybody comes back, and what is left is finished. */
import {
  ConclaveError,
  catchUp,
  isAtLeast,
  joinGroup,
  reencrypt,
  type Session,
  settle,
  unconfirmedSince,
} from "@conclave/core";
import { budget } from "../support/world.ts";
import type { Actor } from "./actor.ts";
import { Broken } from "./broken.ts";
import { confirmByOthers } from "./confirm.ts";
import { stateLine, stateOf } from "./contents.ts";
import { isListed } from "./out.ts";
import { type Stage, sessionOf, wait } from "./stage.ts";

const ROUNDS_MAX = 12;

/** Who is in the group, and who has been in it, when nothing changes any more. */
export interface Rest {
  readonly inside: readonly Actor[];
  readonly outside: readonly Actor[];
}

/** @throws Broken if the group does not come to rest. */
export async function comeToRest(stage: Stage): Promise<Rest> {
  await recoverAll(stage);
  let before = "";
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const joined = stage.actors.filter(({ hasJoined }) => hasJoined);
    const inside: Actor[] = [];
    // What a lost branch holds is left alone for an hour.
    wait(stage, 2);
    for (const actor of joined) if (await comesBack(stage, actor, round)) inside.push(actor);
    const hasLate = round > 0 && (await letIn(stage, inside));
    const now = inside.map((actor) => JSON.stringify(stateOf(sessionOf(actor)))).join("\n");
    if (now === before && !hasLate) return { inside, outside: joined.filter((actor) => !inside.includes(actor)) };
    before = now;
  }
  throw new Broken("the group does not come to rest");
}

async function recoverAll({ storage, people, actors, world }: Stage): Promise<void> {
  await storage.calm();
  for (const person of people) person.isWithdrawn = false;
  for (const actor of actors) {
    actor.isCut = false;
    actor.horizon = Number.POSITIVE_INFINITY;
    actor.device.clockSkewMs = 0;
    if (actor.hasJoined) world.restart(actor.device);
  }
}

async function comesBack(stage: Stage, actor: Actor, round: number): Promise<boolean> {
  const session = sessionOf(actor);
  try {
    await catchUp(session);
    await followRecords(session);
    confirmByOthers(stage, actor);
    stage.tell(`round ${round}: ${actor.device.name} ${stateLine(session)}`);
    if (round > 0 && mayWork(session)) await reencrypt(session, { budget: budget() });
    // Somebody who was away over two epochs and was removed in the second finds no key, and no notice that it can open.
    return session.view.opened.has(session.view.current.epoch);
  } catch (error) {
    if (error instanceof ConclaveError && KEPT_OUT.has(error.code)) {
      stage.tell(`round ${round}: ${actor.device.name}: ${String(error)}, ${stateLine(session)}`);
      return false;
    }
    throw error;
  }
}

/**
 * What is said to whoever is out; the last two where the entries that would tell them so are sealed to a key that they do not
 * have. Nobody who is listed may hear any of it when all is at rest.
 */
const KEPT_OUT: ReadonlySet<string> = new Set(["removed", "not-a-member", "contested", "stale-epoch"]);

function mayWork(session: Session): boolean {
  const { me, choice, opened, current } = session.view;
  if (!me || !isAtLeast(me.role, "editor") || choice.undecided) return false;
  return opened.has(current.epoch) && unconfirmedSince(session) === undefined;
}

/** People who are asked, or have chosen against the records, agree to follow where these lead. */
async function followRecords(session: Session): Promise<void> {
  const [held] = session.view.choice.forks
    .flatMap(({ children }) => children)
    .filter(({ fall }) => fall?.rule === "held");
  if (!held) return;
  settle(session, held.digest);
  await catchUp(session);
}

/** Whoever is listed, and could not come in because somebody died at it, comes in now. */
async function letIn({ actors, world }: Stage, inside: readonly Actor[]): Promise<boolean> {
  const [first] = inside;
  if (!first) return false;
  const { state } = sessionOf(first).view;
  const late = actors.filter(({ hasJoined, key }) => !hasJoined && isListed(state, key));
  for (const actor of late) {
    const joined = await joinGroup(world.ports(actor.device), { address: world.address(sessionOf(first)) });
    if (!joined) throw new Broken(`${actor.device.name} is listed, and finds no way in`);
    actor.device.session = joined;
    actor.hasJoined = true;
  }
  return late.length > 0;
}
