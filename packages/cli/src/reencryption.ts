/** Re-encrypting with a progress bar, and what is said of its result. */
import { isSettled, type Reencryption, reencrypt, type Session } from "@conclave/core";
import { processBudget } from "./budget.ts";
import type { Context } from "./context.ts";
import type { Lines } from "./output.ts";
import { humanSize } from "./units.ts";

/** Moves everything to the current epoch, from wherever anybody has stopped. */
export async function reencryptShown(
  context: Context,
  options: { readonly session: Session; readonly settled: boolean },
): Promise<Reencryption> {
  const bar = context.progress("re-encrypting");
  try {
    return await reencrypt(options.session, {
      budget: processBudget(),
      settled: options.settled,
      signal: context.signal,
      onProgress: (progress) => bar.update(progress),
    });
  } finally {
    bar.finish();
  }
}

/** What was done, for people. */
export function describeReencryption(lines: Lines, { reencrypted, remaining, kept, problems }: Reencryption): void {
  lines.line(`re-encrypted ${reencrypted.objects} objects (${humanSize(reencrypted.bytes)})`);
  if (remaining.objects > 0) lines.line(`${remaining.objects} old objects (${humanSize(remaining.bytes)}) are left`);
  if (kept.length > 0) lines.line(`the provider still keeps ${kept.length} deleted objects`);
  for (const { code, detail } of problems) lines.line(`${code}: ${detail}`);
}

/** Says why old objects wait, and when to say that they need not. */
export function adviseOnRemaining(
  context: Context,
  options: { readonly session: Session; readonly group: string; readonly remaining: Reencryption["remaining"] },
): void {
  const { session, group, remaining } = options;
  if (remaining.objects === 0 || isSettled(session)) return;
  context.note(
    "old objects stay until what replaces them has left this machine: once the folder's sync client says that it is done, " +
      `run "conclave reencrypt ${group} --settled"`,
  );
}
