import {
  ConclaveError,
  findMember,
  isAtLeast,
  liveDevices,
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
import { devicesCalled, KEY_DIGITS } from "../identity/own-devices.ts";
import { inEachGroup } from "../identity/own-groups.ts";
import { withPerson } from "../identity/person.ts";
import { parseGroupName } from "../parsing/place.ts";
import { reencryptShown } from "../reencryption.ts";

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
    keep: { value: "NAMES", summary: "devices that it admitted and that may stay, with commas between" },
    group: { value: "GROUP", summary: "in this group only" },
    member: { value: "MEMBER", summary: "a device of this member, whom you may remove; with --group" },
  },
  notes: [
    "NAME is a device's name, or the beginning of its id, as conclave device shows them. The key changes and everything is",
    "re-encrypted, as when a member is removed. Devices that it admitted go with it, unless --keep names them.",
  ].join("\n"),

  run: (context, { name, keep, group: only, member: typed }) =>
    withPerson(context, async (person) => {
      if (typed !== undefined && only === undefined) throw usage("--member needs --group");
      const wanted = only === undefined ? undefined : (await findGroup(person.home, parseGroupName(only))).name;
      const kept = keep?.split(",").map((each) => each.trim()) ?? [];
      const removed: Removed[] = [];
      const undone = await inEachGroup(context, {
        person,
        only: (group) => wanted === undefined || group.name === wanted,
        work: async ({ session, group }) => {
          const owner = typed === undefined ? session.view.me : findMember(session.view.state, typed);
          const devices = owner ? chosen(session, { owner, name, kept }) : [];
          if (devices.length === 0) return;
          const epoch = await removeNow(context, { session, keys: devices.map(({ verifyingKey }) => verifyingKey) });
          const shown = devices.map(({ label, verifyingKey }) => ({
            name: label,
            id: verifyingKey.slice(0, KEY_DIGITS),
          }));
          removed.push({ group: group.name, devices: shown, epoch });
        },
      });
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

/** The device that is meant, and those that it admitted and nobody wants to keep. */
function chosen(
  session: Session,
  options: { readonly owner: Member; readonly name: string; readonly kept: readonly string[] },
) {
  const { owner, name, kept } = options;
  const named = liveDevices(owner).map((device) => ({ name: device.label, key: device.verifyingKey, device }));
  const meant = devicesCalled(named, name);
  const [only] = meant;
  if (meant.length > 1) {
    const list = meant.map(({ key }) => key.slice(0, KEY_DIGITS)).join(", ");
    throw new ConclaveError(`"${name}" fits ${meant.length} devices; name one by its id: ${list}`, {
      code: "not-found",
    });
  }
  if (!only) return [];
  if (only.key === session.deviceKey) {
    const error = new ConclaveError("no device removes itself", { code: "role-too-low" });
    throw new Advice(error, "remove it from another device of yours; or leave the group");
  }
  const staying = new Set(kept.flatMap((each) => devicesCalled(named, each)).map(({ key }) => key));
  staying.add(session.deviceKey); // What one is at would be refused; that it stays is what the person sees.
  return withAdmitted(owner, [only.key]).filter(
    ({ verifyingKey }) => verifyingKey === only.key || !staying.has(verifyingKey),
  );
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
