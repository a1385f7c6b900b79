import { judgedChanges, memberNames, type OpenFork, openForks, type Session } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { describeAct } from "../describe-act.ts";
import { isoTime } from "../terminal/units.ts";
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
            value.map((each) => [
              each.entry.slice(0, 16),
              each.at,
              each.counts ? "" : "void",
              each.by,
              each.did,
              each.why ?? "",
            ]),
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

/** Everything that was rightly signed, oldest first: on the branch, on branches that lost, and refused. */
function allEntries({ view }: Session) {
  const { log, choice } = view;
  const path = new Set(choice.path);
  const open = new Set(openForks({ view }).flatMap(elsewhere));
  const lost = (entry: string) =>
    open.has(entry)
      ? 'it is of another history, which this device does not follow: "conclave settle" chooses'
      : "another entry was made at the same time, and the group follows that one";
  const counting = [...log.nodes.values()].map((node) => ({
    verified: node.verified,
    height: node.state.height,
    why: path.has(node.digest) ? undefined : lost(node.digest),
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

/** Entries of the histories that are not followed. */
function elsewhere({ histories }: OpenFork): string[] {
  return histories.flatMap(({ acts, isFollowed }) => (isFollowed ? [] : acts.map(({ digest }) => digest)));
}

function entries(session: Session): LoggedAct[] {
  return allEntries(session).map(({ verified, why }) => {
    const { entry, digest } = verified;
    return {
      entry: digest,
      at: isoTime(entry.time),
      act: entry.type === "conclave/v1/found" ? "found" : entry.act.act,
      ...describeAct(session, verified),
      counts: why === undefined,
      ...(why === undefined ? {} : { why }),
    };
  });
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
  { title: "entry" },
  { title: "at" },
  { title: "" },
  { title: "by" },
  { title: "what" },
  { title: "why", canCut: true },
] as const;
