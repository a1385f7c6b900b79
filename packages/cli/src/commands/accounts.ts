import { listAccounts } from "@conclave/node";
import { defineCommand } from "../command.ts";
import { homeOf } from "../identity/person.ts";
import { isoTime } from "../terminal/units.ts";

export const accounts = defineCommand({
  examples: ["conclave accounts"],
  args: [],
  notes: "Shows what this device knows; it asks neither for the passphrase nor the provider.",

  async run(context) {
    const value = (await listAccounts(homeOf(context))).map((each) => ({ ...each, since: isoTime(each.since) }));
    context.out.result(value, ({ line, table }) => {
      if (context.out.isTerminal && value.length === 0)
        line('not signed in anywhere: "conclave login gdrive" signs in');
      else
        table(
          COLUMNS,
          value.map((each) => [each.provider, each.account, each.scope, each.since, each.clientId]),
        );
    });
  },
});

const COLUMNS = [
  { title: "provider" },
  { title: "account" },
  { title: "scope" },
  { title: "since" },
  { title: "client id", canCut: true },
] as const;
