/** What a purge did, and what stays on the storage until when: the same words for every command that purges. */
import type { Purged } from "@conclave/core";
import type { Context } from "./context.ts";
import { counted, humanSize } from "./terminal/units.ts";

export const PURGE_NOTES: string = [
  "What is stored of it goes with the first re-encryption after thirty days, if an admin or two members want it gone.",
  "What somebody edits, moves or restores meanwhile stays, and so does what shares its contents.",
].join("\n");

export function sumPurged(all: readonly Purged[]): Purged {
  return all.reduce((sum, each) => ({ items: sum.items + each.items, bytes: sum.bytes + each.bytes }), {
    items: 0,
    bytes: 0,
  });
}

/** Shows what was purged; `value` is what the command's JSON says besides. */
export function showPurged(
  context: Context,
  { purged, value }: { readonly purged: Purged; readonly value: object },
): void {
  const { items, bytes } = purged;
  context.out.result({ ...value, purged: items, stored: bytes }, ({ line }) =>
    line(`purged ${counted(items, "item")}`),
  );
  if (bytes === 0) return;
  context.note(
    `${humanSize(bytes)} of it stay on the storage: they go with the first re-encryption after thirty days, if an admin or ` +
      "two members want them gone",
  );
}
