/** What every attack is held against: what devices show, what they say is wrong, and what lies on the storage. */
import {
  ConclaveError,
  type ContentsMode,
  catchUp,
  listFolder,
  memberNames,
  type ProblemCode,
  problemsOf,
  type Role,
  removeMember,
  type Session,
} from "@conclave/core";
import { expect } from "vitest";
import { type Device, findMember, live, World } from "./world.ts";

/** Everything of a device's state that an attack must not change. */
export function stateOf(session: Session) {
  const { state, current } = session.view;
  return {
    head: state.head,
    epoch: current.epoch,
    members: state.members.map(({ name, role }) => `${name} ${role}`),
    tree: shownPaths(session),
  };
}

/** All paths, folders too. */
export function shownPaths(session: Session): string[] {
  const nameOf = memberNames(session.view.state);
  return [...listFolder(session.index, "", { recursive: true, nameOf })].map(({ path }) => path);
}

/** The kinds of problem that a device tells of, each once. */
export function problemCodes(session: Session): ProblemCode[] {
  return [...new Set(problemsOf(session).map(({ code }) => code))].sort();
}

export function details(session: Session, code: ProblemCode): string[] {
  return problemsOf(session).flatMap((problem) => (problem.code === code ? [problem.detail] : []));
}

/** Lets devices catch up until nothing changes any more; who is out stays out. */
export async function comeTogether(...devices: readonly Device[]): Promise<void> {
  let before = "";
  for (let round = 0; round < 10; round++) {
    for (const device of devices) await catchUp(live(device)).catch(onlyOut);
    const now = JSON.stringify(devices.map((device) => stateOf(live(device))));
    if (now === before) return;
    before = now;
  }
  throw new Error("the devices do not come to rest");
}

function onlyOut(error: unknown): void {
  if (error instanceof ConclaveError && ["removed", "not-a-member"].includes(error.code)) return;
  throw error;
}

export interface People {
  readonly world: World;
  readonly alice: Device;
  readonly bob: Device;
  readonly carol: Device;
}

/** Alice, who founded the group, and two editors (or what `roles` says), all of whom have seen everything. */
export async function people(
  options: {
    readonly world?: World;
    readonly bob?: "editor" | "admin" | "owner";
    readonly carol?: "viewer" | "editor" | "admin";
  } = {},
): Promise<People> {
  const { world = new World(), bob: bobRole = "editor", carol: carolRole = "editor" } = options;
  const [alice, bob, carol] = [await world.device("alice"), await world.device("bob"), await world.device("carol")];
  await world.found(alice);
  await world.admit(alice, bob, bobRole);
  await world.admit(alice, carol, carolRole);
  await comeTogether(alice, bob, carol);
  return { world, alice, bob, carol };
}

/** Alice, who founded a group, and others in the order of their names: editors, or what `roles` says. All have seen everything. */
export async function groupOf<const Names extends readonly string[]>(
  world: World,
  names: Names,
  roles: Readonly<Record<string, Role>> = {},
): Promise<[alice: Device, ...others: { -readonly [Place in keyof Names]: Device }]> {
  const alice = await world.device("alice");
  await world.found(alice);
  const others: Device[] = [];
  for (const name of names) {
    const device = await world.device(name);
    await world.admit(alice, device, roles[name] ?? "editor");
    others.push(device);
  }
  await comeTogether(alice, ...others);
  return [alice, ...others] as [Device, ...{ -readonly [Place in keyof Names]: Device }];
}

/** Removes a member by name. */
export async function removeBy(admin: Device, name: string, contents: ContentsMode = "on-change"): Promise<void> {
  const session = live(admin);
  await removeMember(session, { member: findMember(session.view.state, name), contents });
}

/** All keys that lie on the storage and fit. */
export async function keysLike(world: World, pattern: RegExp): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of world.store.list("")) if (pattern.test(key)) keys.push(key);
  return keys.sort();
}

/** What some work puts on the storage, of the keys that fit. */
export async function putBy(world: World, work: () => Promise<unknown>, pattern = /./): Promise<ReadonlySet<string>> {
  const before = new Set(await keysLike(world, pattern));
  await work();
  return new Set((await keysLike(world, pattern)).filter((key) => !before.has(key)));
}

/** Does something, and holds that nothing of these devices' state changed by it. */
export async function expectUnchanged(devices: readonly Device[], work: () => Promise<void>): Promise<void> {
  const before = devices.map((device) => stateOf(live(device)));
  await work();
  expect(devices.map((device) => stateOf(live(device)))).toEqual(before);
}
