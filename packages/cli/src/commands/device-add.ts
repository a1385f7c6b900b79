import { type CodeGroup, ConclaveError, currentEpoch, deviceCodeId, formatDeviceCode } from "@conclave/core";
import { listCodes, noteCode } from "@conclave/node";
import { Advice } from "../advice.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { inEachGroup } from "../identity/own-groups.ts";
import { type Person, withPerson } from "../identity/person.ts";
import { pause } from "../terminal/pause.ts";
import { qrLines } from "../terminal/qr-lines.ts";
import { isoTime } from "../terminal/units.ts";

const VALID_MS = 60 * 60 * 1000;
const SECRET_BYTES = 16;
const LOOK_EVERY_MS = 3000;

export const deviceAdd = defineCommand({
  examples: ["conclave device add"],
  args: [],
  options: { "no-wait": { summary: "only print the code; your next command here admits the device" } },
  notes: [
    "Give the code to the new device: conclave init --device CODE. It is a secret: whoever has it first can come in as you. It",
    "is good for one device and for one hour, and only while this device looks: with this command, or with any later one.",
  ].join("\n"),

  run: (context, { "no-wait": isBrief }) =>
    withPerson(context, async (person) => {
      const groups: CodeGroup[] = [];
      await inEachGroup(context, {
        person,
        work: async ({ session, group }) => {
          const { state, me } = session.view;
          const { epoch } = currentEpoch(state);
          if (!me) return;
          const address = { group: session.group, entry: state.head, epoch, store: group.store };
          groups.push({ address, member: me.id, name: group.name });
        },
      });
      if (groups.length === 0) throw noGroups();
      const secret = person.crypto.randomBytes(SECRET_BYTES);
      const expires = context.clock.now() + VALID_MS;
      const code = formatDeviceCode({ secret, expires, groups });
      const ids = groups.map(({ address }) => address.group);
      const id = deviceCodeId(secret);
      await noteCode(person.home, {
        code: { code: id, expires, groups: ids, device: undefined },
        now: context.clock.now(),
      });
      const picture = context.out.isTerminal ? await qrLines(code.toUpperCase(), context.io.stdout) : [];
      context.out.result({ code, expires: isoTime(expires) }, ({ line }) => {
        line(code);
        for (const each of picture) line(each);
      });
      context.note(`on the new device: conclave init --device CODE   (until ${isoTime(expires)})`);
      if (context.out.isTerminal && !isBrief) await waitForDevice(context, { person, code: id });
    }),
});

function noGroups(): Advice {
  const error = new ConclaveError("a further device is listed in your groups, and you have none", {
    code: "not-found",
  });
  return new Advice(error, "found or join a group first; or let the new device have an identity of its own");
}

/** Looks again and again until the code was used in every group, or counts no more. */
async function waitForDevice(
  context: Context,
  { person, code }: { readonly person: Person; readonly code: string },
): Promise<void> {
  context.note("waiting for it; Ctrl-C leaves the waiting to your next command");
  for (;;) {
    const open = (await listCodes(person.home, context.clock.now())).find((each) => each.code === code);
    if (!open) return;
    await pause(LOOK_EVERY_MS, context.signal);
    await inEachGroup(context, { person, only: ({ id }) => open.groups.includes(id), work: async () => undefined });
  }
}
