/** What a device does to the group: people come, go, and change their roles. */
import {
  addMember,
  catchUp,
  changeRole,
  changeUntil,
  invite,
  isAtLeast,
  leaveGroup,
  type Member,
  openForks,
  type Role,
  reencrypt,
  removeMember,
  rotate,
  settle,
} from "@conclave/core";
import { budget } from "../support/world.ts";
import type { Actor } from "./actor.ts";
import { Broken } from "./broken.ts";
import type { Doing } from "./file-acts.ts";
import { isListed } from "./out.ts";
import { HOUR_MS, isCrowded, newPerson, personOf, type Stage, sessionOf } from "./stage.ts";
import type { Command, MEMBER_ACTS } from "./story.ts";

const ROLES: readonly Role[] = ["viewer", "editor", "admin", "owner"];

export const MEMBER_DOINGS: Readonly<Record<(typeof MEMBER_ACTS)[number], Doing>> = {
  admit: byAdmin(async (stage, actor, { b }) => {
    if (isCrowded(stage)) return false;
    const role = roleOf(b);
    await admit(stage, actor, { newcomer: await newPerson(stage), role: role === "owner" ? "editor" : role });
    return true;
  }),
  invite: byAdmin(async (stage, actor, { b }) => {
    if (isCrowded(stage)) return false;
    const role = roleOf(b);
    return inviteOne(stage, actor, { newcomer: await newPerson(stage), role: role === "owner" ? "viewer" : role });
  }),
  until: byAdmin(async (stage, actor, command) => {
    const member = memberOf(actor, command);
    suspend(stage, member);
    const session = sessionOf(actor);
    await changeUntil(session, { member, until: session.clock.now() });
    return true;
  }),
  remove: byAdmin(async (stage, actor, command) => {
    const member = memberOf(actor, command);
    suspend(stage, member);
    await removeMember(sessionOf(actor), { member, contents: "now" });
    if (command.b % 3 !== 0) await withdraw(stage, actor, member);
    await finish(actor, command);
    return true;
  }),
  role: byAdmin(async (stage, actor, command) => {
    const role = roleOf(command.b);
    // A second owner makes contested groups possible, which are another matter; few of them are enough.
    if (role === "owner" && command.b % 16 !== 3) return false;
    const member = memberOf(actor, command);
    suspend(stage, member);
    trust(stage, actor, { member: member.id, role });
    await changeRole(sessionOf(actor), { member, role });
    return true;
  }),
  async leave({ ledger }, actor) {
    ledger.suspendPerson(actor.person);
    await leaveGroup(sessionOf(actor));
    return true;
  },
  rotate: byAdmin(async (_, actor, command) => {
    await rotate(sessionOf(actor), { contents: "now" });
    await finish(actor, command);
    return true;
  }),
  async reencrypt(_, actor) {
    await reencrypt(sessionOf(actor), { budget: budget() });
    return true;
  },
  async settle(_, actor, { a }) {
    const session = sessionOf(actor);
    const [fork] = openForks(session);
    const chosen = fork?.histories[a % fork.histories.length];
    if (chosen) settle(session, chosen.entry);
    return chosen !== undefined;
  },
};

/** What only an admin may do: whoever gets it done has been one before. */
export function byAdmin(doing: Doing): Doing {
  return async (stage, actor, command) => {
    const before = sessionOf(actor).view.me?.role;
    const isDone = await doing(stage, actor, command);
    if (isDone && (before === undefined || !isAtLeast(before, "admin"))) {
      throw new Broken(`${before} could ${command.act}`);
    }
    return isDone;
  };
}

/** After what has begun an epoch: at times the same command moves everything there. */
export async function finish(actor: Actor, { b }: Command): Promise<void> {
  if (b % 2 === 0) await reencrypt(sessionOf(actor), { budget: budget() });
}

export async function admit(
  stage: Stage,
  admin: Actor,
  { newcomer, role }: { readonly newcomer: Actor; readonly role: Role },
): Promise<void> {
  await addMember(sessionOf(admin), { card: newcomer.person.card, role });
  trust(stage, admin, { member: newcomer.person.card.member, role });
  await comeIn(stage, { newcomer, by: admin });
}

/** Whoever is invited asks by the secret, and comes in if the same admin's next look answers. */
async function inviteOne(
  stage: Stage,
  admin: Actor,
  { newcomer, role }: { readonly newcomer: Actor; readonly role: Role },
): Promise<boolean> {
  const { world } = stage;
  const session = sessionOf(admin);
  const { secret } = await invite(session, { name: newcomer.device.name, role, forMs: HOUR_MS });
  trust(stage, admin, { member: newcomer.person.card.member, role });
  await world.ask(newcomer.device, world.address(session), secret);
  await catchUp(session);
  if (isListed(session.view.state, newcomer.key)) await comeIn(stage, { newcomer, by: admin });
  return true;
}

/** Somebody who is listed opens the group. */
export async function comeIn(
  { ledger, world }: Stage,
  { newcomer, by }: { readonly newcomer: Actor; readonly by: Actor },
): Promise<void> {
  ledger.admit(newcomer, by);
  await world.join(newcomer.device, world.address(sessionOf(by)));
  newcomer.hasJoined = true;
}

async function withdraw(stage: Stage, { person }: Actor, { id }: Member): Promise<void> {
  const target = personOf(stage, id);
  if (!target || !stage.storage.withdraw) return;
  target.isWithdrawn = true;
  await stage.storage.withdraw(person, target);
}

/** Notes who may be an admin from now on. */
function trust(stage: Stage, by: Actor, { member, role }: { readonly member: string; readonly role: Role }): void {
  const person = personOf(stage, member);
  const own = sessionOf(by).view.me?.role ?? "viewer";
  if (person && isAtLeast(role, "admin") && isAtLeast(own, "owner")) stage.ledger.admins.add(person);
}

function suspend(stage: Stage, { id }: Member): void {
  stage.ledger.suspendPerson(personOf(stage, id));
}

function memberOf(actor: Actor, { a }: Command): Member {
  const { members } = sessionOf(actor).view.state;
  return members[a % members.length] as Member;
}

function roleOf(number: number): Role {
  return ROLES[number % ROLES.length] ?? "viewer";
}
