/** What a person does with further devices and recovery kits. */
import {
  answerDevices,
  askForDevice,
  deviceCodeId,
  formatDeviceCode,
  isAtLeast,
  liveDevices,
  makeDeviceCard,
  openWithKit,
  parseDeviceCode,
  recover,
  removeDevices,
  replaceKit,
  type Session,
  withAdmitted,
} from "@conclave/core";
import type { Device } from "../support/world.ts";
import type { Actor } from "./actor.ts";
import { Broken } from "./broken.ts";
import type { Doing } from "./file-acts.ts";
import { comeIn, finish } from "./member-acts.ts";
import { actorOf, furtherDevice, HOUR_MS, isCrowded, newKit, type Stage, sessionOf } from "./stage.ts";
import type { Command, DEVICE_ACTS } from "./story.ts";

export const DEVICE_DOINGS: Readonly<Record<(typeof DEVICE_ACTS)[number], Doing>> = {
  async device(stage, actor) {
    const { me } = sessionOf(actor).view;
    if (!me || isCrowded(stage)) return false;
    await admitByCode(stage, actor, { member: me.id, newcomer: await furtherDevice(stage, actor.person) });
    return true;
  },
  "remove-device": removeDevice,
  async kit(stage, actor, command) {
    const session = sessionOf(actor);
    const { me } = session.view;
    if (!me || isCrowded(stage)) return false;
    const keys = newKit(stage, actor.person);
    const time = session.clock.now();
    const kit = await makeDeviceCard(session.crypto, { keys, member: me.id, kind: "kit", time });
    await replaceKit(session, { kit, contents: "now" });
    if (isAtLeast(me.role, "editor")) await finish(actor, command);
    return true;
  },
  recover: recoverByKit,
};

/** The new device asks by a code, and comes in if the same device's next look answers. */
async function admitByCode(
  stage: Stage,
  actor: Actor,
  { member, newcomer }: { readonly member: string; readonly newcomer: Actor },
): Promise<void> {
  const { world } = stage;
  const session = sessionOf(actor);
  const groups = [{ address: world.address(session), member, name: "group" }];
  const secret = session.crypto.randomBytes(16);
  const typed = parseDeviceCode(formatDeviceCode({ secret, expires: session.clock.now() + HOUR_MS, groups }));
  for (const group of typed.groups) {
    await askForDevice(world.ports(newcomer.device), { group, secret: typed.secret });
  }
  const answers = await answerDevices(session, { codes: [{ code: deviceCodeId(secret), device: undefined }] });
  for (const { outcome } of answers) if (outcome === "admitted") await comeIn(stage, { newcomer, by: actor });
}

/** One's own other device, or somebody else's; what it admitted goes with it, as the command does it. */
async function removeDevice(stage: Stage, actor: Actor, command: Command): Promise<boolean> {
  const session = sessionOf(actor);
  const { me } = session.view;
  const before = me?.role;
  const target = chooseDevice(session, command);
  if (!target) return false;
  const { member, key } = target;
  const devices = withAdmitted(session.view.state, { member, devices: [key] })
    .map(({ verifyingKey }) => verifyingKey)
    .filter((each) => each !== session.deviceKey);
  for (const each of devices) stage.ledger.suspendDevice(actorOf(stage, each));
  await removeDevices(session, { devices, contents: "now" });
  if (member.id !== me?.id && (before === undefined || !isAtLeast(before, "admin"))) {
    throw new Broken(`${before} could remove a device of somebody else`);
  }
  if (me && isAtLeast(me.role, "editor")) await finish(actor, command);
  return true;
}

function chooseDevice({ view, deviceKey }: Session, { a, b }: Command) {
  const all = view.state.members.flatMap((member) =>
    liveDevices(member).map(({ verifyingKey: key }) => ({ member, key })),
  );
  const others = all.filter(({ key }) => key !== deviceKey);
  const own = others.filter(({ member }) => member.id === view.me?.id);
  const among = b % 4 === 0 || own.length === 0 ? others : own;
  return among[a % Math.max(1, among.length)];
}

/** Comes back on a new device by a kit: the newest that its person has, or an old one that must be refused. */
async function recoverByKit(stage: Stage, actor: Actor, { a, b }: Command): Promise<boolean> {
  if (isCrowded(stage)) return false;
  const { world, ledger } = stage;
  const { kits } = actor.person;
  const kit = b % 4 === 0 ? kits[a % kits.length] : kits.at(-1);
  if (!kit) return false;
  const back = await furtherDevice(stage, actor.person);
  const reader = await world.device(`${back.device.name}, by its kit`, { ...back.device, secrets: kit });
  mortalLike(reader, { back, actor });
  const seen = await openWithKit(world.ports(reader), { address: world.address(sessionOf(actor)) });
  ledger.recover(back);
  await recover(seen, { device: back.device.secrets, kit: newKit(stage, actor.person) });
  await world.join(back.device, world.address(seen.session));
  back.hasJoined = true;
  return true;
}

/** What the kit does is done on the new device's connection, and dies as the command is to die. */
function mortalLike(reader: Device, { back, actor }: { readonly back: Actor; readonly actor: Actor }): void {
  Object.assign(reader, { store: back.device.store, hooks: actor.device.hooks, disk: actor.device.disk });
}
