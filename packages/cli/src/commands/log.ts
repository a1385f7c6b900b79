import { judgedChanges, memberNames, type Session } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { isoTime } from "../units.ts";
import { withGroup } from "../with-group.ts";

export const log = defineCommand({
  examples: ["conclave log family"],
  args: ["group"],
  notes:
    "Every entry of the group's log, and every signed act that does not count, with the reason. Times are as claimed.",

  run: (context, { group: name }) =>
    withGroup(
      context,
      name,
      async ({ session }) => {
        const value = [...entries(session), ...voidChanges(session)];
        context.out.result(value, ({ table }) =>
          table(
            COLUMNS,
            value.map((each) => [each.at, each.counts ? "" : "void", each.by, each.did, each.why ?? ""]),
          ),
        );
        return undefined;
      },
      { reading: true },
    ),
});

/** One act as the audit view shows it. */
interface LoggedAct {
  readonly entry: string;
  readonly at: string;
  readonly by: string;
  readonly act: string;
  readonly did: string;
  readonly counts: boolean;
  readonly why?: string;
}

type Entry = ReturnType<typeof allEntries>[number]["verified"]["entry"];

/** Everything that was rightly signed, oldest first: on the branch, on branches that lost, and refused. */
function allEntries({ view }: Session) {
  const { log, choice } = view;
  const path = new Set(choice.path);
  const counting = [...log.nodes.values()].map((node) => ({
    verified: node.verified,
    height: node.state.height,
    why: path.has(node.digest) ? undefined : "another entry was made at the same time, and the group follows that one",
  }));
  const refused = [...log.refused.values()].map(({ verified, refusal }) => ({
    verified,
    height: Number.MAX_SAFE_INTEGER,
    why: refusal.reason,
  }));
  return [...counting, ...refused].sort(
    (left, right) => left.height - right.height || left.verified.entry.time - right.verified.entry.time,
  );
}

function entries(session: Session): LoggedAct[] {
  const nameOf = memberNames(session.view.state);
  return allEntries(session).map(({ verified, why }) => {
    const { entry, digest } = verified;
    return {
      entry: digest,
      at: isoTime(entry.time),
      by: nameOf(entry.device) ?? verified.card?.card.name ?? "somebody unknown",
      act: entry.type === "conclave/v1/found" ? "found" : entry.act.act,
      did: describe(session, { entry, card: verified.card?.card.name }),
      counts: why === undefined,
      ...(why === undefined ? {} : { why }),
    };
  });
}

function describe(
  session: Session,
  { entry, card }: { readonly entry: Entry; readonly card: string | undefined },
): string {
  if (entry.type === "conclave/v1/found") return "founded the group";
  const { act } = entry;
  switch (act.act) {
    case "add":
      return `added ${card ?? "somebody"} as ${act.role}`;
    case "role":
      return `made ${nameOfMember(session, act.member)} ${act.role}`;
    case "remove":
      return `removed ${nameOfMember(session, act.member)} and changed the key`;
    case "leave":
      return "left";
    case "rotate":
      return "changed the key";
  }
}

function nameOfMember({ view }: Session, id: string): string {
  const people = [...view.state.members, ...view.state.departures.map(({ member }) => member)];
  return people.find((member) => member.id === id)?.name ?? `somebody (${id.slice(0, 16)})`;
}

/** Changes to the tree that were rightly signed and do not count. */
function voidChanges(session: Session): LoggedAct[] {
  const nameOf = memberNames(session.view.state);
  const found: LoggedAct[] = [];
  for (const { record, verdict } of judgedChanges(session)) {
    if (verdict.counts) continue;
    found.push({
      entry: record.digest,
      at: isoTime(record.time),
      by: nameOf(record.device) ?? "somebody unknown",
      act: "change",
      did: `changed files (change ${record.number})`,
      counts: false,
      why: verdict.reason,
    });
  }
  return found;
}

const COLUMNS = [
  { title: "at" },
  { title: "" },
  { title: "by" },
  { title: "what" },
  { title: "why", canCut: true },
] as const;
