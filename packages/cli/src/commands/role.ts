import { ConclaveError, changeRole, changeUntil, findMember, fingerprint, memberById, type Role } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import type { Context } from "../context.ts";
import { parseEnd } from "../terminal/duration.ts";
import { isoTime } from "../terminal/units.ts";
import { withGroup } from "../with-group.ts";

const ROLES = ["viewer", "editor", "admin", "owner"] as const;

export const role = defineCommand({
  examples: ["conclave role family Bob admin", "conclave role family Carol --until 2026-12-31"],
  args: ["group", "member", "role?"],
  options: { until: { value: "DATE", summary: "when their stay ends, as a guest's: they are removed then; or never" } },
  notes: [
    "Roles: viewer (reads), editor (also writes), admin (also manages editors and viewers), owner (also manages admins).",
    "Once a stay has ended, the first admin's command or conclave serve removes the member and changes the key.",
  ].join("\n"),

  async run(context, { group: name, member: typed, role: wanted, until: end }) {
    const found = roleNamed(wanted);
    const until = endNamed(context, end);
    if (found === undefined && until === undefined) throw usage("nothing to change", "name a role, or --until DATE");
    return withGroup(context, name, async ({ session }) => {
      const member = findMember(session.view.state, typed);
      const { signal } = context;
      if (found !== undefined && member.role === found && until === undefined) {
        throw new ConclaveError(`${member.name} is ${found} already`, { code: "exists" });
      }
      if (found !== undefined && member.role !== found) await changeRole(session, { member, role: found, signal });
      // The role may have changed when the stay ends: an admin or owner is no guest.
      const before = memberById(session.view.state, member.id) ?? member;
      if (until !== undefined && before.until !== until) await changeUntil(session, { member: before, until, signal });
      const { role, until: ends } = memberById(session.view.state, member.id) ?? before;
      const value = {
        name: member.name,
        fingerprint: fingerprint(member.id),
        role,
        until: ends === null ? null : isoTime(ends),
      };
      context.out.result(value, ({ line }) => {
        if (found !== undefined) line(`${member.name} is ${found} now`);
        if (until !== undefined)
          line(`${member.name} stays ${value.until === null ? "without an end" : `until ${value.until}`}`);
      });
      return undefined;
    });
  },
});

function roleNamed(wanted: string | undefined): Role | undefined {
  const found = ROLES.find((each) => each === wanted);
  if (wanted !== undefined && !found) throw usage(`${wanted} is no role`, `one of ${ROLES.join(", ")}`);
  return found;
}

function endNamed(context: Context, end: string | undefined): number | null | undefined {
  if (end === undefined || end === "never") return end === undefined ? undefined : null;
  return parseEnd(end, { flag: "--until", now: context.clock.now() });
}
