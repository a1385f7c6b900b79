/** Re-encrypting with a progress bar, and what is said of its result. */
import { isSettled, type Reencryption, reencrypt, remaining, type Session } from "@conclave/core";
import { processBudget } from "./budget.ts";
import type { Context } from "./context.ts";
import type { Lines } from "./terminal/output.ts";
import { counted, humanSeconds, humanSize } from "./terminal/units.ts";

/** What a re-encryption did, with the old objects that are gone since it began. */
export interface ShownReencryption extends Reencryption {
  readonly deleted: Reencryption["remaining"];
}

/** Moves everything to the current epoch, from wherever anybody has stopped. */
export async function reencryptShown(
  context: Context,
  options: { readonly session: Session; readonly settled: boolean },
): Promise<ShownReencryption> {
  const bar = context.progress("re-encrypting");
  const before = remaining(options.session);
  try {
    const result = await reencrypt(options.session, {
      budget: processBudget(),
      settled: options.settled,
      signal: context.signal,
      onProgress: (progress) => bar.update(progress),
    });
    return { ...result, deleted: less(before, result.remaining) };
  } finally {
    bar.finish();
  }
}

/** Never below nothing: another device may have added to what is left meanwhile. */
function less(before: Reencryption["remaining"], after: Reencryption["remaining"]): Reencryption["remaining"] {
  return { objects: Math.max(0, before.objects - after.objects), bytes: Math.max(0, before.bytes - after.bytes) };
}

/** What was done, for people. */
export function describeReencryption(lines: Lines, result: ShownReencryption): void {
  const { reencrypted, deleted, remaining: left, kept, problems } = result;
  lines.line(`re-encrypted ${amount(reencrypted, "object")}`);
  if (deleted.objects > 0) lines.line(`deleted ${amount(deleted, "old object")}`);
  if (left.objects > 0) lines.line(`left for later: ${amount(left, "old object")}`);
  if (kept.length > 0) lines.line(`the provider still keeps ${counted(kept.length, "deleted object")}`);
  for (const { code, detail } of problems) lines.line(`${code}: ${detail}`);
}

function amount({ objects, bytes }: Reencryption["remaining"], noun: string): string {
  return `${counted(objects, noun)} (${humanSize(bytes)})`;
}

/** Says why old objects wait, and when to say that they need not. */
export function adviseOnRemaining(
  context: Context,
  options: { readonly session: Session; readonly group: string; readonly remaining: Reencryption["remaining"] },
): void {
  const { session, group, remaining } = options;
  if (remaining.objects === 0 || isSettled(session)) return;
  const { settled, lagSeconds } = session.store.traits;
  const wait = settled
    ? `old objects stay until everybody can have seen what replaces them, which the provider may show late: in ${humanSeconds(lagSeconds)} `
    : "old objects stay until what replaces them has left this machine: once the folder's sync client says that it is done, ";
  const words = settled ? `conclave reencrypt ${group}` : `conclave reencrypt ${group} --settled`;
  context.note(`${wait}run "${words}"`);
}
