import { type FolderAccess, fingerprint, folderReach, isSameAccount, type Member } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { isoTime } from "../terminal/units.ts";
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
        const reach = await folderReach(session, { signal: context.signal });
        const value = state.members.map((member) => ({
          name: member.name,
          fingerprint: fingerprint(member.id),
          role: member.role,
          devices: member.devices.filter(({ kind }) => kind === "device").length,
          since: isoTime(member.sinceTime),
          until: member.until === null ? null : isoTime(member.until),
          you: member.id === me?.id,
          account: member.account,
          access: reach ? accessOf(reach.actual, member) : null,
        }));
        context.out.result(value, ({ table }) =>
          table(
            reach ? [...COLUMNS, ...ACCESS_COLUMNS] : COLUMNS,
            value.map((each) => [
              ...[each.name, each.role, each.fingerprint, each.devices, each.since, each.until ?? ""],
              ...(reach ? [each.account ?? "", each.access ?? "unknown"] : []),
            ]),
          ),
        );
        for (const { account, right } of reach?.strangers ?? []) {
          context.warn(
            `${account} is no member and reaches the folder at the provider (${right}): it sees sealed files only`,
          );
        }
        return undefined;
      },
      { reading: true },
    ),
});

/** What the provider lets a member do; null where it is not known which account is theirs. */
function accessOf(actual: readonly FolderAccess[], { account }: Member): string | null {
  if (account === null) return null;
  return actual.find((each) => isSameAccount(each.account, account))?.right ?? "none";
}

const ACCESS_COLUMNS = [{ title: "account", canCut: true }, { title: "folder" }] as const;
const COLUMNS = [
  { title: "name", canCut: true },
  { title: "role" },
  { title: "fingerprint" },
  { title: "devices", kind: "number" },
  { title: "since" },
  { title: "until" },
] as const;
