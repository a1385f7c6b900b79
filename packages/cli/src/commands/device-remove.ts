import {
  ConclaveError,
  findMember,
  isAtLeast,
  type Member,
  ownersDevices,
  removeDevices,
  type Session,
  withAdmitted,
} from "@conclave/core";
import { findGroup } from "@conclave/node";
import { Advice } from "../advice.ts";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { devicesCalled, gatherDevices, KEY_DIGITS, type OwnDevice, plainKey } from "../identity/own-devices.ts";
import { inEachGroup } from "../identity/own-groups.ts";
import { withPerson } from "../identity/person.ts";
import { parseGroupName } from "../parsing/place.ts";
import { reencryptShown } from "../reencryption.ts";
import { isoTime } from "../terminal/units.ts";

/** What was removed in one group. */
interface Removed {
  readonly group: string;
  readonly devices: readonly { readonly name: string; readonly id: string }[];
  readonly epoch: string;
}

export const deviceRemove = defineCommand({
  examples: ["conclave device remove phone", "conclave device remove 9f3a61c2 --group family --member Bob"],
  args: ["name"],
  options: {
    keep: { value: "NAMES", summary: "what it admitted and may stay, with commas between" },
    group: { value: "GROUP", summary: "in this group only" },
    member: { value: "MEMBER", summary: "a device of this member, whom you may remove; with --group" },
  },
  notes: [
    "NAME is a device's name, or the first 8 digits of its id or more, as conclave device shows them. The key changes and everything is",
    "re-encrypted, as when a member is removed. Devices that it admitted go with it, and a recovery kit that was made with it,",
    'unless --keep names them: --keep "recovery kit" if nobody else can have its words.',
  ].join("\n"),

  run: (context, { name, keep, group: only, member: typed }) =>
    withPerson(context, async (person) => {
      if (typed !== undefined && only === undefined) throw usage("--member needs --group");
      const wanted = only === undefined ? undefined : (await findGroup(person.home, parseGroupName(only))).name;
      const kept = keep?.split(",").map((each) => each.trim()) ?? [];
      const ownerIn = (session: Session): Member | undefined =>
        typed === undefined ? session.view.me : findMember(session.view.state, typed);
      const known = new Map<string, OwnDevice>();
      const unseen = await inEachGroup(context, {
        person,
        only: (group) => wanted === undefined || group.name === wanted,
        work: async ({ session, group }) => {
          const member = ownerIn(session);
          if (member) gatherDevices(known, { session, member, group: group.name });
        },
      });
      const device = await oneDevice(context, { known: [...known.values()], name });
      const removed: Removed[] = [];
      const unremoved = await inEachGroup(context, {
        person,
        only: (group) => device?.groups.includes(group.name) ?? false,
        work: async ({ session, group }) => {
          const owner = ownerIn(session);
          if (!device || !owner) return;
          const devices = leaving(session, { owner, key: device.key, kept });
          const isOwn = owner.id === session.view.me?.id;
          if (devices.some(({ kind }) => kind === "kit")) sayKitGoes(context, { group: group.name, isOwn });
          const epoch = await removeNow(context, { session, keys: devices.map(({ verifyingKey }) => verifyingKey) });
          const shown = devices.map(({ label, verifyingKey }) => ({
            name: label,
            id: verifyingKey.slice(0, KEY_DIGITS),
          }));
          removed.push({ group: group.name, devices: shown, epoch });
        },
      });
      const undone = [...unseen, ...unremoved];
      if (removed.length === 0 && undone.length === 0) throw nobody(name);
      context.out.result({ removed, undone }, ({ line }) => {
        for (const { group, devices } of removed) {
          line(`removed from ${group}: ${devices.map((each) => `${each.name} (${each.id})`).join(", ")}`);
        }
      });
      return undone.length > 0 ? 1 : undefined;
    }),
});

function nobody(name: string): Advice {
  const error = new ConclaveError(`no device of that name is listed: ${name}`, { code: "not-found" });
  return new Advice(error, '"conclave device" lists yours');
}

/** The device that somebody means; where several have the name, they are asked which. */
async function oneDevice(
  context: Context,
  { known, name }: { readonly known: readonly OwnDevice[]; readonly name: string },
): Promise<OwnDevice | undefined> {
  const meant = devicesCalled(known, name);
  const [only] = meant;
  if (!only || meant.length === 1) return requireOther(only);
  const shown = meant.map(
    ({ key, seen, isThis }) =>
      `${key.slice(0, KEY_DIGITS)}  last seen ${isoTime(seen)}${isThis ? "  (this device)" : ""}`,
  );
  if (!context.prompts.canAsk) throw severalFit(name, shown);
  const typed = await context.prompts.ask("Type the beginning of the id that you mean:", {
    flag: "the id in place of NAME",
    before: [`${meant.length} devices are called "${name}":`, ...shown.map((line) => `  ${line}`)],
  });
  const [device, another] = devicesCalled(meant, typed).filter(({ key }) => key.startsWith(plainKey(typed)));
  if (!device || another) throw severalFit(name, shown);
  return requireOther(device);
}

function requireOther(device: OwnDevice | undefined): OwnDevice | undefined {
  if (!device?.isThis) return device;
  const error = new ConclaveError("no device removes itself", { code: "role-too-low" });
  throw new Advice(error, "remove it from another device of yours; or leave the group");
}

function severalFit(name: string, shown: readonly string[]): Advice {
  const error = new ConclaveError(`"${name}" fits ${shown.length} devices: ${shown.join("; ")}`, { code: "not-found" });
  return new Advice(error, "name one by its id, or the first 8 digits of it, in place of its name");
}

/** The device with this key in one group, and those that it admitted and nobody wants to keep. */
function leaving(
  session: Session,
  { owner, key, kept }: { readonly owner: Member; readonly key: string; readonly kept: readonly string[] },
) {
  const named = owner.devices.map((device) => ({ name: device.label, key: device.verifyingKey }));
  const staying = new Set(kept.flatMap((each) => devicesCalled(named, each)).map((device) => device.key));
  staying.add(session.deviceKey); // What one is at would be refused; that it stays is what the person sees.
  const going = withAdmitted(session.view.state, { member: owner, devices: [key] });
  return going.filter(({ verifyingKey }) => verifyingKey === key || !staying.has(verifyingKey));
}

/** Whoever had the device may have the words of a kit that was made with it: that kit locks nobody out any more. */
function sayKitGoes(context: Context, { group, isOwn }: { readonly group: string; readonly isOwn: boolean }): void {
  const next = isOwn ? 'make a new one with "conclave kit --new"' : "they make a new one";
  context.warn(`${group}: the recovery kit was made with that device, and goes with it: ${next}`);
}

async function removeNow(
  context: Context,
  { session, keys }: { readonly session: Session; readonly keys: readonly string[] },
): Promise<string> {
  const { epoch } = await removeDevices(session, { devices: keys, contents: "now", signal: context.signal });
  if (ownersDevices(session.view.state).length === 1) {
    context.warn(
      "one owner's device is left: if it is lost, nobody can manage this group but by that owner's recovery kit",
    );
  }
  const { me } = session.view;
  if (me && isAtLeast(me.role, "editor")) await reencryptShown(context, { session, settled: false });
  else context.note('an editor\'s next command, or "conclave reencrypt", moves what is there already to the new key');
  return epoch;
}
