import { defineCommand } from "../command.ts";
import { gatherDevices, KEY_DIGITS, type OwnDevice } from "../identity/own-devices.ts";
import { inEachGroup } from "../identity/own-groups.ts";
import { withPerson } from "../identity/person.ts";
import { isoTime } from "../terminal/units.ts";

export const device = defineCommand({
  examples: ["conclave device"],
  args: [],
  notes: "Lists your own devices, in all of your groups. When one was last seen is what it has put on what it signed.",

  run: (context) =>
    withPerson(context, async (person) => {
      const known = new Map<string, OwnDevice>();
      const undone = await inEachGroup(context, {
        person,
        work: async ({ session, group }) => {
          if (session.view.me) gatherDevices(known, { session, member: session.view.me, group: group.name });
        },
      });
      const value = [...known.values()].map(({ key, since, seen, isThis, ...rest }) => ({
        ...rest,
        id: key.slice(0, KEY_DIGITS),
        since: isoTime(since),
        seen: isoTime(seen),
        this: isThis,
      }));
      context.out.result(value, ({ line, table }) => {
        if (context.out.isTerminal && value.length === 0)
          line("you have no groups yet, so no device is listed anywhere");
        else
          table(
            COLUMNS,
            value.map((each) => [
              each.name,
              each.id,
              each.seen,
              each.groups.join(", "),
              each.this ? "this device" : "",
            ]),
          );
      });
      return undone.length > 0 ? 1 : undefined;
    }),
});

const COLUMNS = [
  { title: "name", canCut: true },
  { title: "id" },
  { title: "last seen" },
  { title: "groups", canCut: true },
  { title: "" },
] as const;
