import { ConclaveError, type Glance, glanceAt, type SqlDatabase } from "@conclave/core";
import { type Home, listGroups, nodeCrypto, openDatabase } from "@conclave/node";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { homeOf, ownCard } from "../identity/person.ts";
import { kitTried } from "../kit/kit-tried.ts";
import { goneTrustees, goneTrusteesText, type Roll } from "../kit/trustees.ts";

export const groups = defineCommand({
  examples: ["conclave groups"],
  args: [],
  notes: "Shows what this device knows; it asks neither for the passphrase nor the storage.",

  async run(context) {
    const home = homeOf(context);
    const known = await listGroups(home);
    const card = known.length === 0 ? undefined : (await ownCard({ home, crypto: nodeCrypto() })).card;
    const device = card?.device.verifyingKey ?? "";
    const rolls: Roll[] = [];
    const value = known.map(({ name, store, id }) => {
      const glance = glanceOrWhy(home.groupDatabase(id), device);
      if (glance instanceof ConclaveError)
        return { name, store, id, role: null, epoch: null, waiting: [glance.message] };
      if (glance) rolls.push({ group: id, members: glance.state.members });
      return {
        name,
        store,
        id,
        role: glance?.role ?? null,
        epoch: glance?.epoch ?? null,
        waiting: waitingIn(glance),
      };
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
    if (card) await remindOfKit(context, { home, kit: card.kit.verifyingKey, rolls });
  },
});

/** One group that this version cannot read keeps nobody from seeing the others. */
function glanceOrWhy(path: string, device: string): Glance | ConclaveError | undefined {
  let index: SqlDatabase | undefined;
  try {
    index = openDatabase(path);
    return glanceAt(index, { device });
  } catch (error) {
    if (error instanceof ConclaveError && (error.code === "other-index" || error.code === "no-index")) return error;
    throw error;
  } finally {
    index?.close();
  }
}

/** A kit that nobody ever tried is a hope, and one whose share somebody took along is theirs too. */
async function remindOfKit(
  context: Context,
  { home, ...options }: { readonly home: Home; readonly kit: string; readonly rolls: readonly Roll[] },
): Promise<void> {
  const gone = await goneTrustees(home, options);
  if (gone.length > 0) context.warn(goneTrusteesText(gone, "a group of yours"));
  if ((await kitTried(home, options.kit)) === undefined) {
    context.note('your recovery kit was never tried: "conclave kit --test KIT-FILE" does it, and changes nothing');
  }
}

function waitingIn(glance: Glance | undefined): string[] {
  if (!glance) return ["what this device had seen of it is gone: join it anew"];
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
