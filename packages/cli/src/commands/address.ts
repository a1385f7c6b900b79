import { formatAddress } from "@conclave/core";
import { defineCommand } from "../command.ts";
import { withGroup } from "../with-group.ts";

export const address = defineCommand({
  examples: ["conclave address family"],
  args: ["group"],
  notes:
    "An address opens nothing and is not secret, but send it by a way that you trust: it says which group is the right one.",

  run: (context, { group: name }) =>
    withGroup(context, name, async ({ session, group }) => {
      const { view } = session;
      const parts = { group: session.group, entry: view.state.head, epoch: view.current.epoch, store: group.store };
      const text = formatAddress(parts);
      context.out.result({ address: text, ...parts }, ({ line }) => line(text));
      return undefined;
    }),
});
