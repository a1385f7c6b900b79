import {
  formatInvitationCode,
  INVITATION_DAYS_MAX,
  invitationId,
  invite as inviteTo,
  requireFreeAccount,
} from "@conclave/core";
import { defineCommand } from "../command.ts";
import { letIn } from "../folder-access.ts";
import { parseDuration, parseEnd } from "../terminal/duration.ts";
import { qrLines } from "../terminal/qr-lines.ts";
import { isoTime } from "../terminal/units.ts";
import { withGroup } from "../with-group.ts";

export const invite = defineCommand({
  examples: ["conclave invite family Bob", "conclave invite family Carol --role viewer --for 2d --until 2026-12-31"],
  args: ["group", "name"],
  options: {
    role: { choices: ["viewer", "editor", "admin", "owner"], default: "editor", summary: "what they may do" },
    for: {
      value: "TIME",
      default: "7d",
      summary: `how long the code is good: 12h, 7d, at most ${INVITATION_DAYS_MAX}d`,
    },
    until: { value: "DATE", summary: "when their stay ends, as a guest's: they are removed then" },
    account: { value: "EMAIL", summary: "their account at the provider, to share its folder with" },
  },
  notes: [
    "The code lets in whoever has it: give it to that one person, by a way that you trust. It works once; if several use it at",
    "once, none of them comes in. It ends with its time, with conclave invitations --withdraw, and whenever somebody is removed.",
  ].join("\n"),

  run: (context, { group: name, name: whom, role, for: span, until: end, account }) => {
    const forMs = parseDuration(span, "--for");
    const until = end === undefined ? undefined : parseEnd(end, { flag: "--until", now: context.clock.now() });
    return withGroup(context, name, async ({ session, group }) => {
      const { signal } = context;
      const guest = until === undefined ? {} : { until };
      const folder = account === undefined ? {} : { account };
      if (account !== undefined) await requireFreeAccount(session, { account, member: "", signal });
      const made = await inviteTo(session, { name: whom, role, forMs, signal, ...guest, ...folder });
      const folderAccess = await letIn(context, { session, account });
      const { state, current } = session.view;
      const address = { group: session.group, entry: state.head, epoch: current.epoch, store: group.store };
      const code = formatInvitationCode({ address, ...made });
      const picture = context.out.isTerminal ? await qrLines(code.toUpperCase(), context.io.stdout) : [];
      const value = { code, expires: isoTime(made.expires), id: invitationId(made.invitation), name: whom, role };
      const shown = { ...value, until: until === undefined ? null : isoTime(until), folderAccess };
      context.out.result(shown, ({ line }) => {
        line(code);
        for (const each of picture) line(each);
      });
      context.note(`good once, until ${value.expires}; give it to ${whom} alone. They run:`);
      context.note('  conclave init --name "THEIR NAME"');
      if (session.store.sharing)
        context.note(`  conclave login gdrive${account === undefined ? "" : ` --account ${account}`}`);
      context.note(
        "  conclave join CODE          (on another machine: with --store, where it reaches the same storage)",
      );
      context.note(
        `then your next command on ${group.name}, or another admin's, lets them in; they run the same join again`,
      );
      if (session.store.sharing && account === undefined) {
        context.warn(
          `the folder is not shared with ${whom} yet, so that the code does not reach it: share it with their account, or make a code with --account EMAIL`,
        );
      }
      return undefined;
    });
  },
});
