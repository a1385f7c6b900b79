import { catchUp, readAll, settle as settleOn } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { describeAct } from "../describe-act.ts";
import { counted } from "../terminal/units.ts";
import { withGroup } from "../with-group.ts";

export const settle = defineCommand({
  examples: ["conclave settle family 1f0c2b9a77d3e845"],
  args: ["group", "entry"],
  notes:
    "Where a group has two histories, says which one this device follows: the one that has this entry. ENTRY is the beginning " +
    'of its digest, as "conclave log" and "conclave status" show it. Nothing that is on the storage undoes it; settling ' +
    "again does.",

  run: (context, { group: name, entry: typed }) =>
    withGroup(
      context,
      name,
      async ({ session, group }) => {
        const entry = settleOn(session, typed);
        const signed = session.view.log.nodes.get(entry)?.verified;
        const { by, did } = signed ? describeAct(session, signed) : { by: "", did: "" };
        const { head, members } = session.view.state;
        const epoch = session.view.current.epoch;
        context.out.result({ name: group.name, entry, by, did, head, epoch, members: members.length }, ({ line }) =>
          line(`${group.name} follows the history in which ${by} ${did}: ${counted(members.length, "member")}`),
        );
        // What was lost with the other history is signed again, as far as it can be. Whoever is out in this one learns it here.
        await catchUp(session, { signal: context.signal });
        return undefined;
      },
      // What the storage shows is taken in, and no conclusion drawn: the one followed so far may be the wrong one.
      { refresh: (session, { signal }) => readAll(session, signal), isSettling: true },
    ),
});
