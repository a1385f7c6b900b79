/** Where a group has two histories: a person is told of both by name, and of what to type. */
import { type OpenFork, openForks, type Session } from "@conclave/core";
import type { Context } from "./context.ts";
import { describeAct } from "./describe-act.ts";

/** Most acts of one history that are shown; `log` shows all. */
const ACTS_SHOWN = 5;
const DIGITS = 16;

/** Says both histories, where this device's person has not said which one to follow. */
export function warnOfHistories(
  context: Pick<Context, "warn">,
  { session, group }: { readonly session: Session; readonly group: string },
): void {
  for (const fork of openForks(session)) {
    if (fork.why === "settled") continue;
    for (const line of describeFork(session, fork)) context.warn(line);
    for (const command of commandsOf(fork, group)) context.warn(`to follow ${command.what}: ${command.line}`);
  }
}

/** What to do about an error that says that nobody has chosen; undefined where there is nothing to choose. */
export function settleHint({
  session,
  group,
}: {
  readonly session: Session;
  readonly group: string;
}): string | undefined {
  const commands = openForks(session)
    .filter(({ why }) => why !== "settled")
    .flatMap((fork) => commandsOf(fork, group));
  if (commands.length === 0) return undefined;
  return `talk to the others, then choose: ${commands.map(({ what, line }) => `"${line}" follows ${what}`).join(", ")}`;
}

function describeFork(session: Session, fork: OpenFork): string[] {
  const { why, at, histories } = fork;
  const isFollowed = histories.some((history) => history.isFollowed);
  const parting = session.view.log.nodes.get(at);
  const after = parting ? `, which part after "${described(session, parting.verified)}" (${at.slice(0, DIGITS)})` : "";
  return [
    `this group has ${histories.length === 2 ? "two" : histories.length} histories${after}`,
    ...histories.flatMap((history, index) => [
      `history ${index + 1}${history.isFollowed ? ", which this device follows" : ""}:`,
      ...actLines(session, history.acts),
    ]),
    REASONS[why === "contested" && !isFollowed ? "undecided" : why],
  ];
}

const REASONS = {
  late: "the others' records lead away from what this device has long followed, to where a role that was taken away is back: nothing is signed or put until you choose",
  contested: "nothing in the records decides between them: this device stays where it is until you choose otherwise",
  undecided: "nothing in the records decides between them: nothing is signed or put until you choose",
  settled: "",
} as const;

function actLines(session: Session, acts: OpenFork["histories"][number]["acts"]): string[] {
  const lines = acts.slice(0, ACTS_SHOWN).map((act) => `  ${act.digest.slice(0, DIGITS)}  ${described(session, act)}`);
  return acts.length > ACTS_SHOWN ? [...lines, `  and ${acts.length - ACTS_SHOWN} more`] : lines;
}

function described(session: Session, act: Parameters<typeof describeAct>[1]): string {
  const { by, did } = describeAct(session, act);
  return `${by} ${did}`;
}

function commandsOf(fork: OpenFork, group: string): { readonly what: string; readonly line: string }[] {
  return fork.histories.map(({ entry }, index) => ({
    what: `history ${index + 1}`,
    line: `conclave settle ${group} ${entry.slice(0, DIGITS)}`,
  }));
}
