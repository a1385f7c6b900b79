import { ConclaveError, changeRole, findMember, fingerprint } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { usage } from "../command-error.ts";
import { withGroup } from "../with-group.ts";

const ROLES = ["viewer", "editor", "admin", "owner"] as const;

export const role = defineCommand({
  examples: ["conclave role family Bob admin"],
  args: ["group", "member", "role"],
  notes:
    "Roles: viewer (reads), editor (also writes), admin (also manages editors and viewers), owner (also manages admins).",

  async run(context, { group: name, member: typed, role: wanted }) {
    const found = ROLES.find((each) => each === wanted);
    if (!found) throw usage(`${wanted} is no role`, `one of ${ROLES.join(", ")}`);
    return withGroup(context, name, async ({ session }) => {
      const member = findMember(session.view.state, typed);
      if (member.role === found) throw new ConclaveError(`${member.name} is ${found} already`, { code: "exists" });
      await changeRole(session, { member, role: found, signal: context.signal });
      const value = { name: member.name, fingerprint: fingerprint(member.id), role: found };
      context.out.result(value, ({ line }) => line(`${member.name} is ${found} now`));
      return undefined;
    });
  },
});
