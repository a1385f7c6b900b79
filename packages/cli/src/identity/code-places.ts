/** Where this machine reaches the storages of the groups that a device code names. */
import type { CodeGroup } from "@conclave/core";
import { parseStoreAddress } from "@conclave/stores";
import { usage } from "../command-error.ts";

/**
 * Reads `GROUP=STORE`, with the groups called as in the code; of a single group the name may be left out.
 *
 * @returns For each group of the code the URL of its store as this machine reaches it.
 * @throws CommandError `usage` for a group that the code does not name, or one named twice.
 */
export function codePlaces(
  typed: readonly string[],
  { groups, folder }: { readonly groups: readonly CodeGroup[]; readonly folder: string },
): ReadonlyMap<CodeGroup, string> {
  const places = new Map<CodeGroup, string>();
  for (const each of typed) {
    const { group, store } = readPlace(each, groups);
    if (places.has(group)) throw usage(`--store says twice where ${group.name} lies`);
    places.set(group, parseStoreAddress(store, { folder }));
  }
  return new Map(groups.map((group) => [group, places.get(group) ?? group.address.store]));
}

function readPlace(typed: string, groups: readonly CodeGroup[]): { readonly group: CodeGroup; readonly store: string } {
  const [only, ...others] = groups;
  const [, name = "", store = ""] = /^([^=]*)=(.+)$/s.exec(typed) ?? [];
  const [group, namesake] = groups.filter((each) => each.name === name.normalize("NFC"));
  if (group && !namesake) return { group, store };
  if (only && others.length === 0) return { group: only, store: typed };
  const names = groups.map((each) => each.name).join(", ");
  throw usage(`--store ${typed} names no group of this code`, `write --store GROUP=STORE, with one of: ${names}`);
}
