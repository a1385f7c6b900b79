import { defineCommand } from "../command.ts";
import { adviseOnRemaining, describeReencryption, reencryptShown } from "../reencryption.ts";
import { withGroup } from "../with-group.ts";

export const reencrypt = defineCommand({
  examples: ["conclave reencrypt family", "conclave reencrypt family --settled"],
  args: ["group"],
  options: {
    settled: { summary: "what lies in the folder has reached the storage: the sync client says that it is done" },
  },
  notes:
    "Goes on with whatever a removal has left, by whomever it was begun. Any editor can run it, several at once too.",

  run: (context, { group: name, settled }) =>
    withGroup(context, name, async ({ session, group }) => {
      const started = context.clock.now();
      const result = await reencryptShown(context, { session, settled });
      const seconds = (context.clock.now() - started) / 1000;
      const { reencrypted, deleted, remaining, kept, problems } = result;
      context.out.result(
        { epoch: session.view.current.epoch, reencrypted, deleted, remaining, kept, problems, seconds },
        (lines) => describeReencryption(lines, result),
      );
      adviseOnRemaining(context, { session, group: group.name, remaining });
      return problems.length > 0 ? 5 : undefined;
    }),
});
