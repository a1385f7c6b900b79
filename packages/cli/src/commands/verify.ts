import { readAll, refresh, verify as verifyAll } from "@conclave/core";
import { processBudget } from "../budget.ts";
import { defineCommand } from "../command.ts";
import { counted } from "../terminal/units.ts";
import { withGroup } from "../with-group.ts";

export const verify = defineCommand({
  examples: ["conclave verify family", "conclave verify family --full"],
  args: ["group"],
  options: { full: { summary: "open every object and compare every digest" } },
  notes: "Changes nothing on the storage. A foreign file is listed and spoils nothing.",

  run: (context, { group: name, full }) =>
    withGroup(
      context,
      name,
      async ({ session, shown }) => {
        const { signal, clock } = context;
        // Says that this device is out, where it is.
        if (!session.view.me) await refresh(session, { signal });
        const started = clock.now();
        const bar = context.progress("verifying");
        const result = await verifyAll(session, {
          budget: processBudget(),
          shown: shown ?? (await readAll(session, signal)),
          full,
          signal,
          // It counts blobs, not bytes.
          onProgress: (progress) => bar.update({ ...progress, doneBytes: 0, totalBytes: 0 }),
        }).finally(() => bar.finish());
        const { ok, records, objects, files, problems } = result;
        const seconds = (clock.now() - started) / 1000;
        context.out.result({ ok, records, objects, files, problems, seconds }, ({ line }) => {
          const seen = [counted(records, "record"), counted(objects, "object"), counted(files, "file")].join(", ");
          line(`${ok ? "all is well" : "something is wrong"}: ${seen}`);
          for (const { code, key, path, detail } of problems)
            line(`  ${[code, path ?? key, detail].filter(Boolean).join("  ")}`);
        });
        return ok ? undefined : 5;
      },
      { refresh: (session, { signal }) => readAll(session, signal), duties: false, asks: false },
    ),
});
