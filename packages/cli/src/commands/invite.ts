import { formatInvitationCode, INVITATION_DAYS_MAX, invitationId, invite as inviteTo } from "@conclave/core";
import { defineCommand } from "../command.ts";
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
      const made = await inviteTo(session, { name: whom, role, forMs, signal, ...guest, ...folder });
      const { state, current } = session.view;
      const address = { group: session.group, entry: state.head, epoch: current.epoch, store: group.store };
      const code = formatInvitationCode({ address, ...made });
      const picture = context.out.isTerminal ? await qrLines(code.toUpperCase()) : [];
      const value = { code, expires: isoTime(made.expires), id: invitationId(made.invitation), name: whom, role };
      context.out.result({ ...value, until: until === undefined ? null : isoTime(until) }, ({ line }) => {
        line(code);
        for (const each of picture) line(each);
      });
      context.note(`good once, until ${value.expires}; give it to ${whom} alone. They run:`);
      context.note('  conclave init --name "THEIR NAME"');
      context.note(
        "  conclave join CODE          (on another machine: with --store, where it reaches the same storage)",
      );
      context.note(
        `then your next command on ${group.name}, or another admin's, lets them in; they run the same join again`,
      );
      return undefined;
    });
  },
});
