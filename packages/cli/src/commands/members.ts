import { fingerprint } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { isoTime } from "../units.ts";
import { withGroup } from "../with-group.ts";

export const members = defineCommand({
  examples: ["conclave members family"],
  args: ["group"],

  run: (context, { group: name }) =>
    withGroup(
      context,
      name,
      async ({ session }) => {
        const { me, state } = session.view;
        const value = state.members.map((member) => ({
          name: member.name,
          fingerprint: fingerprint(member.id),
          role: member.role,
          devices: member.devices.filter(({ kind }) => kind === "device").length,
          since: isoTime(member.sinceTime),
          until: member.until === null ? null : isoTime(member.until),
          you: member.id === me?.id,
        }));
        context.out.result(value, ({ table }) =>
          table(
            COLUMNS,
            value.map((each) => [each.name, each.role, each.fingerprint, each.devices, each.since, each.until ?? ""]),
          ),
        );
        return undefined;
      },
      { reading: true },
    ),
});

const COLUMNS = [
  { title: "name", canCut: true },
  { title: "role" },
  { title: "fingerprint" },
  { title: "devices", kind: "number" },
  { title: "since" },
  { title: "until" },
] as const;
