import { glanceAt } from "@conclave/core";
import { listGroups, nodeCrypto, openDatabase } from "@conclave/node";
import { defineCommand } from "../command.ts";
import { homeOf, ownCard } from "../identity/person.ts";

export const groups = defineCommand({
  examples: ["conclave groups"],
  args: [],
  notes: "Shows what this device knows; it asks neither for the passphrase nor the storage.",

  async run(context) {
    const home = homeOf(context);
    const known = await listGroups(home);
    const device = known.length === 0 ? "" : (await ownCard({ home, crypto: nodeCrypto() })).card.device.verifyingKey;
    const value = known.map(({ name, store, id }) => {
      const index = openDatabase(home.groupDatabase(id));
      try {
        const glance = glanceAt(index, { device });
        return {
          name,
          store,
          id,
          role: glance?.role ?? null,
          epoch: glance?.epoch ?? null,
          waiting: waitingIn(glance),
        };
      } finally {
        index.close();
      }
    });
    context.out.result(value, ({ line, table }) => {
      if (context.out.isTerminal && value.length === 0)
        line('no groups yet: "conclave create" founds one, "conclave join" opens one');
      else
        table(
          COLUMNS,
          value.map((each) => [each.name, each.role ?? "none", each.store, each.epoch ?? "", each.waiting.join("; ")]),
        );
    });
  },
});

function waitingIn(glance: ReturnType<typeof glanceAt>): string[] {
  if (!glance) return [];
  return [
    ...(glance.role === undefined ? ["you are not a member any more"] : []),
    ...(glance.outbox > 0 ? [`${glance.outbox} files wait to be put`] : []),
    ...(glance.oldObjects > 0 ? [`${glance.oldObjects} old objects to re-encrypt or delete`] : []),
  ];
}

const COLUMNS = [
  { title: "name" },
  { title: "role" },
  { title: "store", canCut: true },
  { title: "epoch" },
  { title: "waiting" },
] as const;
