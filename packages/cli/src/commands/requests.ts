import { fingerprint, listRequests } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { isoTime } from "../terminal/units.ts";
import { withGroup } from "../with-group.ts";

export const requests = defineCommand({
  examples: ["conclave requests family"],
  args: ["group"],
  notes: [
    "A refused request is of somebody who was removed, or who uses a removed person's keys, or by an invitation that was used,",
    "withdrawn or too late. It gives no key away. An invited one waits for somebody with the right to its role.",
    "The time is when a request was put, as the storage says: nobody has signed it.",
  ].join("\n"),

  run: (context, { group: name }) =>
    withGroup(context, name, async ({ session }) => {
      const found = await listRequests(session, { signal: context.signal });
      const value = found.map(({ id, card, state, verdict, at }) => ({
        id,
        name: card.card.name,
        fingerprint: fingerprint(card.member),
        state,
        reason: verdict.state === "refused" ? verdict.reason : null,
        at: isoTime(at),
      }));
      context.out.result(value, ({ line, table }) => {
        if (context.out.isTerminal && value.length === 0) line("nobody asks to join");
        else
          table(
            COLUMNS,
            value.map((each) => [each.state, each.name, each.fingerprint, each.at, each.id, each.reason ?? ""]),
          );
      });
      return undefined;
    }),
});

const COLUMNS = [
  { title: "state" },
  { title: "name", canCut: true },
  { title: "fingerprint" },
  { title: "at" },
  { title: "id" },
  { title: "why", canCut: true },
] as const;
