import { allInvitations, findInvitation, type Invitation, invitationId, type Session, withdraw } from "@conclave/core";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { shutOut } from "../folder-access.ts";
import { isoTime } from "../terminal/units.ts";
import { withGroup } from "../with-group.ts";

export const invitations = defineCommand({
  examples: ["conclave invitations family", "conclave invitations family --withdraw 3f2a91bc"],
  args: ["group"],
  options: {
    withdraw: { value: "ID", summary: "take an open invitation back: its id, the beginning of it, or its name" },
  },
  notes: "Whether an open one has expired is told by this machine's clock. Codes themselves are kept nowhere.",

  run: (context, { group: name, withdraw: wanted }) =>
    withGroup(context, name, async ({ session }) => {
      if (wanted !== undefined) return takeBack(context, session, wanted);
      const now = context.clock.now();
      const value = allInvitations(session.view.state).map((each) => shown(session, each, now));
      context.out.result(value, ({ line, table }) => {
        if (context.out.isTerminal && value.length === 0) line("nobody was invited");
        else
          table(
            COLUMNS,
            value.map((each) => [each.state, each.name, each.role, each.by, each.expires, each.id]),
          );
      });
      return undefined;
    }),
});

async function takeBack(context: Context, session: Session, wanted: string): Promise<undefined> {
  const { invitation, name, account } = findInvitation(session, wanted);
  await withdraw(session, { invitation, signal: context.signal });
  if (account !== null) await shutOut(context, { session, holder: { id: invitation, name, account } });
  context.out.result({ id: invitationId(invitation), name, state: "withdrawn" }, ({ line }) =>
    line(`withdrew the invitation of ${name}: its code lets nobody in any more`),
  );
  return undefined;
}

const STATES = { used: "used", withdrawn: "withdrawn", maker: "withdrawn", epoch: "withdrawn" } as const;

function shown({ view }: Session, each: Invitation, now: number) {
  const { end } = each;
  const people = [...view.state.departures.map(({ member }) => member), ...view.state.members];
  const nameOf = (id: string | undefined): string | null => people.findLast((member) => member.id === id)?.name ?? null;
  const open = now >= each.expires ? "expired" : "open";
  return {
    id: invitationId(each.invitation),
    state: end ? (end.how === "withdrawn" && end.cards.length > 0 ? "void" : STATES[end.how]) : open,
    name: each.name,
    role: each.role,
    by: nameOf(each.maker) ?? "somebody",
    expires: isoTime(each.expires),
    until: each.until === null ? null : isoTime(each.until),
    usedBy: end?.how === "used" ? nameOf(end.card) : null,
  };
}

const COLUMNS = [
  { title: "state" },
  { title: "name", canCut: true },
  { title: "role" },
  { title: "by", canCut: true },
  { title: "expires" },
  { title: "id" },
] as const;
