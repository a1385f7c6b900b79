/** How a story goes on: each command is run as a process of its own would run it, and what it may be refused is forgiven. */
import { ConclaveError, type ConclaveErrorCode, catchUp, StoreError, type StoreErrorCode } from "@conclave/core";
import { Crash, crashAt } from "@conclave/stores/testing";
import { drawFrom } from "../support/seeded.ts";
import type { Actor } from "./actor.ts";
import { Broken } from "./broken.ts";
import { confirmByOthers } from "./confirm.ts";
import { stateLine } from "./contents.ts";
import { DEVICE_DOINGS } from "./device-acts.ts";
import { FILE_DOINGS, noteSeen } from "./file-acts.ts";
import { HAPPENINGS } from "./happenings.ts";
import { MEMBER_DOINGS } from "./member-acts.ts";
import { type Stage, sessionOf } from "./stage.ts";
import type { Act, Command, Step, Together } from "./story.ts";

const DOINGS = { ...FILE_DOINGS, ...MEMBER_DOINGS, ...DEVICE_DOINGS };

/** Refusals that a person may meet, whatever they do. */
const EXPECTED: ReadonlySet<ConclaveErrorCode> = new Set([
  "role-too-low",
  "last-owner",
  "not-found",
  "exists",
  "conflict",
  "contested",
  "removed",
  "not-a-member",
  "stale-epoch",
  "unconfirmed",
]);
/** And by one act alone: an old kit's log may end before what its person knows. */
const EXPECTED_BY: Partial<Record<Act, ConclaveErrorCode>> = { recover: "rollback" };

/** What an account meets that does not reach the folder any more. */
const UNREACHED: ReadonlySet<StoreErrorCode> = new Set(["not-found", "gone", "refused", "read-only"]);

export async function performStep(stage: Stage, step: Step): Promise<void> {
  if ("together" in step) return performTogether(stage, step);
  const actor = actorAt(stage, step.who);
  if (!actor) return;
  if ("happens" in step) await HAPPENINGS[step.happens](stage, actor, step.a);
  else await perform(stage, actor, step);
}

/** One command of each device at once; what further ones the same device is told is left out. */
async function performTogether(stage: Stage, { together, seed }: Together): Promise<void> {
  const works = new Map<string, () => Promise<void>>();
  for (const command of together) {
    const actor = actorAt(stage, command.who);
    if (actor && !works.has(actor.device.name)) works.set(actor.device.name, () => perform(stage, actor, command));
  }
  await stage.turns.together(works, drawFrom(seed));
}

function actorAt({ actors }: Stage, number: number): Actor | undefined {
  const awake = actors.filter(({ device }) => device.session);
  return awake[number % awake.length];
}

/** Runs one command: it looks at the storage, does its duties, and works. */
async function perform(stage: Stage, actor: Actor, command: Command): Promise<void> {
  const { device } = actor;
  const { crash, act } = command;
  if (crash?.at === "call") device.hooks = { fault: crashAt(crash.number, crash.when) };
  if (crash?.at === "transaction") device.disk = { transaction: crash.number, when: crash.when };
  try {
    if (crash) stage.world.restart(device);
    if (!command.blind) await catchUp(sessionOf(actor));
    judgeAsking(stage, actor);
    confirmByOthers(stage, actor);
    noteSeen(stage, actor);
    if (await DOINGS[act](stage, actor, command)) stage.ledger.noteDone(act);
    noteSeen(stage, actor);
    stage.tell(`${device.name}: ${JSON.stringify(command)}, done: ${stateLine(sessionOf(actor))}`);
  } catch (error) {
    stage.tell(`${device.name}: ${JSON.stringify(command)}: ${String(error)}`);
    forgive(stage, { actor, command, error });
  } finally {
    if (crash) {
      device.hooks = {};
      device.disk = undefined;
      stage.world.restart(device);
    }
  }
}

/** Nobody is asked about two histories before time has passed, whatever a clock says. */
function judgeAsking({ hours }: Stage, actor: Actor): void {
  if (!sessionOf(actor).view.choice.late || hours + actor.jumps > 1) return;
  throw new Broken(`${actor.device.name} is asked which history to follow, out of the blue`);
}

function forgive(
  { ledger }: Stage,
  { actor, command, error }: { readonly actor: Actor; readonly command: Command; readonly error: unknown },
): void {
  const isExpected =
    (error instanceof Crash && command.crash) ||
    (error instanceof StoreError && error.code === "unavailable" && actor.isCut) ||
    (error instanceof StoreError && UNREACHED.has(error.code) && actor.person.isWithdrawn) ||
    (error instanceof ConclaveError && (EXPECTED.has(error.code) || EXPECTED_BY[command.act] === error.code));
  if (!isExpected) throw error;
  ledger.noteRefusal(error instanceof ConclaveError ? `${command.act}: ${error.code}` : error.name);
}
